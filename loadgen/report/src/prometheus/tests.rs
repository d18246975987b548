//! What a scrape shows, and that it keeps to the text format.

use std::collections::BTreeSet;

use super::*;

fn scrape(total: &Tally) -> String {
    let run = Run {
        id: "r1".to_owned(),
        scenario: "a \"b\"\\\nc".to_owned(),
        ..Run::default()
    };
    prometheus(&Live {
        run: &run,
        stage: "measure",
        connected: 7,
        total,
        generator_cpu_s: 1.25,
        broker_cpu_s: Some(0.5),
        broker_resident_bytes: Some(1_048_576),
    })
}

fn tally(values: &[u64]) -> Tally {
    let mut total = Tally::default();
    total.messages.sent = 42;
    for value in values {
        total.intended.record(*value).unwrap();
    }
    total
}

#[test]
fn counters_and_gauges_have_their_values_and_labels_are_escaped() {
    let text = scrape(&tally(&[]));
    for line in [
        "loadgen_messages_sent_total 42",
        "loadgen_connections 7",
        "loadgen_generator_cpu_seconds_total 1.25",
        "loadgen_broker_cpu_seconds_total 0.5",
        "loadgen_broker_resident_memory_bytes 1048576",
        "loadgen_run_info{scenario=\"a \\\"b\\\"\\\\\\nc\",run=\"r1\",stage=\"measure\",version=\"\"} 1",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
}

#[test]
fn buckets_are_cumulative_and_the_sum_is_that_of_the_values() {
    let text = scrape(&tally(&[10_000, 15_000, 3_000_000, 20_000_000_000]));
    let value = |line: &str| {
        let found = text.lines().find_map(|found| found.strip_prefix(line));
        found
            .unwrap_or_else(|| panic!("{line}\n{text}"))
            .trim()
            .to_owned()
    };
    let bucket = |le: &str| {
        let labels = "from=\"intended\",to=\"delivered\"";
        value(&format!(
            "loadgen_message_latency_seconds_bucket{{{labels},le=\"{le}\"}}"
        ))
    };
    let found = ["0.00001", "0.00002", "0.001", "0.005", "10", "+Inf"].map(bucket);
    assert_eq!(found, ["1", "2", "2", "3", "3", "4"]);
    let sum = value("loadgen_message_latency_seconds_sum{from=\"intended\",to=\"delivered\"}");
    let sum = sum.parse::<f64>().unwrap();
    assert!((sum - 20.003_025).abs() < 0.02, "{sum}");
    assert_eq!(value("loadgen_connect_latency_seconds_count"), "0");
}

#[test]
fn each_metric_has_help_and_type_once_before_its_samples() {
    let text = scrape(&tally(&[1_000]));
    let (mut helped, mut typed) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("#"), Some("HELP")) => assert!(helped.insert(words.next().unwrap())),
            (Some("#"), Some("TYPE")) => assert!(typed.insert(words.next().unwrap())),
            _ => {
                let name = line.split(['{', ' ']).next().unwrap();
                let endings = ["_bucket", "_sum", "_count"];
                let family = endings.iter().find_map(|ending| name.strip_suffix(ending));
                let name = family.unwrap_or(name);
                assert!(helped.contains(name) && typed.contains(name), "{line}");
                assert!(
                    line.rsplit(' ').next().unwrap().parse::<f64>().is_ok(),
                    "{line}"
                );
            }
        }
    }
    assert_eq!(helped, typed);
    assert!(text.ends_with('\n'));
}
