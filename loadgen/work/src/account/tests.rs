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

fn shared(received: u64, sum: u64, squares: u64) -> EntryCount {
    EntryCount {
        entry: 0,
        stream: 0,
        received,
        sum,
        squares,
    }
}

#[test]
fn a_shared_group_is_judged_by_numbers_and_sums() {
    let plan = scenario::shared(&options(), 1, 2, 1).expect("the plan is fine");
    let check = |entry: EntryCount, loose: bool| {
        let account = Account {
            streams: vec![stream(4, 0)],
            entries: vec![entry],
            loose_entries: if loose { vec![0] } else { Vec::new() },
            ..Account::default()
        };
        let checks = judge(&plan, &account);
        (checks.lost, checks.duplicates)
    };
    // 0, 1, 2 and 3.
    assert_eq!(check(shared(4, 6, 14), false), (0, 0));
    assert_eq!(check(shared(3, 3, 5), false), (1, 0));
    assert_eq!(check(shared(3, 3, 5), true), (0, 0));
    assert_eq!(check(shared(5, 9, 23), false), (0, 1));
    // 0, 1, 1 and 3: one is missing, another came twice.
    assert_eq!(check(shared(4, 5, 11), false), (1, 1));
    // 0, 0, 3 and 3 has the right sum, but not the right squares.
    assert_eq!(check(shared(4, 6, 18), false), (1, 1));
    assert_eq!(check(shared(0, 0, 0), false), (4, 0));
}

#[test]
fn what_is_allowed_is_counted_and_no_violation() {
    let mut plan = scenario::p2p(&options(), 1).expect("the plan is fine");
    let account = Account {
        streams: vec![stream(10, 9)],
        duplicates: 1,
        duplicates_allowed: 5,
        reordered: 1,
        corrupt: 1,
        stray: 2,
        disconnected: 3,
        examples: vec!["an example".to_owned()],
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
        entries: vec![shared(4, u64::MAX, 14)],
        examples: vec!["an example".to_owned()],
        ..Account::default()
    };
    let text = serde_json::to_string(&account).expect("it is written");
    assert_eq!(serde_json::from_str::<Account>(&text).ok(), Some(account));
}
