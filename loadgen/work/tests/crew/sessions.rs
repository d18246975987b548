//! Clients that come and go.

use core::time::Duration;

use loadgen_plan::{Churn, Options, Plan, file, scenario};
use wire_message::Qos;
use wire_mqtt::Version;

use crate::world::{World, options};

/// Pairs whose subscribers, publishers or both come and go.
fn churning(qos: Qos, persistent: bool, abrupt: bool, groups: &[usize]) -> Plan {
    let options = Options {
        qos,
        duration: Duration::from_secs(5),
        ..options()
    };
    let mut plan = scenario::p2p(&options, 10).expect("the plan is fine");
    for &group in groups {
        let per_s = 20.0;
        let offline = Duration::from_millis(100);
        plan.groups[group].churn = Some(Churn {
            per_s,
            abrupt,
            offline,
        });
        plan.groups[group].connect.clean_start = !persistent;
        plan.groups[group].connect.session_expiry_s = persistent.then_some(60);
        let index = u16::try_from(group).expect("a small number");
        let churn = loadgen_plan::Action {
            group: index,
            verb: loadgen_plan::Verb::Churn,
        };
        let stop = loadgen_plan::Action {
            group: index,
            verb: loadgen_plan::Verb::Stop,
        };
        plan.stages[2].actions.push(churn);
        plan.stages[4].actions.push(stop);
    }
    plan.check().expect("the plan is fine");
    plan
}

#[test]
fn nothing_is_lost_for_sessions_that_persist() {
    for qos in [Qos::AtLeastOnce, Qos::ExactlyOnce] {
        for (abrupt, groups) in [
            (false, &[0][..]),
            (true, &[0]),
            (true, &[1]),
            (true, &[0, 1]),
        ] {
            let mut world = World::new(churning(qos, true, abrupt, groups), 2);
            let checks = world.run();
            let what = format!("{qos:?} {abrupt} {groups:?}");
            assert_eq!(checks.violations, Vec::<String>::new(), "{what}");
            // 5.2 s of 1,000 per second.
            assert!(checks.delivered >= 5190, "{what}: {}", checks.delivered);
            assert!(world.tally.connections.closed > 90, "{what}");
            assert_eq!(checks.lost, 0);
        }
    }
}

#[test]
fn what_comes_for_clients_without_a_session_is_not_expected() {
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
        for abrupt in [false, true] {
            let mut world = World::new(churning(qos, false, abrupt, &[0]), 1);
            let checks = world.run();
            assert_eq!(checks.violations, Vec::<String>::new(), "{qos:?} {abrupt}");
            let sent = world.tally.messages.sent;
            assert!(checks.delivered < sent && checks.delivered > sent / 2);
        }
    }
}

#[test]
fn loss_between_two_messages_shows_even_if_the_client_comes_and_goes() {
    let mut world = World::new(churning(Qos::AtMostOnce, false, false, &[0]), 1);
    let mut count = 0;
    world.broker.fault = Box::new(move |_, _| {
        count += 1;
        if count % 7 == 0 {
            crate::broker::Fault::Drop
        } else {
            crate::broker::Fault::None
        }
    });
    let checks = world.run();
    assert!(checks.lost > 400, "{}", checks.lost);
}

#[test]
fn publishers_that_vanish_leave_nothing_certain() {
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
        let mut world = World::new(churning(qos, false, true, &[1]), 1);
        let checks = world.run();
        assert_eq!(checks.violations, Vec::<String>::new(), "{qos:?}");
    }
}

#[test]
fn a_session_that_the_broker_forgot_shows_as_loss() {
    let options = Options {
        qos: Qos::AtLeastOnce,
        ..options()
    };
    let plan = scenario::session(&options, 4, 10).expect("the plan is fine");
    // The broker sees another client come back.
    let mut world = World::new(plan, 1);
    for stage in 0..4 {
        world.run_stage(stage);
    }
    world.broker = crate::broker::Broker::new();
    let publishers_gone = loadgen_work::ClientNumber(4);
    world.drop_transport(publishers_gone);
    world.run_stage(4);
    let checks = world.checks();
    assert_eq!(checks.lost, 40);
}

#[test]
fn wills_of_clients_that_vanish_arrive() {
    let text = r#"
        name = "wills"
        [run]
        warm_up = "0s"
        duration = "2s"
        [[group]]
        name = "watchers"
        clients = 2
        subscribe = [{ filter = "will/#", qos = 1 }]
        [[group]]
        name = "devices"
        clients = 10
        will = { topic = "will/${i}", qos = 1 }
        churn = { rate = 5, abrupt = true, offline = "300ms" }
    "#;
    for version in [Version::V311, Version::V5] {
        let options = Options {
            version,
            ..options()
        };
        let plan = file::parse(text, &options, 1.0).expect("the file is fine");
        let mut world = World::new(plan, 1);
        let checks = world.run();
        assert_eq!(checks.violations, Vec::<String>::new());
        assert!((18..=22).contains(&world.wills), "{}", world.wills);
    }
}
