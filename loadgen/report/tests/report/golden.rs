//! The forms for the terminal and the JSON, compared with kept ones.
//!
//! What differs is left in the folder for temporary files, to be looked at and copied.

use std::fs;
use std::path::Path;

use loadgen_report::{Comparison, Report, summary};
use serde_json::Value;

use crate::chromium::folder;
use crate::simulated;

#[track_caller]
fn assert_golden(name: &str, text: &str) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/report/golden")
        .join(name);
    let expected = fs::read_to_string(&kept).unwrap_or_default();
    if expected != text {
        let found = folder().join(name);
        fs::write(&found, text).expect("the folder for temporary files is there");
    }
    assert!(
        expected == text,
        "{} differs, see {}",
        kept.display(),
        folder().join(name).display()
    );
}

#[test]
fn the_summary_is_as_kept_and_short() {
    let text = summary(&simulated::report());
    assert_golden("summary.txt", &text);
    assert!(text.lines().count() <= 40);
}

#[test]
fn the_summary_of_a_run_with_every_problem_is_as_kept_and_short() {
    let text = summary(&simulated::hostile());
    assert_golden("summary-violated.txt", &text);
    assert!(text.lines().count() <= 40);
}

#[test]
fn the_summary_of_many_stages_has_a_line_for_each() {
    let mut report = simulated::report();
    for index in 0..30 {
        let mut stage = report.stages[2].clone();
        stage.name = format!("step {index}");
        report.stages.push(stage);
    }
    let text = summary(&report);
    assert_golden("summary-stages.txt", &text);
    assert!(text.lines().count() <= 40);
}

#[test]
fn the_summary_of_a_storm_is_as_kept() {
    assert_golden("summary-storm.txt", &summary(&simulated::storm()));
}

#[test]
fn the_comparison_is_as_kept() {
    let runs = [simulated::report(), simulated::report_of("p2p", 1.7)];
    assert_golden("comparison.txt", &Comparison::of(&runs).text());
}

#[test]
fn the_json_is_as_kept() {
    let report = simulated::report();
    let mut value = serde_json::to_value(&report).unwrap();
    let stages = value["stages"].as_array_mut().unwrap();
    stages.truncate(3);
    stages.remove(1);
    stages.iter_mut().for_each(shorten);
    let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
    assert_golden("report.json", &text);
    assert!(Report::from_json(&text).is_ok());
}

/// Keeps of `value` what does not depend on how a compressor or an exponential is written: the first
/// letters of a histogram, three digits of a fraction, and the first interval.
fn shorten(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match (name.as_str(), &mut *value) {
                    ("histogram", Value::String(text)) => text.truncate(8),
                    ("intervals", Value::Array(intervals)) => intervals.truncate(1),
                    _ => {}
                }
                shorten(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(shorten),
        Value::Number(number) if number.is_f64() => {
            let value = number.as_f64().unwrap_or_default();
            *number = serde_json::Number::from_f64((value * 1e3).round() / 1e3)
                .expect("a rounded number is a number");
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
