//! A broker that loses, repeats, swaps and corrupts is caught.

use loadgen_plan::{Allow, Options, Until, scenario};
use loadgen_work::ClientNumber;
use loadgen_work::Input;
use wire_message::Qos;

use crate::broker::Fault;
use crate::world::{World, options};

/// Runs pairs with QoS `qos`, where every `each`-th delivery suffers `fault`; the number of faults.
fn run(qos: Qos, fault: Fault, each: u64) -> (loadgen_report::Checks, u64) {
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
    let (checks, faults) = run(Qos::AtMostOnce, Fault::Duplicate, 50);
    assert_eq!((checks.duplicates, checks.duplicates_allowed), (faults, 0));
    let (checks, faults) = run(Qos::AtLeastOnce, Fault::Duplicate, 50);
    assert_eq!((checks.duplicates, checks.duplicates_allowed), (0, faults));
    assert!(checks.violations.is_empty());
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

#[test]
fn stored_and_queued_messages_that_are_lost_show() {
    let options = Options {
        qos: Qos::AtLeastOnce,
        ..options()
    };
    for plan in [
        scenario::retained(&options, 40, 3),
        scenario::session(&options, 3, 40),
    ] {
        let mut plan = plan.expect("the plan is fine");
        for stage in &mut plan.stages {
            if let Until::Settled { at_most } = &mut stage.until {
                *at_most = core::time::Duration::from_secs(2);
            }
        }
        let mut world = World::new(plan, 2);
        let mut count = 0;
        world.broker.fault = Box::new(move |_, _| {
            count += 1;
            if count == 50 {
                Fault::Drop
            } else {
                Fault::None
            }
        });
        let checks = world.run();
        assert_eq!((checks.expected, checks.lost), (120, 1));
    }
}
