//! Judgments.

use loadgen_plan::{Allow, Audience, Options, Plan, RunId, Target, scenario};

use super::*;

fn options() -> Options {
    Options {
        target: Target {
            brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
            ..Target::default()
        },
        ..Options::default()
    }
}

fn judge(plan: &Plan, account: &Account) -> loadgen_report::Checks {
    let audience = Audience::new(plan, RunId(1)).expect("nothing overlaps");
    account.judge(plan, &audience)
}

fn stream(sent: u64, received: u64) -> StreamCount {
    StreamCount {
        sent,
        received,
        ..StreamCount::default()
    }
}

#[test]
fn what_publisher_and_subscribers_say_in_different_crews_comes_together() {
    let plan = scenario::fan_out(&options(), 1, 3).expect("the plan is fine");
    let mut account = Account::default();
    for count in [stream(10, 0), stream(0, 10), stream(0, 19)] {
        account.merge(&Account {
            streams: vec![count],
            ..Account::default()
        });
    }
    let checks = judge(&plan, &account);
    assert_eq!(
        (checks.expected, checks.delivered, checks.lost),
        (30, 29, 1)
    );
    assert_eq!(checks.violations[0], "1 message was lost");
}

#[test]
fn what_the_broker_may_never_have_got_is_not_expected() {
    let plan = scenario::p2p(&options(), 1).expect("the plan is fine");
    let count = StreamCount {
        uncertain: 3,
        ..stream(10, 7)
    };
    let checks = judge(
        &plan,
        &Account {
            streams: vec![count],
            ..Account::default()
        },
    );
    assert_eq!((checks.expected, checks.lost), (7, 0));
    // It may have got them, too.
    let count = StreamCount {
        uncertain: 3,
        ..stream(10, 9)
    };
    let checks = judge(
        &plan,
        &Account {
            streams: vec![count],
            ..Account::default()
        },
    );
    assert_eq!((checks.expected, checks.delivered, checks.lost), (9, 9, 0));
}

#[test]
fn clients_that_were_away_are_judged_by_what_is_between_their_messages() {
    let plan = scenario::p2p(&options(), 1).expect("the plan is fine");
    let count = StreamCount {
        loose_clients: 1,
        loose_received: 4,
        loose_missed: 2,
        ..stream(10, 0)
    };
    let checks = judge(
        &plan,
        &Account {
            streams: vec![count],
            ..Account::default()
        },
    );
    assert_eq!((checks.expected, checks.delivered, checks.lost), (6, 4, 2));
}

fn shared(words: &[u64]) -> EntryCount {
    let received = words.iter().map(|word| u64::from(word.count_ones())).sum();
    EntryCount {
        received,
        words: words.to_vec(),
        ..EntryCount::default()
    }
}

#[test]
fn a_shared_group_is_judged_by_what_its_members_got_together() {
    let mut plan = scenario::shared(&options(), 1, 2, 1).expect("the plan is fine");
    let check = |plan: &Plan, counts: [&[u64]; 2], loose: bool| {
        let mut account = Account {
            streams: vec![stream(66, 0)],
            loose_entries: if loose { vec![0] } else { Vec::new() },
            ..Account::default()
        };
        for words in counts {
            account.merge(&Account {
                entries: vec![shared(words)],
                ..Account::default()
            });
        }
        let checks = judge(plan, &account);
        assert_eq!(checks.delivered + checks.lost, checks.expected);
        (checks.lost, checks.duplicates, checks.duplicates_allowed)
    };
    let (low, high): ([u64; 1], [u64; 2]) = ([0xffff_ffff], [0xffff_ffff << 32, 3]);
    assert_eq!(check(&plan, [&low, &high], false), (0, 0, 0));
    assert_eq!(check(&plan, [&high, &low], false), (0, 0, 0));
    assert_eq!(check(&plan, [&low, &high[..1]], false), (2, 0, 0));
    assert_eq!(check(&plan, [&low, &high[..1]], true), (0, 0, 0));
    // Two are missing, and three others came twice.
    let doubled = [0xffff_ffff << 32 | 7];
    assert_eq!(check(&plan, [&low, &doubled], false), (2, 3, 0));
    assert_eq!(check(&plan, [&[], &[]], false), (66, 0, 0));
    let publishing = plan.groups[1].publish.as_mut().expect("it publishes");
    publishing.qos = wire_message::Qos::AtLeastOnce;
    assert_eq!(check(&plan, [&low, &doubled], false), (2, 0, 3));
}

#[test]
fn what_is_allowed_is_counted_and_no_violation() {
    let mut plan = scenario::p2p(&options(), 1).expect("the plan is fine");
    let account = Account {
        streams: vec![stream(10, 9)],
        faults: Faults {
            duplicates: 1,
            duplicates_allowed: 5,
            reordered: 1,
            corrupt: 1,
            stray: 2,
            disconnected: 3,
            examples: vec!["an example".to_owned()],
            ..Faults::default()
        },
        ..Account::default()
    };
    let all = [
        "3 connections were lost that the plan did not end",
        "1 message was lost",
        "1 message was delivered more than once",
        "1 message was out of order",
        "1 message was corrupt",
        "2 messages were stray",
        "the last messages of stream 0 are missing",
        "an example",
    ];
    assert_eq!(judge(&plan, &account).violations, all);
    plan.allow = Allow {
        loss: true,
        duplicates: true,
        reordering: true,
        disconnects: true,
    };
    let checks = judge(&plan, &account);
    assert_eq!(checks.violations.len(), 4, "{:?}", checks.violations);
    assert_eq!(
        (checks.lost, checks.duplicates, checks.reordered),
        (1, 1, 1)
    );
}

#[test]
fn an_account_survives_the_way_between_processes() {
    let account = Account {
        streams: vec![StreamCount {
            example: Some((3, 4)),
            ..stream(10, 9)
        }],
        entries: vec![shared(&[u64::MAX, 14])],
        faults: Faults {
            examples: vec!["an example".to_owned()],
            ..Faults::default()
        },
        ..Account::default()
    };
    let text = serde_json::to_string(&account).expect("it is written");
    assert_eq!(serde_json::from_str::<Account>(&text).ok(), Some(account));
}
