//! A broker that loses, repeats, swaps and corrupts is caught.

use loadgen_plan::{Allow, Options, Plan, Until, scenario};
use loadgen_report::Checks;
use loadgen_work::ClientNumber;
use loadgen_work::Input;
use wire_message::Qos;

use crate::broker::{Fault, Message};
use crate::world::{World, options};

/// Runs pairs with QoS `qos`, where every `each`-th delivery suffers `fault`; the number of faults.
fn run(qos: Qos, fault: Fault, each: u64) -> (Checks, u64) {
    let options = Options {
        qos,
        drain: core::time::Duration::from_millis(500),
        ..options()
    };
    let plan = scenario::p2p(&options, 3).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    let counted = std::rc::Rc::new(core::cell::Cell::new(0_u64));
    let count = std::rc::Rc::clone(&counted);
    // The last ones stay whole, so that each swap finds a next message.
    world.broker.fault = Box::new(move |_, _| {
        count.set(count.get() + 1);
        let strikes = count.get().is_multiple_of(each) && count.get() < 1100;
        if strikes { fault } else { Fault::None }
    });
    let checks = world.run();
    let faults = counted.get().min(1099) / each;
    (checks, faults)
}

#[test]
fn loss_is_counted_exactly() {
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
        let (checks, faults) = run(qos, Fault::Drop, 50);
        assert_eq!((checks.lost, faults), (21, 21), "{qos:?}");
        assert_eq!(checks.expected, checks.delivered + 21);
        assert!(
            checks.violations[0].contains("21 messages were lost"),
            "{:?}",
            checks.violations
        );
        assert!(
            checks.violations[1].contains("is missing at client"),
            "{:?}",
            checks.violations
        );
        assert_eq!(
            (checks.duplicates, checks.reordered, checks.corrupt),
            (0, 0, 0)
        );
    }
}

#[test]
fn duplicates_are_counted_as_the_quality_allows() {
    for (qos, fault, allowed) in [
        (Qos::AtMostOnce, Fault::Duplicate, false),
        // Without the mark and without a reconnection there is no reason for a second copy.
        (Qos::AtLeastOnce, Fault::Duplicate, false),
        (Qos::AtLeastOnce, Fault::DuplicateMarked, true),
        // The same packet id on the same connection.
        (Qos::ExactlyOnce, Fault::Duplicate, false),
        (Qos::ExactlyOnce, Fault::DuplicateMarked, false),
    ] {
        let (checks, faults) = run(qos, fault, 50);
        let (wrong, fine) = if allowed { (0, faults) } else { (faults, 0) };
        let found = (checks.duplicates, checks.duplicates_allowed);
        assert_eq!(found, (wrong, fine), "{qos:?} {fault:?}");
        assert_eq!(checks.violations.is_empty(), allowed);
        assert_eq!(checks.lost, 0);
    }
}

#[test]
fn duplicates_and_loss_are_counted_exactly_in_every_scenario() {
    let options = options();
    for plan in [
        scenario::fan_in(&options, 5, 2),
        scenario::shared(&options, 3, 4, 2),
        scenario::retained(&options, 200, 10),
        scenario::request_response(&options, 5, 2),
    ] {
        let plan = plan.expect("the plan is fine");
        let what = plan.scenario.clone();
        let is_request = move |client: ClientNumber| what == "request-response" && client.0 < 2;
        let what = plan.scenario.clone();
        let mut world = World::new(plan, 2);
        let mut count = 0;
        world.broker.fault = Box::new(move |client, _| {
            if is_request(client) {
                return Fault::None;
            }
            count += 1;
            match count % 40 {
                0 if count <= 280 => Fault::Drop,
                20 if count <= 280 => Fault::Duplicate,
                _ => Fault::None,
            }
        });
        let checks = world.run();
        assert_eq!((checks.lost, checks.duplicates), (7, 7), "{what}");
        assert_eq!(checks.expected, checks.delivered + 7, "{what}");
    }
}

#[test]
fn a_request_that_comes_twice_is_answered_once() {
    let plan = scenario::request_response(&options(), 5, 2).expect("the plan is fine");
    let checks = faulty(plan, Fault::Duplicate, |client, _| client.0 < 2);
    assert_eq!((checks.duplicates, checks.lost), (7, 0));
}

#[test]
fn answers_out_of_order_are_noticed() {
    let plan = scenario::request_response(&options(), 2, 1).expect("the plan is fine");
    let checks = faulty(plan, Fault::Swap, |client, _| client.0 >= 1);
    assert_eq!(
        (checks.reordered, checks.lost, checks.duplicates),
        (7, 0, 0)
    );
}

#[test]
fn swaps_and_corruption_are_counted_exactly() {
    let (checks, faults) = run(Qos::AtMostOnce, Fault::Swap, 50);
    assert_eq!((checks.reordered, checks.lost, faults), (21, 0, 21));
    for bit in [0, 40, 700, 2047] {
        let (checks, faults) = run(Qos::AtMostOnce, Fault::Corrupt(bit), 50);
        assert_eq!(
            (checks.corrupt, checks.lost, faults),
            (21, 21, 21),
            "bit {bit}"
        );
        assert!(!checks.violations.is_empty());
    }
}

#[test]
fn a_message_under_another_topic_is_a_stray_and_missing() {
    let options = options();
    for (plan, strays) in [
        (scenario::p2p(&options, 3), 7),
        (scenario::shared(&options, 3, 4, 2), 7),
        (scenario::request_response(&options, 3, 1), 7),
        // One message in 64 is looked at.
        (scenario::retained(&options, 1280, 7), 70),
    ] {
        let plan = plan.expect("the plan is fine");
        let what = plan.scenario.clone();
        let checks = faulty(plan, Fault::Misroute, move |_, message| {
            strays == 7 || message.payload[8].is_multiple_of(64)
        });
        let strays = if strays == 7 { 7 } else { checks.stray };
        assert!(strays > 0, "{what}");
        assert_eq!((checks.stray, checks.corrupt), (strays, 0), "{what}");
        let of_strays = checks.violations.iter().find(|text| text.contains("stray"));
        assert!(of_strays.is_some(), "{what}: {:?}", checks.violations);
        assert!(checks.lost >= strays, "{what}");
    }
}

#[test]
fn a_broker_that_delivers_with_less_than_was_asked_for_is_caught() {
    for qos in [Qos::AtLeastOnce, Qos::ExactlyOnce] {
        let options = Options { qos, ..options() };
        for plan in [
            scenario::p2p(&options, 3),
            scenario::shared(&options, 3, 4, 2),
            scenario::retained(&options, 100, 10),
        ] {
            let plan = plan.expect("the plan is fine");
            let mut world = World::new(plan.clone(), 2);
            world.broker.maximum_qos = Qos::AtMostOnce;
            let checks = world.run();
            let subscribers = u64::from(plan.groups[0].clients.max(plan.groups[1].clients));
            assert!(checks.downgraded > subscribers, "{}", checks.downgraded);
            assert!(checks.violations[0].contains("of another QoS"));
            let checks = faulty(plan, Fault::Downgrade, |_, _| true);
            assert_eq!(checks.downgraded, 7);
        }
    }
}

#[test]
fn shared_groups_hide_no_fault() {
    for (fault, lost, duplicates) in [(Fault::Drop, 1, 0), (Fault::Duplicate, 0, 1)] {
        let drain = core::time::Duration::from_millis(500);
        let options = Options { drain, ..options() };
        let plan = scenario::shared(&options, 2, 4, 2).expect("the plan is fine");
        let mut world = World::new(plan, 2);
        let mut count = 0;
        world.broker.fault = Box::new(move |_, _| {
            count += 1;
            if count == 100 { fault } else { Fault::None }
        });
        let checks = world.run();
        assert_eq!((checks.lost, checks.duplicates), (lost, duplicates));
    }
}

#[test]
fn one_lost_and_another_twice_do_not_cancel_out_in_a_shared_group() {
    let plan = scenario::shared(&options(), 1, 3, 1).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    let mut count = 0;
    world.broker.fault = Box::new(move |_, _| {
        count += 1;
        match count {
            100 => Fault::Drop,
            200 => Fault::Duplicate,
            _ => Fault::None,
        }
    });
    let checks = world.run();
    assert_eq!(
        (checks.lost, checks.duplicates),
        (1, 1),
        "{:?}",
        checks.violations
    );
}

#[test]
fn what_is_allowed_is_no_violation() {
    let allow = Allow {
        loss: true,
        ..Allow::default()
    };
    let options = Options { allow, ..options() };
    let plan = scenario::p2p(&options, 3).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    world.broker.fault = Box::new(|_, message| {
        if message.payload[8] == 5 {
            Fault::Drop
        } else {
            Fault::None
        }
    });
    let checks = world.run();
    assert!(checks.lost > 0 && checks.violations.is_empty());
}

#[test]
fn messages_for_others_and_from_other_runs_are_strays() {
    let plan = scenario::p2p(&options(), 2).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    world.run_stage(0);
    world.run_stage(1);
    let filler = loadgen_work::stamp::Filler::new(1, 64, &[]);
    for (stream, run) in [(1, 0xabcd), (7, 0xabcd), (0, 0x1234)] {
        let stamp = loadgen_work::stamp::Stamp {
            stream,
            sequence: 0,
            run,
            intended: world.now,
            sent: Some(world.now),
        };
        let mut packet = vec![0x30, 64 + 4, 0, 1, b'x', 0];
        filler.append(64, &stamp, &mut packet);
        world.input(0, Input::Bytes(ClientNumber(0), &packet));
    }
    assert_eq!(world.checks().stray, 3);
    // What an earlier run left at the broker is no stray.
    let stamp = loadgen_work::stamp::Stamp {
        stream: 0,
        sequence: 0,
        run: 0x1234,
        intended: world.now,
        sent: None,
    };
    let mut packet = vec![0x31, 64 + 4, 0, 1, b'x', 0];
    filler.append(64, &stamp, &mut packet);
    world.input(0, Input::Bytes(ClientNumber(0), &packet));
    assert_eq!(world.checks().stray, 3);
}

#[test]
fn a_connection_that_the_broker_ends_is_lost_and_so_are_its_messages() {
    let plan = scenario::p2p(&options(), 2).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    for stage in 0..3 {
        world.run_stage(stage);
    }
    world.drop_transport(ClientNumber(1));
    world.run_stage(3);
    world.run_stage(4);
    assert_eq!(world.tally.connections.lost, 1);
    let checks = world.checks();
    assert!((495..=501).contains(&checks.lost), "{}", checks.lost);
    assert_eq!(checks.disconnected, 1);
    let first = "1 connection was lost that the plan did not end";
    assert_eq!(checks.violations[0], first);
}

#[test]
fn a_broker_that_dies_is_a_violation_even_if_no_message_is_certain() {
    for disconnects in [false, true] {
        let allow = Allow {
            disconnects,
            ..Allow::default()
        };
        let options = Options { allow, ..options() };
        let plan = scenario::idle(&options, 6, core::time::Duration::from_secs(1), true);
        let mut world = World::new(plan.expect("the plan is fine"), 2);
        world.run_stage(0);
        (0..6).for_each(|client| world.drop_transport(ClientNumber(client)));
        world.run_stage(1);
        world.run_stage(2);
        let checks = world.checks();
        assert_eq!(checks.disconnected, 6);
        let told = checks.violations.first();
        let told = told.is_some_and(|text| text.starts_with("6 connections were lost"));
        assert_eq!(told, !disconnects, "{:?}", checks.violations);
        assert_eq!(checks.violations.is_empty(), disconnects);
    }
}

#[test]
fn garbage_ends_the_connection() {
    for garbage in [
        &[0x00_u8, 0][..],
        &[0x20, 2, 0, 0],
        &[0x30, 2, 0, 9],
        &[0x36, 0],
    ] {
        let plan = scenario::p2p(&options(), 1).expect("the plan is fine");
        let mut world = World::new(plan, 1);
        world.run_stage(0);
        world.input(0, Input::Bytes(ClientNumber(0), garbage));
        world.run_stage(1);
        assert_eq!(world.tally.connections.lost, 1, "{garbage:?}");
    }
}

/// Runs the plan with a broker that loses seven deliveries, and returns what the account says.
fn lossy(plan: Plan, is_counted: fn(ClientNumber, &Message) -> bool) -> Checks {
    faulty(plan, Fault::Drop, is_counted)
}

/// Runs the plan with a broker that treats seven deliveries like this.
fn faulty(
    mut plan: Plan,
    fault: Fault,
    is_counted: impl Fn(ClientNumber, &Message) -> bool + 'static,
) -> Checks {
    for stage in &mut plan.stages {
        if let Until::Settled { at_most } = &mut stage.until {
            *at_most = core::time::Duration::from_secs(1);
        }
    }
    let mut world = World::new(plan, 2);
    let mut count = 0;
    world.broker.fault = Box::new(move |client, message| {
        if !is_counted(client, message) {
            return Fault::None;
        }
        count += 1;
        if count % 20 == 0 && count <= 140 {
            fault
        } else {
            Fault::None
        }
    });
    world.run()
}

#[test]
fn loss_shows_in_every_scenario() {
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
        let options = Options { qos, ..options() };
        let plans = [
            scenario::p2p(&options, 3),
            scenario::fan_out(&options, 2, 5),
            scenario::fan_in(&options, 5, 2),
            scenario::shared(&options, 3, 4, 2),
            scenario::retained(&options, 100, 10),
            scenario::retained(&options, 77, 5),
            scenario::session(&options, 5, 50),
            scenario::slow(&options, 2, 1, 1_000_000),
            scenario::request_response(&options, 5, 2),
        ];
        for plan in plans {
            let plan = plan.expect("the plan is fine");
            let what = format!("{} {qos:?}", plan.scenario);
            // Answers, because nobody answers a request that is lost; and not slow clients.
            let checks = match plan.scenario.as_str() {
                "request-response" => lossy(plan, |client, _| client.0 >= 2),
                "slow" => lossy(plan, |client, _| client.0 < 2),
                _ => lossy(plan, |_, _| true),
            };
            assert_eq!((checks.lost, checks.duplicates), (7, 0), "{what}");
            assert_eq!(checks.expected, checks.delivered + 7, "{what}");
            assert!(
                checks.violations[0].starts_with("7 messages were lost"),
                "{what}"
            );
        }
    }
}

#[test]
fn loss_shows_in_files_without_a_stop() {
    let text = r#"
        name = "stored"
        [[group]]
        name = "publishers"
        clients = 2
        publish = { topic = "x/${i}/${s}", retain = true, rate = 1000, limit = 40 }
        [[group]]
        name = "fetchers"
        clients = 2
        subscribe = [{ filter = "x/#", retained = true }]
        [[stage]]
        name = "connect"
        do = [{ verb = "connect", groups = ["publishers"] }]
        until = "sent"
        [[stage]]
        name = "store"
        do = [{ verb = "publish", groups = ["publishers"] }]
        until = "sent"
        [[stage]]
        name = "fetch"
        do = [{ verb = "connect", groups = ["fetchers"] }]
        until = "settled"
        at_most = "1s"
        [[stage]]
        name = "disconnect"
        do = [{ verb = "disconnect", groups = ["publishers", "fetchers"] }]
        until = "sent"
    "#;
    let plan = loadgen_plan::file::parse(text, &options(), 1.0).expect("the file is fine");
    let checks = lossy(plan, |_, _| true);
    assert_eq!((checks.expected, checks.lost), (160, 7));
}
