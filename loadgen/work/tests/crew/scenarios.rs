//! Every scenario, on one worker and on three: all settles, and the account is clean.

use core::time::Duration;

use loadgen_plan::scenario::{self, ConnectMode};
use loadgen_plan::{Load, Options, Plan, PlanError, Schedule, Size, Stage, Verb};
use loadgen_report::Checks;
use wire_message::Qos;
use wire_mqtt::Version;

use crate::world::{World, options};

const QOS: [Qos; 3] = [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce];

/// Runs the plan on one and on three workers, with packets cut in two, and returns the last world.
fn clean(plan: &Result<Plan, PlanError>, what: &str) -> (World, Checks) {
    let plan = plan.as_ref().expect("the plan is fine");
    let mut last = None;
    for workers in [1, 3] {
        let mut world = World::new(plan.clone(), workers);
        world.cut = 7;
        if turns_by_itself(plan) {
            world.latency = Duration::from_millis(2);
        }
        let checks = world.run();
        assert_eq!(
            checks.violations,
            Vec::<String>::new(),
            "{what} on {workers}"
        );
        assert_eq!(checks.expected, checks.delivered, "{what} on {workers}");
        let progress = world.progress();
        assert_eq!(progress.open, 0, "{what} on {workers}");
        assert_eq!(
            world.tally.connections.lost + world.tally.connections.failed,
            0,
            "{what}"
        );
        let messages = &world.tally.messages;
        assert_eq!(messages.scheduled, messages.sent, "{what} on {workers}");
        last = Some((world, checks));
    }
    last.expect("it ran")
}

fn turns_by_itself(plan: &Plan) -> bool {
    let publishing = plan
        .groups
        .iter()
        .filter_map(|group| group.publish.as_ref());
    let cycles = |stage: &Stage| {
        stage
            .actions
            .iter()
            .any(|action| action.verb == Verb::Cycle)
    };
    let mut windows = publishing.map(|publishing| matches!(publishing.load, Load::Window(_)));
    windows.any(|window| window) || plan.stages.iter().any(cycles)
}

#[test]
fn pairs_in_all_versions_and_qualities() {
    for version in [Version::V31, Version::V311, Version::V5] {
        for qos in QOS {
            let options = Options {
                version,
                qos,
                ..options()
            };
            let (world, checks) =
                clean(&scenario::p2p(&options, 7), &format!("{version:?} {qos:?}"));
            // 1,000 per second for 1.2 s.
            assert!(
                (1195..=1201).contains(&checks.delivered),
                "{}",
                checks.delivered
            );
            let acknowledged = if qos == Qos::AtMostOnce {
                0
            } else {
                checks.delivered
            };
            assert_eq!(world.tally.messages.acknowledged, acknowledged);
            assert_eq!(world.tally.intended.len(), checks.delivered);
            assert_eq!(world.tally.acknowledged.len(), acknowledged);
            assert_eq!(world.tally.connect.len(), 14);
        }
    }
}

#[test]
fn sizes_properties_and_aliases() {
    for (size, alias) in [
        (Size::Fixed(16), true),
        (Size::Fixed(31), false),
        (Size::Range(16, 600), true),
        (Size::Weighted(vec![(32, 9), (20_000, 1)]), false),
    ] {
        let pair = ("name".to_owned(), "value".to_owned());
        let options = Options {
            size: size.clone(),
            alias,
            user_properties: vec![pair.clone(), pair],
            qos: Qos::AtLeastOnce,
            topic: Some("a/${i}/${r}/${rand:9}".parse().expect("a template")),
            ..options()
        };
        clean(&scenario::p2p(&options, 3), &size.to_string());
    }
}

#[test]
fn schedules() {
    for schedule in [
        Schedule::Poisson,
        Schedule::Ramp {
            to_per_s: 2000.0,
            over: Duration::from_secs(1),
        },
    ] {
        let load = Load::Rate {
            per_s: 500.0,
            schedule,
        };
        let options = Options { load, ..options() };
        let (_, checks) = clean(&scenario::p2p(&options, 4), &format!("{schedule:?}"));
        let expected = if schedule == Schedule::Poisson {
            500..720
        } else {
            1600..1660
        };
        assert!(expected.contains(&checks.delivered), "{}", checks.delivered);
    }
}

#[test]
fn few_to_many_and_many_to_few() {
    for qos in QOS {
        for load in [options().load, Load::Window(5)] {
            let load = if qos == Qos::AtMostOnce {
                load
            } else {
                options().load
            };
            let options = Options {
                qos,
                load,
                duration: Duration::from_millis(100),
                ..options()
            };
            let (_, checks) = clean(&scenario::fan_out(&options, 2, 20), "fan-out");
            assert_eq!(checks.delivered % 20, 0);
            clean(&scenario::fan_in(&options, 20, 3), "fan-in");
        }
    }
}

#[test]
fn shared_groups_get_each_message_once() {
    for qos in QOS {
        let options = Options { qos, ..options() };
        let (world, checks) = clean(&scenario::shared(&options, 10, 12, 3), "shared");
        assert_eq!(checks.delivered, world.tally.messages.sent * 3);
    }
}

#[test]
fn retained_messages_are_stored_fetched_and_removed() {
    for qos in QOS {
        let options = Options { qos, ..options() };
        let (world, checks) = clean(&scenario::retained(&options, 200, 5), "retained");
        assert_eq!(checks.delivered, 1000);
        assert_eq!(world.delivered["fetch"], 1000);
        assert_eq!(world.broker.retained(), 0);
        // Counted from the subscription, not from when they were stored.
        assert!(
            world.tally.intended.max() < 50_000_000,
            "{}",
            world.tally.intended.max()
        );
    }
    // A number that can't be divided among ten publishers.
    let (_, checks) = clean(&scenario::retained(&options(), 7, 2), "retained");
    assert_eq!(checks.delivered, 14);
}

#[test]
fn sessions_get_what_queued_while_they_were_away() {
    for version in [Version::V311, Version::V5] {
        for qos in QOS {
            let options = Options {
                version,
                qos,
                ..options()
            };
            let (world, checks) = clean(&scenario::session(&options, 9, 50), "session");
            assert_eq!(checks.delivered, 450);
            assert_eq!(world.delivered["queue"], 0);
            assert_eq!(world.delivered["resume"], 450);
            assert!(
                world.tally.intended.max() < 50_000_000,
                "{}",
                world.tally.intended.max()
            );
            let left = if version == Version::V5 { 0 } else { 9 };
            assert_eq!(world.broker.sessions(), left);
        }
    }
}

#[test]
fn requests_are_answered() {
    for (qos, load) in [
        (Qos::AtMostOnce, options().load),
        (Qos::AtLeastOnce, options().load),
        (Qos::AtMostOnce, Load::Window(3)),
    ] {
        let options = Options {
            qos,
            load,
            duration: Duration::from_millis(300),
            ..options()
        };
        let (world, checks) = clean(&scenario::request_response(&options, 5, 2), "requests");
        let requests = world.tally.messages.sent;
        assert_eq!(checks.delivered, 2 * requests);
        // Only round trips are measured.
        assert_eq!(world.tally.sent.len(), requests);
        // Four ways of 50 us, to three digits.
        assert!(
            world.tally.sent.min() >= 199_000,
            "{}",
            world.tally.sent.min()
        );
    }
    let before = Options {
        version: Version::V311,
        ..options()
    };
    let plan = scenario::request_response(&before, 5, 2);
    assert!(matches!(plan, Err(PlanError::NotInVersion { .. })));
}

#[test]
fn slow_consumers_do_not_spoil_the_figures_of_fast_ones() {
    let plan = scenario::slow(&options(), 3, 2, 20_000);
    let mut world = World::new(plan.expect("the plan is fine"), 1);
    let checks = world.run();
    assert_eq!(checks.violations, Vec::<String>::new());
    let sent = world.tally.messages.sent;
    // Only the fast ones are in the histogram, and none of them waited.
    assert_eq!(world.tally.intended.len(), 3 * sent);
    assert!(world.tally.intended.max() < 1_000_000);
    // 20,000 bytes per second for 1.2 s and 5 s of draining are at most 600 packets each.
    let slow = world.tally.messages.delivered - 3 * sent;
    assert!((700..1100).contains(&slow), "{slow}");
}

#[test]
fn connections_come_in_all_ways() {
    let hold = Duration::from_secs(1);
    for (mode, connects) in [
        (ConnectMode::Ramp, 50..51),
        (ConnectMode::Storm, 50..51),
        (ConnectMode::ReconnectStorm, 100..101),
        (ConnectMode::Cycle, 1000..100_000),
    ] {
        let options = Options {
            connect_rate: Some(100.0),
            ..options()
        };
        let plan = scenario::connect(&options, 50, hold, mode);
        let (world, _) = clean(&plan, &format!("{mode:?}"));
        let connections = &world.tally.connections;
        assert!(
            connects.contains(&connections.connected),
            "{mode:?} {connections:?}"
        );
        assert_eq!(connections.attempted, connections.connected);
        assert_eq!(connections.closed, connections.connected);
        if mode == ConnectMode::Ramp {
            assert!(world.took["ramp"] >= Duration::from_millis(480));
        }
    }
    let (world, _) = clean(&scenario::idle(&options(), 30, hold, true), "idle");
    assert_eq!(world.tally.connections.connected, 30);
}

#[test]
fn refused_clients_are_counted_and_end_nothing() {
    let plan = scenario::idle(&options(), 10, Duration::from_secs(1), true);
    let mut world = World::new(plan.expect("the plan is fine"), 1);
    world.broker.refuses = [3, 4].into();
    world.run();
    let connections = &world.tally.connections;
    assert_eq!((connections.connected, connections.refused), (8, 2));
    assert_eq!(world.progress().open, 0);
    let refusals = world.crews[0].refusals();
    let refusals: Vec<_> = refusals
        .map(|(refusal, times)| (refusal.to_string(), times))
        .collect();
    let expected = "CONNACK refuses: not authorized (0x87)".to_owned();
    assert_eq!(refusals, [(expected, 2)]);
}

#[test]
fn silent_clients_ping_within_their_keep_alive() {
    let options = Options {
        keep_alive_s: 4,
        ..options()
    };
    let plan = scenario::idle(&options, 20, Duration::from_mins(1), false);
    let mut world = World::new(plan.expect("the plan is fine"), 1);
    world.run();
    assert_eq!(world.tally.connections.lost, 0);
    // Every client each 2 to 3 s in 60 s.
    assert!(
        (400..=620).contains(&world.broker.pings),
        "{}",
        world.broker.pings
    );
}
