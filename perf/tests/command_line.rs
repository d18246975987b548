//! What people type, and what they are told when it is wrong.
#![allow(clippy::disallowed_methods, reason = "drives a process")]

use std::process::{Command, Output};

fn perf(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_perf"));
    command.args(arguments).output().expect("perf starts")
}

/// What is said when it fails.
fn complaint(arguments: &[&str]) -> String {
    let output = perf(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_broker_is_listed_with_its_version_or_a_way_to_get_it() {
    let output = perf(&["brokers"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.lines().count(), 14, "{text}");
    for line in text.lines() {
        let (name, rest) = line.split_once(' ').expect("a name and more");
        let is_here = rest.contains(" at /");
        assert!(
            is_here || rest.contains("not installed; "),
            "{name}: {rest}"
        );
    }
}

#[test]
fn an_unknown_broker_is_answered_with_those_there_are() {
    let said = complaint(&["start", "nonsense"]);
    assert!(
        said.contains("there is no broker nonsense here, only: aedes, emqx"),
        "{said}"
    );
}

#[test]
#[cfg(debug_assertions)]
fn a_debug_build_does_not_compare() {
    let said = complaint(&["compare", "--brokers", "skein"]);
    assert!(said.contains("this is a debug build"), "{said}");
}

#[test]
fn mistakes_are_told_before_anything_is_measured() {
    let said = complaint(&["compare", "--unoptimised", "--brokers", "emqx,emqx"]);
    assert!(said.contains("emqx is named twice"), "{said}");
    let output = Command::new(env!("CARGO_BIN_EXE_perf"))
        .args(["compare", "--unoptimised", "--brokers", "mosquitto"])
        .args(["--baseline", "nonsense"])
        .env("SKEIN_PERF_MOSQUITTO", "/bin/true")
        .output()
        .expect("perf starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("the baseline nonsense is not among"),
        "{said}"
    );
}
