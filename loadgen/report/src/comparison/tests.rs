//! What a comparison says of runs that differ.

use super::*;
use crate::histogram;
use crate::latency::Latency;
use crate::report::Verdict;
use crate::run::Group;

fn report(name: &str, delivered: u64, latency_ns: u64) -> Report {
    let mut values = histogram::empty();
    values.record_n(latency_ns, 1000).unwrap();
    let mut stage = Stage {
        name: "measure".to_owned(),
        measured: true,
        seconds: 10.0,
        ..Stage::default()
    };
    stage.messages.sent = delivered;
    stage.messages.delivered = delivered;
    stage.latency.intended = Latency::from_histogram(&values);
    let mut run = Run {
        name: name.to_owned(),
        scenario: "p2p".to_owned(),
        ..Run::default()
    };
    run.groups.push(Group {
        clients: 50,
        publishes: "QoS 1".to_owned(),
        ..Group::default()
    });
    let mut report = Report::new(run);
    report.stages.push(stage);
    report
}

#[test]
fn figures_stand_side_by_side_with_their_ratios() {
    let reports = [
        report("old", 100_000, 1_000_000),
        report("new", 150_000, 500_000),
    ];
    let comparison = Comparison::of(&reports);
    assert!(comparison.notes().is_empty());
    let text = comparison.text();
    let words = |start: &str| {
        let line = text
            .lines()
            .find(|line| line.trim_start().starts_with(start));
        line.unwrap_or_else(|| panic!("{text}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(words("measure"), "measure old new ratio");
    assert_eq!(words("delivered"), "delivered 10,000/s 15,000/s 1.50x");
    assert_eq!(
        words("from intended p99 "),
        "from intended p99 1.00 ms 500 µs 0.50x"
    );
    assert_eq!(words("lost"), "lost 0 0");
    assert!(!text.contains("broker"), "no run watched one");
    let html = comparison.html();
    assert!(html.contains("<td>15,000/s</td><td>1.50x</td>"));
    assert!(html.contains("Latency from intended") && !html.contains("Latency from sent"));
}

#[test]
fn runs_of_the_same_name_are_told_apart() {
    let reports = ["a", "b", "a"].map(|name| report(name, 1, 1));
    assert_eq!(Comparison::of(&reports).names, ["a A", "b", "a C"]);
    assert_eq!((letter(25), letter(26)), ("Z".to_owned(), "27".to_owned()));
}

#[test]
fn what_else_differs_is_said() {
    let mut reports = [report("a", 1, 1), report("b", 1, 1)];
    let run = &mut reports[1].run;
    run.scenario = "fan-out".to_owned();
    run.groups[0].publishes = "QoS 0".to_owned();
    run.machine.cores = 8;
    reports[1].verdict = Verdict::Spoiled;
    let expected = [
        "b: another scenario, fan-out instead of p2p",
        "b: another load, published: \"QoS 0\" instead of \"QoS 1\"",
        "b: another machine,  with 8 cores instead of  with 0 cores",
        "b: the run is spoiled",
    ];
    assert_eq!(Comparison::of(&reports).notes(), expected);
}

#[test]
fn stages_pair_by_name_and_single_ones_whatever_their_names() {
    let mut reports = [report("a", 10, 1), report("b", 20, 1)];
    reports[1].stages[0].name = "other".to_owned();
    assert!(
        Comparison::of(&reports).stages[0]
            .stages
            .iter()
            .all(Option::is_some)
    );
    let mut second = reports[1].stages[0].clone();
    second.name = "measure".to_owned();
    second.messages.delivered = 30;
    reports[1].stages.push(second);
    let comparison = Comparison::of(&reports);
    let delivered = comparison.stages[0]
        .stages
        .iter()
        .map(|stage| stage.unwrap().messages.delivered);
    assert_eq!(delivered.collect::<Vec<_>>(), [10, 30]);
}

#[test]
fn nothing_to_compare_is_no_failure() {
    let comparison = Comparison::of(&[]);
    assert_eq!(comparison.text().lines().next(), Some("whole run"));
    assert!(comparison.html().starts_with("<!DOCTYPE html>"));
}
