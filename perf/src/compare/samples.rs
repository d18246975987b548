//! A comparison for the tests of tables and pages.

use std::collections::BTreeMap;

use super::comparison::{
    Comparison, Outcome, SCHEMA, ScenarioDescription, TargetDescription, TargetResult,
};
use super::figure::Figure;
use super::goal::Goal;
use crate::machine::Machine;

fn target(name: &str, absent: Option<&str>) -> TargetDescription {
    TargetDescription {
        name: name.to_owned(),
        title: name.to_uppercase(),
        version: absent.is_none().then(|| "1.0".to_owned()),
        absent: absent.map(str::to_owned),
        notes: vec!["it is <fast> & free".to_owned()],
        files: BTreeMap::from([("a.conf".to_owned(), "listen <here>\n".to_owned())]),
        ..TargetDescription::default()
    }
}

fn scenario(name: &str, title: &str, goals: Vec<Goal>) -> ScenarioDescription {
    ScenarioDescription {
        name: name.to_owned(),
        title: title.to_owned(),
        command: ["loadgen", "p2p", "-q", "0"].map(str::to_owned).to_vec(),
        figures: vec![Figure::DeliveriesPerCpuSecond, Figure::LatencyP50],
        goals,
    }
}

fn measured(values: [f64; 3]) -> Outcome {
    let values = BTreeMap::from([
        (Figure::DeliveriesPerCpuSecond, values.map(Some).to_vec()),
        (
            Figure::LatencyP50,
            vec![Some(95_000.0), None, Some(97_000.0)],
        ),
    ]);
    let warnings = BTreeMap::from([("the generator was the limit".to_owned(), 2)]);
    Outcome::Measured { values, warnings }
}

fn because(reason: &str) -> String {
    reason.to_owned()
}

/// Relay, Skein, Mosquitto and an absent EMQX in two scenarios, with every kind of outcome.
pub(super) fn comparison() -> Comparison {
    let goal = Goal {
        figure: Figure::DeliveriesPerCpuSecond,
        to: Some("mosquitto".to_owned()),
        at_least: Some(15.0),
        at_most: None,
    };
    let absent = || Outcome::Absent {
        reason: because("not installed; get it"),
    };
    let unsupported = Outcome::Unsupported {
        reason: because("no QoS 2"),
    };
    let failed = Outcome::Failed {
        reason: because("it ended"),
    };
    let outcomes = [
        ("fast", "relay", measured([2e6, 4e6, 6e6])),
        ("fast", "skein", measured([1e6, 2e6, 3e6])),
        (
            "fast",
            "mosquitto",
            measured([50_000.0, 100_000.0, 150_000.0]),
        ),
        ("fast", "emqx", absent()),
        ("slow", "relay", unsupported),
        ("slow", "skein", measured([5.0, 5.0, 5.0])),
        ("slow", "mosquitto", failed),
        ("slow", "emqx", absent()),
    ];
    let results = outcomes.map(|(scenario, target, outcome)| TargetResult {
        scenario: scenario.to_owned(),
        target: target.to_owned(),
        outcome,
    });
    Comparison {
        schema: SCHEMA.to_owned(),
        started_unix_s: 1_700_000_000,
        took_s: 61,
        command: ["perf", "compare"].map(str::to_owned).to_vec(),
        revision: Some("abc-dirty".to_owned()),
        machine: Machine::describe(),
        rounds: 3,
        seconds: 3,
        interrupted: false,
        generator_version: "loadgen 1".to_owned(),
        baseline: Some("mosquitto".to_owned()),
        targets: vec![
            target("relay", None),
            target("skein", None),
            target("mosquitto", None),
            target("emqx", Some("not installed; get it")),
        ],
        scenarios: vec![
            scenario("fast", "as fast as it goes", vec![goal.clone()]),
            scenario("slow", "slowly", vec![goal]),
        ],
        results: results.to_vec(),
    }
}
