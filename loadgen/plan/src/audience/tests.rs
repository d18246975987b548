//! The audience against one that looks at every pair.

use proptest::prelude::*;
use wire_message::{FilterTarget, Qos, TopicRef};

use super::*;
use crate::scenario;
use crate::{Group, Options, Place, Target, Template};

fn options() -> Options {
    Options {
        target: Target {
            brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
            ..Target::default()
        },
        ..Options::default()
    }
}

const TOPICS: [&str; 8] = [
    "a",
    "a/b",
    "a/${i}",
    "a/${i%2}/c",
    "b/${n}",
    "${i}/x",
    "a/b/${i/2}",
    "ab/${i}",
];
const FILTERS: [&str; 14] = [
    "a",
    "a/b",
    "a/${i}",
    "a/+",
    "a/#",
    "#",
    "+/x",
    "b/${n}",
    "$share/g/a/#",
    "$share/g${i%2}/a/+",
    "a/+/c",
    "a/1/#",
    "+",
    "zzz/${i}",
];

fn groups() -> impl Strategy<Value = Vec<Group>> {
    let base = scenario::p2p(&options(), 1).expect("the plan is fine");
    let group = (
        0..6_u32,
        prop::option::of(0..TOPICS.len()),
        prop::option::of(0..FILTERS.len()),
    )
        .prop_map(move |(clients, topic, filter)| {
            let parse = |text: &str| text.parse::<Template>().expect("a template");
            let mut group = base.groups[1].clone();
            group.clients = clients;
            group.publish = group
                .publish
                .filter(|_| topic.is_some())
                .map(|mut publishing| {
                    publishing.topic = parse(TOPICS[topic.unwrap_or(0)]);
                    publishing
                });
            group.subscribe = base.groups[0].subscribe.clone();
            match filter {
                Some(filter) => group.subscribe[0].filter = parse(FILTERS[filter]),
                None => group.subscribe.clear(),
            }
            group
        });
    prop::collection::vec(group, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_audience_is_what_looking_at_every_pair_finds(groups in groups()) {
        let mut plan = scenario::p2p(&options(), 1).expect("the plan is fine");
        plan.groups = groups;
        plan.stages.clear();
        prop_assume!(plan.check().is_ok());
        // Each client has one subscription at most, so nothing overlaps.
        let audience = Audience::new(&plan, RunId(5)).expect("nothing overlaps");
        for stream in 0..plan.streams() {
            let (group, index) = plan.find_stream(stream).expect("it exists");
            let group = &plan.groups[usize::from(group)];
            let place = |first: u32, index| Place {
                index,
                number: first + index,
                run: RunId(5),
                seed: plan.seed,
                sequence: 0,
            };
            let topic = group.publish.as_ref().expect("it publishes").topic.text(&place(group.first, index));
            let topic = TopicRef::new(&topic).expect("a topic");
            let mut copies = 0;
            let mut shared = BTreeSet::new();
            for subscriber in &plan.groups {
                for index in 0..subscriber.clients {
                    let mut expected = false;
                    for subscription in &subscriber.subscribe {
                        let text = subscription.filter.text(&place(subscriber.first, index));
                        match FilterTarget::parse(&text).expect("a filter") {
                            FilterTarget::Shared(_, filter) if filter.matches(topic) => {
                                expected = true;
                                shared.insert(text.clone());
                            }
                            FilterTarget::Plain(filter) if filter.matches(topic) => {
                                expected = true;
                                copies += 1;
                            }
                            FilterTarget::Exclusive(_)
                            | FilterTarget::Plain(_)
                            | FilterTarget::Shared(..) => {}
                        }
                    }
                    let number = subscriber.first + index;
                    prop_assert_eq!(audience.expects(stream, number), expected);
                }
            }
            prop_assert_eq!(audience.copies(stream), copies + u32::try_from(shared.len()).unwrap_or(0));
        }
    }
}

#[test]
fn two_ways_to_the_same_message_are_refused() {
    let mut plan = scenario::fan_in(&options(), 3, 2).expect("the plan is fine");
    let mut second = plan.groups[0].subscribe[0].clone();
    for (filter, refused) in [
        ("fan-in/${r}/1", true),
        ("fan-in/${r}/9", false),
        ("$share/g/fan-in/${r}/+", true),
        ("other/#", false),
    ] {
        second.filter = filter.parse().expect("a template");
        plan.groups[0].subscribe.truncate(1);
        plan.groups[0].subscribe.push(second.clone());
        let audience = Audience::new(&plan, RunId(1));
        assert_eq!(
            matches!(audience, Err(PlanError::Overlap { .. })),
            refused,
            "{filter}"
        );
    }
    let same = plan.groups[0].subscribe[0].clone();
    plan.groups[0].subscribe = vec![same.clone(), same];
    assert!(matches!(
        Audience::new(&plan, RunId(1)),
        Err(PlanError::FilterTwice { .. })
    ));
}

#[test]
fn a_group_has_the_lowest_quality_of_its_members() {
    let mut plan = scenario::shared(&options(), 1, 2, 1).expect("the plan is fine");
    let mut other = plan.groups[0].clone();
    plan.groups[0].subscribe[0].qos = Qos::ExactlyOnce;
    other.subscribe[0].qos = Qos::AtLeastOnce;
    plan.groups.push(other);
    plan.check().expect("the plan is fine");
    let audience = Audience::new(&plan, RunId(1)).expect("nothing overlaps");
    let [entry] = audience.entries() else {
        panic!("one entry");
    };
    assert_eq!(
        (entry.qos, entry.clients.len(), entry.shared),
        (Qos::AtLeastOnce, 4, true)
    );
    assert_eq!(audience.copies(0), 1);
}

#[test]
fn wrong_topics_and_filters_are_named() {
    let wrong = |topic: &str, filter: &str| {
        let mut plan = scenario::p2p(&options(), 1).expect("the plan is fine");
        let parse = |text: &str| text.parse().expect("a template");
        plan.groups[0].subscribe[0].filter = parse(filter);
        if let Some(publishing) = &mut plan.groups[1].publish {
            publishing.topic = parse(topic);
        }
        Audience::new(&plan, RunId(1))
            .expect_err("it is wrong")
            .to_string()
    };
    assert!(wrong("a/#", "a").starts_with("topic `a/#`"));
    assert!(wrong("a", "a#").starts_with("filter `a#`"));
    assert!(wrong("a", "$share//a").starts_with("filter `$share//a`"));
}

#[test]
fn fifty_thousand_pairs_do_not_take_long() {
    let plan = scenario::p2p(&options(), 50_000).expect("the plan is fine");
    let audience = Audience::new(&plan, RunId(1)).expect("nothing overlaps");
    assert!((0..50_000).all(|stream| audience.copies(stream) == 1));
    assert!(audience.expects(49_999, 49_999) && !audience.expects(49_999, 49_998));
}
