//! The page of a run as text: its charts, its numbers, and nothing from outside.

use loadgen_report::{Report, html, units};

use crate::simulated;

#[test]
fn every_chart_is_there() {
    let html = html(&simulated::report());
    for id in [
        "percentiles-0",
        "latency",
        "throughput",
        "connections",
        "cpu",
        "memory",
    ] {
        let chart = html
            .split(&format!("<svg class=\"plot\" id=\"{id}\""))
            .nth(1);
        let chart = chart.unwrap_or_else(|| unreachable!("no chart {id}"));
        let chart = chart.split("</svg>").next().unwrap_or_default();
        assert!(chart.contains("<path class=\"line"), "{id} has no line");
        assert!(
            chart.contains("<title id=") && chart.contains("<desc id="),
            "{id} is not described"
        );
    }
    assert!(
        !html.contains("id=\"connects\""),
        "nobody connected in the measured stage"
    );
}

#[test]
fn charts_without_values_are_left_out() {
    let mut report = simulated::report();
    for stage in &mut report.stages {
        stage.broker = None;
        for interval in &mut stage.intervals {
            interval.broker_cpu_s = None;
            interval.broker_resident_bytes = None;
        }
    }
    let html = html(&report);
    assert!(html.contains("id=\"latency\"") && !html.contains("id=\"cpu\""));
    assert!(!html.contains("id=\"memory\"") && !html.contains("<caption>Broker"));
}

#[test]
fn a_storm_of_connections_has_charts_of_its_own() {
    let html = html(&simulated::storm());
    for id in ["percentiles-0", "latency", "connections", "connects"] {
        assert!(html.contains(&format!("id=\"{id}\"")), "{id}");
    }
    assert!(!html.contains("id=\"throughput\"") && html.contains("connections accepted"));
    assert!(html.contains(">SPOILED<"), "some were refused");
}

#[test]
fn the_numbers_are_those_of_the_report() {
    let report = simulated::report();
    let html = html(&report);
    let stage = report.measured().next().unwrap();
    let intended = stage.latency.intended.as_ref().unwrap();
    let broker = stage.broker.as_ref().unwrap();
    for value in [
        intended.p50_ns,
        intended.p99_ns,
        intended.p999_ns,
        intended.max_ns,
    ] {
        assert!(html.contains(&format!("<b>{}</b>", units::nanoseconds(value))));
        assert!(html.contains(&format!("<td>{}</td>", units::nanoseconds(value))));
    }
    assert!(html.contains(&format!(
        "<td>{}</td>",
        units::count(stage.messages.delivered)
    )));
    assert!(html.contains(&format!(
        "<td>{}</td>",
        units::count(broker.involuntary_switches)
    )));
    assert!(html.contains(&format!(
        "<b>{}</b>",
        units::bytes(broker.resident_bytes_max)
    )));
    let rows = report
        .stages
        .iter()
        .map(|stage| stage.intervals.len())
        .sum::<usize>();
    assert!(html.contains(&format!("<summary>All {rows} intervals</summary>")));
}

#[test]
fn the_pause_is_seen_from_intended_and_hardly_from_sent() {
    let report = simulated::report();
    let stage = report.measured().next().unwrap();
    let p99 = |latency: &Option<loadgen_report::Latency>| latency.as_ref().unwrap().p99_ns;
    assert!(p99(&stage.latency.intended) > 800_000_000);
    assert!(p99(&stage.latency.sent) < 1_000_000);
}

#[test]
fn hostile_text_stays_text_everywhere() {
    let report = simulated::hostile();
    let html = html(&report);
    assert_eq!(html.matches("<script").count(), 1, "only the page's own");
    assert_eq!(html.matches("<img").count(), 0);
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    let reports = [report.clone(), report];
    let html = loadgen_report::Comparison::of(&reports).html();
    assert_eq!(
        (
            html.matches("<script").count(),
            html.matches("<img").count()
        ),
        (1, 0)
    );
}

#[test]
fn nothing_is_fetched() {
    let html = html(&simulated::report());
    for word in [
        "http://", "https://", "url(", "@import", "src=", "href=", "<link", "<img",
    ] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn verdict_violations_and_warnings_stand_on_top() {
    let html = html(&simulated::hostile());
    let at = |text: &str| html.find(text).unwrap_or_else(|| unreachable!("no {text}"));
    assert!(at(">VIOLATED<") < at("What the broker did wrong"));
    assert!(at("What the broker did wrong") < at("What makes the figures doubtful"));
    assert!(at("What makes the figures doubtful") < at("<svg"));
    assert!(html.contains("<td class=\"bad\">1,234</td><td>0</td>"));
}

#[test]
fn a_report_of_nothing_is_a_page_as_well() {
    let html = html(&Report::new(loadgen_report::Run::default()));
    assert!(html.contains("<h1>") && !html.contains("<svg") && !html.contains("NaN"));
}

#[test]
fn an_hour_of_intervals_stays_a_page_that_a_browser_opens() {
    let mut report = simulated::report();
    let stage = &mut report.stages[2];
    let row = stage.intervals[0].clone();
    stage.seconds = 3600.0;
    stage.intervals = (0..3600_u32)
        .map(|second| loadgen_report::Interval {
            at_s: 3.0 + f64::from(second),
            ..row.clone()
        })
        .collect();
    let html = html(&report);
    assert!(html.contains("The first 1000 of 3605 intervals; the JSON report has all"));
    assert!(html.len() < 1_000_000, "{}", html.len());
}
