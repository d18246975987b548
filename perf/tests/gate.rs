//! The gate as its users run it: what it lets pass, and that planted waste closes it.
#![allow(clippy::disallowed_methods, reason = "runs a program and reads files")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Two figures of one program, which is enough to be built for a test.
const FIGURES: &str = "^publish-qos0-(instructions|allocations)$";

fn gate(baseline: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_perf"))
        .args(["gate", "--baseline"])
        .arg(baseline)
        .args(arguments)
        .output()
        .expect("perf starts")
}

fn said(output: &Output) -> String {
    let streams = [&output.stdout, &output.stderr];
    streams
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

/// The words of the row of a figure.
fn row(output: &Output, figure: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut rows = text
        .lines()
        .map(|line| line.split_whitespace().map(str::to_owned).collect());
    let found = rows.find(|row: &Vec<String>| row.get(1).is_some_and(|name| name == figure));
    assert!(found.is_some(), "no row of {figure} in:\n{}", said(output));
    found.unwrap_or_default()
}

fn folder() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("there is room");
    let path = folder.path().join("baseline.toml");
    (folder, path)
}

#[test]
fn planted_waste_closes_the_gate_and_nothing_else_does() {
    let (_folder, baseline) = folder();
    let only = ["--only", FIGURES];
    let update = gate(
        &baseline,
        &[&only[..], &["--update", "--reason", "a test"]].concat(),
    );
    assert_eq!(update.status.code(), Some(0), "{}", said(&update));
    let written = fs::read_to_string(&baseline).expect("it was written");
    assert!(written.contains("reason = \"a test\""), "{written}");

    let same = gate(&baseline, &only);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    assert!(said(&same).contains("the gate is open: 2 figures"));

    let plant = |what| gate(&baseline, &[&only[..], &["--plant", what]].concat());
    let allocation = plant("allocation");
    assert_eq!(allocation.status.code(), Some(3), "{}", said(&allocation));
    let words = row(&allocation, "publish-qos0-allocations");
    assert_eq!(words[0], "WORSE");
    let [now, before] = [&words[2], &words[3]].map(|word| word.parse::<f64>().expect("a number"));
    assert!((now - before - 1.0).abs() < 0.01, "{words:?}");
    assert!(said(&allocation).contains("cost more than allowed: publish-qos0-"));
    assert!(said(&allocation).contains("the gate is closed"));

    let work = plant("work");
    assert_eq!(work.status.code(), Some(3), "{}", said(&work));
    assert_eq!(row(&work, "publish-qos0-instructions")[0], "WORSE");
    assert_eq!(row(&work, "publish-qos0-allocations")[0], "ok");
}

#[test]
fn a_baseline_of_a_figure_that_does_not_exist_is_refused() {
    let (_folder, baseline) = folder();
    let text = "schema = 1\n[figures.nothing-bytes]\nvalue = 1.0\nunit = \"\"\ntolerance = 0.1\n";
    fs::write(&baseline, text).expect("there is room");
    let output = gate(&baseline, &["--only", FIGURES]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("figures that do not exist: nothing-bytes"),
        "{}",
        said(&output)
    );
}

#[test]
fn an_update_needs_a_reason_and_a_pattern_must_match() {
    let (_folder, baseline) = folder();
    for arguments in [
        &["--update"][..],
        &["--update", "--reason", " "],
        &["--only", "no-such-figure"],
        &["--only", "("],
    ] {
        let output = gate(&baseline, arguments);
        assert!(!output.status.success(), "{arguments:?}");
        assert!(!baseline.exists());
    }
}
