//! The subscriptions of sessions, as SUBSCRIBE and UNSUBSCRIBE change them.

use core::num::NonZeroU32;

use wire_message::{Qos, TopicRef};

use super::*;
use crate::RetainHandling;

const SEED: Seed = Seed(9);

fn target(text: &str) -> FilterTarget<'_> {
    FilterTarget::parse(text).expect("the test's filter is valid")
}

fn at(qos: Qos) -> Subscription {
    Subscription {
        qos,
        ..Subscription::default()
    }
}

/// Texts of the filters that match, in order.
fn matches(index: &Index, topic: &str) -> Vec<String> {
    let topic = TopicRef::new(topic).expect("the test's topic is valid");
    let mut ids = Vec::new();
    index.lookup(TopicKey::new(topic, SEED), &mut ids);
    let mut texts: Vec<_> = ids
        .iter()
        .map(|id| index.filter(*id).text().to_owned())
        .collect();
    texts.sort_unstable();
    texts
}

/// An index where session 0 has the subscriptions `texts`.
fn index(texts: &[&str]) -> Index {
    let mut index = Index::new(SEED);
    for text in texts {
        index.subscribe(target(text), SessionIndex(0), Subscription::default());
    }
    index
}

#[test]
fn a_subscription_keeps_all_its_options() {
    let mut index = Index::new(SEED);
    for number in 0..3 * 2 * 2 * 3 * 2 * 2_u32 {
        let subscription = Subscription {
            qos: Qos::from_bits((number % 3) as u8).expect("below 3"),
            no_local: number / 3 % 2 == 1,
            retain_as_published: number / 6 % 2 == 1,
            retain_handling: match number / 12 % 3 {
                0 => RetainHandling::Always,
                1 => RetainHandling::IfNew,
                _ => RetainHandling::Never,
            },
            exclusive: number / 36 % 2 == 1,
            persistent: number / 72 == 1,
            identifier: NonZeroU32::new(number * 1_800_000),
        };
        for text in ["a", "b/+", "$share/g/a"] {
            let session = SessionIndex(number);
            let id = index.subscribe(target(text), session, subscription).id;
            assert_eq!(index.subscription(id, session), Some(subscription));
        }
    }
}

#[test]
fn v5_3_8_4_3_a_second_subscribe_replaces_the_first() {
    let mut index = Index::new(SEED);
    for text in ["a/b", "a/+", "$share/g/a/b"] {
        let first = index.subscribe(target(text), SessionIndex(1), at(Qos::AtMostOnce));
        assert_eq!(first.replaced, None);
        let second = index.subscribe(target(text), SessionIndex(1), at(Qos::ExactlyOnce));
        assert_eq!(
            (second.id, second.replaced),
            (first.id, Some(at(Qos::AtMostOnce)))
        );
        assert_eq!(
            index.subscription(first.id, SessionIndex(1)),
            Some(at(Qos::ExactlyOnce))
        );
    }
    assert_eq!(matches(&index, "a/b"), ["a/+", "a/b"]);
}

#[test]
fn v5_3_10_4_1_unsubscribe_compares_filters_character_by_character() {
    let mut index = index(&["a/+", "a/b"]);
    for other in ["a/#", "A/b", "a/b/", "a", "a/c", "+/b", "$share/g/a/b"] {
        assert_eq!(index.find(target(other)), None, "{other}");
    }
    let id = index.find(target("a/+")).expect("subscribed");
    let done = index.unsubscribe(id, SessionIndex(0)).expect("subscribed");
    assert!(done.last && index.find(target("a/+")).is_none());
    assert_eq!(matches(&index, "a/b"), ["a/b"]);
}

#[test]
fn a_session_takes_out_its_own_subscription_only() {
    let mut index = index(&["a", "$share/g/a"]);
    for text in ["a", "$share/g/a"] {
        let id = index.find(target(text)).expect("subscribed");
        assert_eq!(index.unsubscribe(id, SessionIndex(7)), None);
        index.subscribe(target(text), SessionIndex(7), Subscription::default());
        assert!(
            !index
                .unsubscribe(id, SessionIndex(0))
                .expect("subscribed")
                .last
        );
        assert!(
            index
                .unsubscribe(id, SessionIndex(7))
                .expect("subscribed")
                .last
        );
    }
    assert_eq!(index.filters(), 0);
}

#[test]
fn the_multi_level_wildcard_matches_the_level_above_and_any_depth_below() {
    let index = index(&["sport/tennis/player1/#", "sport/#", "#"]);
    assert_eq!(matches(&index, "sport"), ["#", "sport/#"]);
    assert_eq!(
        matches(&index, "sport/tennis/player1/score/wimbledon").len(),
        3
    );
    assert_eq!(matches(&index, "sport/tennis/player1").len(), 3);
    assert_eq!(matches(&index, "sports"), ["#"]);
}

#[test]
fn the_single_level_wildcard_matches_one_level_at_any_place() {
    let index = index(&["+", "+/tennis/#", "sport/+/player1", "/+", "+/+"]);
    assert_eq!(matches(&index, "sport"), ["+"]);
    assert_eq!(matches(&index, "/finance"), ["+/+", "/+"]);
    assert_eq!(matches(&index, "sport/"), ["+/+"]);
    assert_eq!(
        matches(&index, "sport/tennis/player1"),
        ["+/tennis/#", "sport/+/player1"]
    );
    assert!(
        matches(&index, "sport/tennis/player1/x")
            .iter()
            .eq(["+/tennis/#"])
    );
}

#[test]
fn v5_4_7_2_1_wildcards_in_the_first_level_pass_dollar_topics_by() {
    let index = index(&["#", "+/monitor/Clients", "$SYS/#", "$SYS/monitor/+"]);
    assert_eq!(
        matches(&index, "$SYS/monitor/Clients"),
        ["$SYS/#", "$SYS/monitor/+"]
    );
    assert_eq!(
        matches(&index, "x/monitor/Clients"),
        ["#", "+/monitor/Clients"]
    );
}

#[test]
fn v311_4_7_2_1_wildcards_in_the_first_level_pass_dollar_topics_by() {
    v5_4_7_2_1_wildcards_in_the_first_level_pass_dollar_topics_by();
}

#[test]
fn v5_4_7_3_4_filters_and_topics_are_compared_without_normalization() {
    // The letter with its accent, and the letter followed by the accent.
    let index = index(&["caf\u{e9}", "a b", "ACCOUNTS"]);
    assert!(matches(&index, "cafe\u{301}").is_empty());
    assert!(matches(&index, "Accounts").is_empty() && matches(&index, "a  b").is_empty());
    assert_eq!(matches(&index, "caf\u{e9}").len(), 1);
}

#[test]
fn v311_4_7_3_4_filters_and_topics_are_compared_without_normalization() {
    v5_4_7_3_4_filters_and_topics_are_compared_without_normalization();
}

#[test]
fn groups_of_different_names_or_filters_are_different_subscriptions() {
    let mut index = index(&["$share/g/a/+", "$share/h/a/+", "$share/g/a/b", "a/+"]);
    assert_eq!(index.filters(), 2);
    let ids: Vec<_> = ["$share/g/a/+", "$share/h/a/+", "$share/g/a/b"]
        .map(|text| {
            index
                .find(target(text))
                .and_then(SubscriptionId::group)
                .expect("joined")
        })
        .into();
    let hashes: Vec<_> = ids.iter().map(|id| index.group(*id).hash()).collect();
    assert!(hashes[0] != hashes[1] && hashes[0] != hashes[2] && hashes[1] != hashes[2]);
    assert!(
        index
            .unsubscribe(ids[0].into(), SessionIndex(0))
            .expect("joined")
            .last
    );
    assert_eq!(matches(&index, "a/b"), ["a/+", "a/b"]);
    assert_eq!(index.find(target("$share/g/a/+")), None);
    assert!(index.find(target("a/+")).is_some());
}

#[test]
fn online_members_come_first_whatever_comes_and_goes() {
    let mut index = Index::new(SEED);
    let text = target("$share/g/a");
    let mut group = None;
    for session in 0..6 {
        group = index
            .subscribe(text, SessionIndex(session), Subscription::default())
            .id
            .group();
    }
    let group = group.expect("a shared subscription");
    for session in [1, 4, 0] {
        assert!(
            index
                .group_mut(group)
                .set_online(SessionIndex(session), false)
        );
        assert!(
            !index
                .group_mut(group)
                .set_online(SessionIndex(session), false)
        );
    }
    assert!(index.group_mut(group).set_online(SessionIndex(4), true));
    index
        .unsubscribe(group.into(), SessionIndex(2))
        .expect("a member");
    index
        .unsubscribe(group.into(), SessionIndex(1))
        .expect("a member");
    let group = index.group(group);
    let mut online: Vec<_> = group.members()[..group.online()]
        .iter()
        .map(|m| m.session.0)
        .collect();
    online.sort_unstable();
    assert_eq!(online, [3, 4, 5]);
    assert!(
        group.members()[group.online()..]
            .iter()
            .map(|m| m.session.0)
            .eq([0])
    );
}
