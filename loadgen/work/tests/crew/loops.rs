//! Open and closed loops, and what a broker that stands still does to their figures.

use core::time::Duration;

use loadgen_plan::{Load, Options, Schedule, scenario};
use loadgen_work::{ClientNumber, Crew, Input, Out};
use wire_message::Qos;

use crate::broker::Fault;
use crate::world::{World, options};

/// Runs pairs for 10 s with a broker that stands still for a second in the middle.
fn frozen(load: Load, qos: Qos) -> World {
    let options = Options {
        load,
        qos,
        duration: Duration::from_secs(10),
        ..options()
    };
    let plan = scenario::p2p(&options, 5).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    let from = world.now + Duration::from_secs(3);
    world.freeze = Some((from, from + Duration::from_secs(1)));
    world.latency = Duration::from_micros(500);
    let checks = world.run();
    assert_eq!(checks.violations, Vec::<String>::new());
    assert_eq!(checks.expected, checks.delivered);
    world
}

#[test]
fn an_open_loop_shows_that_the_broker_stood_still() {
    for (qos, schedule) in [
        (Qos::AtMostOnce, Schedule::Constant),
        (Qos::AtLeastOnce, Schedule::Poisson),
    ] {
        let world = frozen(
            Load::Rate {
                per_s: 1000.0,
                schedule,
            },
            qos,
        );
        // A tenth of the messages waited, half a second on average.
        let intended = &world.tally.intended;
        let (p50, p95) = (
            intended.value_at_quantile(0.5),
            intended.value_at_quantile(0.95),
        );
        let p999 = intended.value_at_quantile(0.999);
        assert!(p50 < 1_100_000, "{p50}");
        assert!((300_000_000..700_000_000).contains(&p95), "{p95}");
        assert!((950_000_000..1_010_000_000).contains(&p999), "{p999}");
    }
}

#[test]
fn a_message_counts_in_the_stage_that_it_was_due_in() {
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce] {
        let plan = scenario::p2p(&Options { qos, ..options() }, 5).expect("the plan is fine");
        let mut world = World::new(plan, 2);
        world.run_stage(0);
        world.run_stage(1);
        // The broker stands still over the beginning of the measured stage.
        let begin = world.now + Duration::from_millis(200);
        world.freeze = Some((
            begin - Duration::from_millis(100),
            begin + Duration::from_millis(100),
        ));
        world.run_stage(2);
        assert_eq!(world.now, begin);
        world.run_stage(3);
        assert_eq!(world.by_stage["warm-up"].intended.len(), 200);
        world.run_stage(4);
        let measured = &world.by_stage["measure"];
        assert_eq!(measured.intended.len(), 1000, "{qos:?}");
        let acknowledged = if qos == Qos::AtMostOnce { 0 } else { 1000 };
        assert_eq!(measured.acknowledged.len(), acknowledged);
        let longest = Duration::from_nanos(measured.intended.max());
        assert!(longest < Duration::from_millis(102), "{longest:?}");
    }
}

#[test]
fn a_stall_over_the_end_of_the_measured_stage_shows_in_it() {
    let plan = scenario::p2p(&options(), 5).expect("the plan is fine");
    let mut world = World::new(plan, 2);
    for stage in 0..3 {
        world.run_stage(stage);
    }
    let from = world.now + Duration::from_millis(900);
    world.freeze = Some((from, from + Duration::from_secs(1)));
    world.run_stage(3);
    let before = world.by_stage["measure"].intended.len();
    assert!((890..910).contains(&before), "{before}");
    world.run_stage(4);
    let measured = &world.by_stage["measure"].intended;
    assert_eq!(measured.len(), 1000);
    // A tenth of the messages waited for 900 ms and more.
    assert!(measured.value_at_quantile(0.95) > 900_000_000);
    assert!(measured.max() > 999_000_000, "{}", measured.max());
    // The one that was due at the border itself.
    assert!(world.by_stage["drain"].intended.len() <= 1);
    assert_eq!(world.checks().violations, Vec::<String>::new());
}

#[test]
fn a_closed_loop_does_not_show_it() {
    // Only the messages that were in the windows wait.
    let world = frozen(Load::Window(1), Qos::AtMostOnce);
    let sent = &world.tally.sent;
    assert!(sent.len() > 40_000, "{}", sent.len());
    assert!(sent.value_at_quantile(0.999) < 1_100_000);
    assert!(sent.max() > 900_000_000);
    assert!(world.tally.intended.is_empty());
}

#[test]
fn messages_wait_for_the_receive_maximum_and_their_lateness_shows() {
    let options = Options {
        qos: Qos::AtLeastOnce,
        ..options()
    };
    let plan = scenario::p2p(&options, 1).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    world.broker.receive_maximum = Some(2);
    let from = world.now + Duration::from_millis(500);
    world.freeze = Some((from, from + Duration::from_millis(300)));
    let checks = world.run();
    assert_eq!(checks.violations, Vec::<String>::new());
    // Sent late, so only the intended times tell.
    assert!(world.tally.sent.value_at_quantile(0.95) < 1_000_000);
    assert!(world.tally.intended.value_at_quantile(0.95) > 200_000_000);
    assert_eq!(world.tally.messages.scheduled, world.tally.messages.sent);
}

#[test]
fn a_window_is_never_exceeded() {
    for (qos, window) in [
        (Qos::AtMostOnce, 7),
        (Qos::AtLeastOnce, 3),
        (Qos::ExactlyOnce, 1),
    ] {
        let load = Load::Window(window);
        let options = Options {
            load,
            qos,
            duration: Duration::from_millis(50),
            ..options()
        };
        let plan = scenario::fan_out(&options, 1, 10).expect("the plan is fine");
        let mut world = World::new(plan, 2);
        world.latency = Duration::from_micros(500);
        let highest = std::rc::Rc::new(core::cell::Cell::new((0_u32, 0_u32)));
        let seen = std::rc::Rc::clone(&highest);
        // Copies leave the broker in the order of messages, so at most the window is between the
        // first copy of a message and the last copy of an older one.
        world.broker.fault = Box::new(move |_, message| {
            let sequence = u32::from_le_bytes(message.payload[8..12].try_into().expect("four"));
            let (newest, spread) = seen.get();
            let newest = newest.max(sequence);
            seen.set((newest, spread.max(newest - sequence)));
            Fault::None
        });
        let checks = world.run();
        assert_eq!(checks.violations, Vec::<String>::new());
        assert!(highest.get().1 < window, "{:?}", highest.get());
        let expected = world.tally.messages.sent * 10;
        assert_eq!(checks.delivered, expected);
        assert!(world.tally.messages.sent > u64::from(window) * 20);
    }
}

#[test]
fn a_closed_loop_goes_on_when_a_message_is_lost() {
    let options = Options {
        load: Load::Window(2),
        duration: Duration::from_secs(5),
        drain: Duration::from_millis(100),
        ..options()
    };
    let plan = scenario::p2p(&options, 1).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    world.latency = Duration::from_micros(500);
    let mut count = 0;
    world.broker.fault = Box::new(move |_, _| {
        count += 1;
        // Both messages of the window.
        if (1001..=1002).contains(&count) {
            Fault::Drop
        } else {
            Fault::None
        }
    });
    let checks = world.run();
    assert_eq!((checks.lost, world.stalls), (2, 1));
    assert!(checks.delivered > 5_000, "{}", checks.delivered);
}

#[test]
fn a_closed_loop_without_subscribers_is_paced_by_the_transport() {
    let load = Load::Window(4);
    let mut plan = scenario::p2p(&Options { load, ..options() }, 1).expect("the plan is fine");
    plan.groups[0].subscribe.clear();
    let mut world = World::new(plan, 1);
    world.run_stage(0);
    world.run_stage(1);
    let publisher = ClientNumber(1);
    let mut out = Out::default();
    let mut sent = |crew: &mut Crew, now| {
        out.clear();
        crew.handle_timeout(now, &mut out);
        crew.sample().tally.messages.sent
    };
    let now = world.now;
    let crew = &mut world.crews[0];
    crew.handle_input(Input::Begin(2), now, &mut Out::default());
    assert_eq!((sent(crew, now), sent(crew, now)), (4, 0));
    for (left, more) in [(100, 0), (0, 4)] {
        let writable = Input::Writable {
            client: publisher,
            left,
        };
        crew.handle_input(writable, now, &mut Out::default());
        assert_eq!(sent(crew, now), more, "{left}");
    }
}

#[test]
fn a_publisher_whose_connection_is_full_waits_and_sends_late() {
    let plan = scenario::p2p(&options(), 1).expect("the plan is fine");
    let mut world = World::new(plan, 1);
    world.run_stage(0);
    world.run_stage(1);
    let client = ClientNumber(1);
    let crew = &mut world.crews[0];
    let mut out = Out::default();
    crew.handle_input(Input::Begin(2), world.now, &mut out);
    crew.handle_input(
        Input::Writable {
            client,
            left: 2 << 20,
        },
        world.now,
        &mut out,
    );
    let later = world.now + Duration::from_millis(99);
    crew.handle_timeout(later, &mut out);
    assert!(out.actions.is_empty());
    assert_eq!(crew.progress().open, 100);
    crew.handle_input(Input::Writable { client, left: 0 }, later, &mut out);
    crew.handle_timeout(later, &mut out);
    let messages = crew.sample().tally.messages;
    assert_eq!((messages.scheduled, messages.sent), (100, 100));
    // One action for all of them.
    assert_eq!(out.actions.len(), 1);
}

#[test]
fn a_rate_that_nobody_keeps_ends_with_the_stage_and_shows() {
    for (schedule, size) in [(Schedule::Constant, 16), (Schedule::Poisson, 1 << 20)] {
        let options = Options {
            load: Load::Rate {
                per_s: 1e8,
                schedule,
            },
            size: loadgen_plan::Size::Fixed(size),
            ..options()
        };
        let plan = scenario::p2p(&options, 2).expect("the plan is fine");
        let mut world = World::new(plan, 1);
        world.run_stage(0);
        world.run_stage(1);
        let crew = &mut world.crews[0];
        let mut out = Out::default();
        crew.handle_input(Input::Begin(2), world.now, &mut out);
        let later = world.now + Duration::from_secs(1);
        crew.handle_timeout(later, &mut out);
        assert!(out.bytes.len() <= 32 << 20, "{}", out.bytes.len());
        let taken = crew.sample().tally.messages.scheduled;
        assert!(taken <= 16_384, "{taken}");
        assert!(crew.next_timeout().is_some_and(|due| due <= later));
        crew.handle_input(Input::Begin(4), later, &mut out);
        let scheduled = taken + crew.sample().tally.messages.scheduled;
        assert!(scheduled.abs_diff(100_000_000) < 100_000, "{scheduled}");
    }
}

#[test]
fn everything_due_is_sent_once_whatever_the_number_of_workers() {
    for workers in [1, 2, 5] {
        let load = Load::Rate {
            per_s: 997.0,
            schedule: Schedule::Constant,
        };
        let options = Options {
            load,
            warm_up: Duration::ZERO,
            ..options()
        };
        let plan = scenario::p2p(&options, 13).expect("the plan is fine");
        let mut world = World::new(plan, workers);
        let checks = world.run();
        assert!(
            (990..=1000).contains(&checks.delivered),
            "{workers}: {}",
            checks.delivered
        );
    }
}
