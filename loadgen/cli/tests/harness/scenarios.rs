//! Every scenario, small: it ends well, its numbers make sense, and nothing is missing.

use serde_json::Value;

use crate::harness::{Server, loadgen, scratch};
use crate::server;

/// What all these runs have in common: JSON, and no longer than needed.
const SHORT: &str = "--json - --warm-up 200ms --duration 1s --drain 5s";

/// Runs the program against a broker of its own and gives back the report of a run without fault.
#[track_caller]
fn run(words: &str) -> Value {
    run_as_it_is(&format!("{words} {SHORT}"))
}

/// The same without anything added but the broker's address.
#[track_caller]
fn run_as_it_is(words: &str) -> Value {
    let server: Server = server();
    let report = loadgen(words, server.address()).report(0);
    let checks = &report["checks"];
    assert_eq!(checks["violations"], Value::Array(Vec::new()), "{checks}");
    for wrong in ["lost", "duplicates", "reordered", "corrupt", "stray"] {
        assert_eq!(checks[wrong], 0, "{checks}");
    }
    assert_eq!(checks["expected"], checks["delivered"], "{checks}");
    report
}

fn stage<'a>(report: &'a Value, name: &str) -> &'a Value {
    let stages = report["stages"].as_array().unwrap();
    let found = stages.iter().find(|stage| stage["name"] == name);
    found.unwrap_or_else(|| panic!("no stage {name} in {stages:?}"))
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// The measured stage sent `rate` messages per second, one way or the other within a fifth, each of
/// which arrived `copies` times.
#[track_caller]
fn assert_rate(report: &Value, rate: f64, copies: f64) {
    let stage = stage(report, "measure");
    let (messages, seconds) = (&stage["messages"], number(&stage["seconds"]));
    let sent = number(&messages["sent"]);
    assert!(
        (sent / seconds / rate - 1.0).abs() < 0.2,
        "{sent} in {seconds} s"
    );
    let delivered = number(&messages["delivered"]);
    assert!(
        (delivered / (sent * copies) - 1.0).abs() < 0.2,
        "{messages}"
    );
    assert!(number(&stage["latency"]["intended"]["p50_ns"]) > 0.0);
    assert!(number(&stage["generator"]["lag"]["count"]) > 0.0);
}

#[test]
fn p2p_delivers_at_every_quality_of_service_and_version() {
    for (qos, version) in [(0, 3), (1, 4), (2, 5)] {
        let words = format!("p2p --pairs 5 -r 500 -q {qos} -V {version}");
        let report = run(&words);
        assert_rate(&report, 500.0, 1.0);
        let messages = &stage(&report, "measure")["messages"];
        let acknowledged = number(&messages["acknowledged"]);
        assert_eq!(acknowledged > 0.0, qos > 0, "{messages}");
        assert_eq!(report["run"]["groups"][0]["clients"], 5);
    }
}

#[test]
fn p2p_with_a_window_goes_as_fast_as_it_can() {
    let report = run("p2p --pairs 4 -w 10 -q 1 -s 64..200 --alias --user-property a=b");
    let stage = stage(&report, "measure");
    assert!(number(&stage["messages"]["sent"]) > 1000.0, "{stage}");
    assert_eq!(stage["generator"]["lag"], Value::Null);
    assert!(number(&stage["latency"]["sent"]["count"]) > 1000.0);
}

#[test]
fn poisson_and_ramp_keep_their_rates() {
    assert_rate(
        &run("p2p --pairs 2 -r 1000 --schedule poisson --seed 3"),
        1000.0,
        1.0,
    );
    let report = run("p2p --pairs 2 -r 10 --schedule ramp:1990");
    // From 340 at the end of the warm-up to 1,990 a second.
    assert_rate(&report, 1165.0, 1.0);
}

#[test]
fn fan_out_reaches_every_subscriber() {
    assert_rate(
        &run("fan-out --publishers 2 --subscribers 30 -r 40"),
        40.0,
        30.0,
    );
}

#[test]
fn fan_in_gathers_every_publisher() {
    assert_rate(
        &run("fan-in --publishers 20 --subscribers 2 -r 300"),
        300.0,
        2.0,
    );
    let report = run("fan-in --publishers 20 -w 5 --threads 2");
    assert!(number(&stage(&report, "measure")["messages"]["delivered"]) > 1000.0);
}

#[test]
fn shared_groups_get_every_message_once() {
    let report = run("shared --publishers 3 --subscribers 6 --groups 2 -r 300");
    assert_rate(&report, 300.0, 2.0);
}

#[test]
fn retained_messages_are_fetched_by_every_subscriber() {
    let report = run("retained --messages 50 --subscribers 4");
    assert_eq!(stage(&report, "store")["messages"]["sent"], 50);
    assert_eq!(stage(&report, "fetch")["messages"]["delivered"], 200);
}

#[test]
fn sessions_get_what_queued_for_them() {
    for version in [4, 5] {
        let report = run(&format!("session --clients 5 --messages 10 -V {version}"));
        assert_eq!(stage(&report, "queue")["messages"]["sent"], 10);
        assert_eq!(stage(&report, "resume")["messages"]["delivered"], 50);
    }
}

#[test]
fn requests_are_answered() {
    assert_rate(
        &run("request-response --requesters 3 --responders 2 -r 200"),
        200.0,
        2.0,
    );
}

#[test]
fn slow_subscribers_do_not_spoil_the_figures_of_fast_ones() {
    let words = "slow --subscribers 3 --slow 2 --read-rate 2000 -r 200 -s 1000";
    let report = run(words);
    // The slow ones had not read all by the end of the drain, and that is no news.
    let drain = number(&stage(&report, "drain")["seconds"]);
    assert!(drain > 4.9, "{drain}");
    let warnings = report["warnings"].to_string();
    assert!(!warnings.contains("drain"), "{warnings}");
    let stage = stage(&report, "measure");
    let fast = number(&stage["latency"]["intended"]["count"]);
    assert!(
        (fast / (3.0 * number(&stage["messages"]["sent"])) - 1.0).abs() < 0.2,
        "{stage}"
    );
}

#[test]
fn idle_connections_are_held() {
    let report = run("idle -c 300 --hold 1s --subscribe");
    assert_eq!(stage(&report, "ramp")["connections"]["connected"], 300);
    let hold = stage(&report, "hold");
    assert_eq!(hold["connections"]["lost"], 0);
    assert_eq!(hold["intervals"][0]["connected"], 300);
}

#[test]
fn connections_come_at_their_rate_or_at_once() {
    let report = run("connect -c 300 -R 300 --hold 100ms");
    let ramp = stage(&report, "ramp");
    assert_eq!(ramp["connections"]["connected"], 300);
    assert!((0.8..2.0).contains(&number(&ramp["seconds"])), "{ramp}");
    let latency = &ramp["connections"]["latency"];
    assert_eq!(latency["count"], 300);
    let report = run("connect -c 300 --mode storm --hold 100ms");
    assert_eq!(stage(&report, "storm")["connections"]["connected"], 300);
}

#[test]
fn lost_connections_come_back_at_once() {
    let report = run("connect -c 100 --mode reconnect-storm --hold 100ms");
    let storm = stage(&report, "reconnect storm");
    assert_eq!(storm["connections"]["connected"], 100);
}

#[test]
fn connections_cycle() {
    let report = run("connect -c 5 --mode cycle");
    let cycle = &stage(&report, "cycle")["connections"];
    let connected = number(&cycle["connected"]);
    assert!(
        connected > 100.0 && number(&cycle["failed"]) < 1.0,
        "{cycle}"
    );
    assert!(
        (number(&cycle["closed"]) - connected).abs() <= 5.0,
        "{cycle}"
    );
}

#[test]
fn scenario_files_run_at_any_scale() {
    let report = run_as_it_is("run persistent-sessions --scale 0.001 --json -");
    assert_eq!(report["run"]["scenario"], "session");
    assert_eq!(stage(&report, "resume")["messages"]["delivered"], 200);
    let folder = scratch("mixed");
    let file = folder.join("mixed.toml");
    std::fs::write(&file, MIXED).unwrap();
    let words = format!("mixed {} --scale 0.5 --json -", file.display());
    let report = run_as_it_is(&words);
    assert_eq!(report["run"]["groups"][0]["clients"], 10);
    assert_rate(&report, 300.0, 1.0);
    let report = run_as_it_is(&format!("{words} -d 1500ms --warm-up 0 -q 0 -s 99"));
    let seconds = number(&stage(&report, "measure")["seconds"]);
    assert!((1.4..1.7).contains(&seconds), "{seconds}");
    let publishes = report["run"]["groups"][0]["publishes"].as_str().unwrap();
    assert!(publishes.contains("QoS 0, 99 bytes"), "{publishes}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Sensors that come and go, and two who watch them.
const MIXED: &str = r#"
name = "small mix"
description = "Sensors that come and go, and somebody who watches them."

[[group]]
name = "sensors"
clients = 20
will = { topic = "gone/${i}", qos = 1, retain = false }
churn = { rate = 4.0, abrupt = true, offline = "100ms" }
publish = { topic = "sensor/${i}/value", qos = 1, size = "64:3,256:1", rate = 600.0 }

[[group]]
name = "watcher"
clients = 1
fixed = true
subscribe = [{ filter = "sensor/+/value", qos = 1 }, { filter = "gone/+", qos = 1 }]

[run]
warm_up = "200ms"
duration = "1s"
"#;

#[test]
fn several_processes_form_one_run() {
    let one = run("p2p --pairs 6 -r 600 -q 1");
    let two = run("p2p --pairs 6 -r 600 -q 1 --processes 2");
    assert_rate(&two, 600.0, 1.0);
    let measured = |report: &Value| number(&stage(report, "measure")["messages"]["scheduled"]);
    assert!((measured(&one) / measured(&two) - 1.0).abs() < 0.1);
    let connected = |report: &Value, name| stage(report, name)["connections"]["connected"].clone();
    assert_eq!(connected(&two, "connect subscribers"), 6);
    assert_eq!(connected(&two, "connect publishers"), 6);
    // Of messages that were due in the stage; some that were due before arrive in it.
    let latency = number(&stage(&two, "measure")["latency"]["intended"]["count"]);
    assert!((latency / measured(&two) - 1.0).abs() < 0.1, "{latency}");
    assert_eq!(two["run"]["processes"], 2);
}
