//! What scenarios promise about their plans.

use core::time::Duration;

use wire_message::Qos;
use wire_mqtt::Version;

use super::*;
use crate::{Audience, Load, Options, Plan, PlanError, RunId, Target, Until};

fn options() -> Options {
    Options {
        target: Target {
            brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
            ..Target::default()
        },
        ..Options::default()
    }
}

fn audience(plan: &Plan) -> Audience {
    Audience::new(plan, RunId(1)).expect("the plan is fine")
}

#[test]
fn each_scenario_has_the_audience_that_its_name_says() {
    let options = options();
    let copies = |plan: Result<Plan, PlanError>| {
        let plan = plan.expect("the plan is fine");
        let audience = audience(&plan);
        let copies = (0..plan.streams()).map(|stream| audience.copies(stream));
        copies.collect::<Vec<_>>()
    };
    assert_eq!(copies(p2p(&options, 3)), [1, 1, 1]);
    assert_eq!(copies(fan_out(&options, 2, 500)), [500, 500]);
    assert_eq!(copies(fan_in(&options, 4, 1)), [1, 1, 1, 1]);
    assert_eq!(copies(shared(&options, 2, 10, 3)), [3, 3]);
    assert_eq!(copies(retained(&options, 20, 5)), [5; 10]);
    assert_eq!(copies(session(&options, 7, 2)), [7]);
    assert_eq!(copies(request_response(&options, 3, 2)), [1, 1, 1]);
    assert_eq!(copies(slow(&options, 3, 2, 1000)), [5]);
}

#[test]
fn two_runs_of_a_scenario_do_not_meet() {
    let options = options();
    let hold = Duration::from_secs(1);
    for plan in [
        p2p(&options, 3),
        fan_out(&options, 2, 3),
        fan_in(&options, 2, 3),
        shared(&options, 2, 3, 1),
        retained(&options, 10, 3),
        session(&options, 2, 3),
        request_response(&options, 2, 3),
        slow(&options, 1, 1, 1000),
        idle(&options, 3, hold, true),
    ] {
        let plan = plan.expect("the plan is fine");
        for group in &plan.groups {
            let topic = group.publish.as_ref().map(|publishing| &publishing.topic);
            let filters = group.subscribe.iter().map(|of| &of.filter);
            for template in filters.chain(topic) {
                let has_run = template.as_str().contains("${r}");
                assert!(has_run, "{}: {template}", plan.scenario);
            }
        }
    }
}

#[test]
fn a_topic_of_the_users_is_taken_as_it_is() {
    let options = Options {
        topic: Some("a/b-${i}".parse().expect("a template")),
        ..options()
    };
    let plan = p2p(&options, 3).expect("the plan is fine");
    let published = plan.groups[1].publish.as_ref().map(|of| of.topic.as_str());
    let filter = plan.groups[0].subscribe[0].filter.as_str();
    assert_eq!((published, filter), (Some("a/b-${i}"), "a/b-${i}"));
}

#[test]
fn a_topic_of_the_users_reaches_the_subscribers_of_the_scenario() {
    let topic = "plant/${i%3}/x-${i}/t".parse().expect("a template");
    let options = Options {
        topic: Some(topic),
        ..options()
    };
    for plan in [
        p2p(&options, 9),
        fan_out(&options, 9, 2),
        fan_in(&options, 9, 1),
        shared(&options, 9, 4, 2),
        slow(&options, 1, 1, 1),
    ] {
        let plan = plan.expect("the plan is fine");
        let audience = audience(&plan);
        let reached = (0..plan.streams()).all(|stream| audience.copies(stream) > 0);
        assert!(reached, "{}", plan.scenario);
    }
}

#[test]
fn a_topic_is_refused_where_it_would_have_no_effect() {
    let options = Options {
        topic: Some("a/${i}".parse().expect("a template")),
        ..options()
    };
    let refused = |plan: Result<Plan, PlanError>| plan.expect_err("it has no place").to_string();
    let error = refused(retained(&options, 10, 1));
    assert!(error.contains("--topic"), "{error}");
    let error = refused(request_response(&options, 1, 1));
    assert!(error.contains("--topic"), "{error}");
    let options = Options {
        topic: None,
        alias: true,
        ..options
    };
    let error = refused(retained(&options, 10, 1));
    assert!(error.contains("alias"), "{error}");
}

#[test]
fn sessions_outlive_their_connections_in_every_version() {
    for version in [Version::V31, Version::V311, Version::V5] {
        let options = Options {
            version,
            ..options()
        };
        let plan = session(&options, 2, 3).expect("the plan is fine");
        assert!(plan.groups[0].connect.keeps_session());
        assert_eq!(plan.groups[0].subscribe[0].qos, Qos::AtLeastOnce);
        assert!(!plan.groups[1].connect.keeps_session());
    }
}

#[test]
fn warm_up_and_measured_time_are_stages_of_their_own() {
    let plan = p2p(&options(), 1).expect("the plan is fine");
    let measured = plan.stages.iter().filter(|stage| stage.measured);
    let measured = measured
        .map(|stage| (stage.name.as_str(), stage.until))
        .collect::<Vec<_>>();
    assert_eq!(
        measured,
        [("measure", Until::Elapsed(Duration::from_secs(10)))]
    );
    let without = Options {
        warm_up: Duration::ZERO,
        ..options()
    };
    let plan = p2p(&without, 1).expect("the plan is fine");
    assert!(plan.stages.iter().all(|stage| stage.name != "warm-up"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let none = |plan: Result<Plan, PlanError>| matches!(plan, Err(PlanError::TooFew { .. }));
    let options = options();
    assert!(none(p2p(&options, 0)));
    assert!(none(fan_out(&options, 0, 1)) && none(fan_out(&options, 1, 0)));
    assert!(none(shared(&options, 1, 2, 3)) && none(shared(&options, 1, 2, 0)));
    assert!(none(retained(&options, 0, 1)) && none(session(&options, 1, 0)));
    assert!(none(slow(&options, 1, 0, 5)) && none(request_response(&options, 1, 0)));
    let unread = slow(&options, 1, 1, 0);
    assert!(matches!(unread, Err(PlanError::Zero { .. })));
    assert!(none(connect(
        &options,
        0,
        Duration::ZERO,
        ConnectMode::Ramp
    )));
    let nowhere = Options {
        target: Target::default(),
        ..options
    };
    assert_eq!(p2p(&nowhere, 1), Err(PlanError::NoBroker));
}

#[test]
fn closed_loops_stay_within_a_process() {
    let windowed = Options {
        load: Load::Window(5),
        ..options()
    };
    let check = |plan: Result<Plan, PlanError>, threads, processes| {
        let plan = plan.expect("the plan is fine");
        audience(&plan).check_loops(&plan, threads, processes)
    };
    // Both ends of a pair are on one worker, so pairs may be anywhere.
    assert_eq!(check(p2p(&windowed, 10), 2, 3), Ok(()));
    assert_eq!(check(fan_out(&windowed, 1, 10), 4, 1), Ok(()));
    let spans = check(fan_out(&windowed, 1, 10), 1, 2);
    assert!(matches!(spans, Err(PlanError::LoopSpansProcesses { .. })));
    assert_eq!(check(fan_out(&options(), 1, 10), 1, 2), Ok(()));
    // Two workers of one process hold the only two subscribers.
    assert_eq!(check(fan_out(&windowed, 1, 2), 2, 2), Ok(()));
}

#[test]
fn a_plan_survives_the_way_to_another_process() {
    let plan = shared(&options(), 3, 4, 2).expect("the plan is fine");
    let text = serde_json::to_string(&plan).expect("it is written");
    assert_eq!(serde_json::from_str::<Plan>(&text).ok(), Some(plan));
}
