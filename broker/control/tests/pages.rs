//! The pages that are made of a snapshot.
#![allow(
    clippy::float_cmp,
    clippy::unwrap_used,
    reason = "the figures are whole, and a test that can't go on fails"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime};

use broker_control::{
    LoopFigures, Node, ProcessFigures, ShardFigures, Snapshot, metrics, status, sys_topics,
};
use shard_engine::{Counters, Gauges};
use shard_runtime::{GroupLatency, StoreFigures, StoreSpace};
use store_model::StoreState;
use wire_message::Instant;

fn store() -> StoreFigures {
    StoreFigures {
        state: StoreState::Full,
        groups: 7,
        latency: GroupLatency {
            up_to: vec![
                (Duration::from_micros(250), 3),
                (Duration::from_millis(10), 6),
            ],
            count: 7,
            sum: Duration::from_millis(1250),
        },
        space: Some(StoreSpace {
            records: vec![("queue", 11)],
            is_write_stopped: true,
            ..StoreSpace::default()
        }),
        ..StoreFigures::default()
    }
}

fn snapshot() -> Snapshot {
    let shard = |received| {
        Some(ShardFigures {
            counters: Counters {
                packets_publish_received: received,
                ..Counters::default()
            },
            gauges: Gauges {
                sessions: 5,
                subscriptions_shared: 1,
                ..Gauges::default()
            },
        })
    };
    let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    Snapshot {
        node: Node {
            name: "n\"1\"\\".to_owned(),
            version: "0.1.0",
            kernel: "6.1".to_owned(),
            started,
            listeners: Vec::new(),
            open_files_max: 20_000,
        },
        now: started + Duration::from_secs(93_784),
        shards: vec![shard(10), None, shard(5)],
        loops: vec![
            LoopFigures {
                turns: 9,
                sleeps: 4
            };
            3
        ],
        process: ProcessFigures {
            resident_bytes: 4096,
            open_files: 7,
            cpu: Duration::from_millis(1500),
        },
        store: Some(store()),
        ready: true,
    }
}

/// Checks the text format line by line; gives the samples.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let name_ok = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let mut samples = BTreeMap::new();
    let (mut family, mut families) = (String::new(), BTreeSet::new());
    let mut is_histogram = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, meaning) = help.split_once(' ').unwrap();
            assert!(name_ok(name) && !meaning.is_empty(), "{line}");
            assert!(families.insert(name.to_owned()), "{name} is declared twice");
            let kind = lines
                .next()
                .unwrap()
                .strip_prefix(&format!("# TYPE {name} "))
                .unwrap();
            assert_eq!(
                kind == "counter",
                name.ends_with("_total"),
                "{name} is a {kind}"
            );
            let kinds = ["counter", "gauge", "histogram"];
            assert!(kinds.contains(&kind), "{name} is a {kind}");
            is_histogram = kind == "histogram";
            name.clone_into(&mut family);
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let name = sample.split('{').next().unwrap();
        let parts = ["_bucket", "_sum", "_count"];
        let is_own = if is_histogram {
            parts.contains(&name.strip_prefix(&family).unwrap_or_default())
        } else {
            name == family
        };
        assert!(is_own, "{name} stands below {family}");
        let labels = &sample[name.len()..];
        assert!(
            labels.is_empty() || labels.starts_with('{') && labels.ends_with("\"}"),
            "{line}"
        );
        let fresh = samples.insert(sample.to_owned(), value.parse::<f64>().unwrap());
        assert_eq!(fresh, None, "{sample} stands twice");
    }
    assert!(text.ends_with('\n'));
    samples
}

#[test]
fn metrics_are_valid_and_complete() {
    let snapshot = snapshot();
    let samples = parse(&metrics::text(&snapshot));
    assert_eq!(samples["mqtt_packets_publish_received_total"], 15.0);
    assert_eq!(samples["mqtt_sessions"], 10.0);
    assert_eq!(samples["mqtt_subscriptions_shared"], 2.0);
    assert_eq!(samples["skein_shard_up{shard=\"1\"}"], 0.0);
    assert_eq!(samples["skein_shard_turns_total{shard=\"1\"}"], 9.0);
    assert_eq!(samples["skein_shard_sleeps_total{shard=\"1\"}"], 4.0);
    assert_eq!(samples["process_cpu_seconds_total"], 1.5);
    assert_eq!(samples["process_start_time_seconds"], 1_700_000_000.0);
    assert_eq!(
        samples["skein_info{version=\"0.1.0\",node=\"n\\\"1\\\"\\\\\",kernel=\"6.1\"}"],
        1.0
    );
    for (name, _, _) in snapshot.counters().iter() {
        assert!(samples.contains_key(&metrics::counter_name(name)), "{name}");
    }
    for (name, _, _) in snapshot.gauges().iter() {
        assert!(samples.contains_key(&metrics::gauge_name(name)), "{name}");
    }
}

#[test]
fn the_store_shows_on_the_pages() {
    let mut snapshot = snapshot();
    let samples = parse(&metrics::text(&snapshot));
    assert_eq!(samples["skein_store_state{state=\"full\"}"], 1.0);
    assert_eq!(samples["skein_store_state{state=\"healthy\"}"], 0.0);
    assert_eq!(samples["skein_store_groups_total"], 7.0);
    let latency = |part: &str| samples[&format!("skein_store_group_latency_seconds_{part}")];
    assert_eq!(latency("bucket{le=\"0.00025\"}"), 3.0);
    assert_eq!(latency("bucket{le=\"0.01\"}"), 6.0);
    assert_eq!(latency("bucket{le=\"+Inf\"}"), 7.0);
    assert_eq!((latency("sum"), latency("count")), (1.25, 7.0));
    assert_eq!(samples["skein_store_write_stopped"], 1.0);
    assert_eq!(samples["skein_store_records{family=\"queue\"}"], 11.0);
    let shown = |snapshot: &Snapshot| {
        let json: serde_json::Value = serde_json::from_str(&status::json(snapshot)).unwrap();
        let text = status::text(snapshot);
        let line = text
            .lines()
            .find(|line| line.starts_with("store "))
            .unwrap();
        let word = line.split_whitespace().last().unwrap().to_owned();
        assert_eq!(json["store"], word.as_str());
        word
    };
    assert_eq!(shown(&snapshot), "full");
    snapshot.store = None;
    assert_eq!(shown(&snapshot), "none");
    assert!(!metrics::text(&snapshot).contains("skein_store"));
}

#[test]
fn uptime_is_told_in_the_largest_units() {
    assert_eq!(status::duration(snapshot().uptime()), "1d 2h 3m 4s");
    assert_eq!(status::duration(Duration::from_mins(1)), "1m 0s");
    assert_eq!(status::duration(Duration::ZERO), "0s");
}

#[test]
fn system_topics_have_the_names_of_the_field() {
    let mut snapshot = snapshot();
    snapshot.node.name = "n1".to_owned();
    let messages = sys_topics::figures(&snapshot);
    let message = |topic: &str| {
        messages
            .iter()
            .find(|message| message.topic == topic)
            .unwrap()
    };
    assert_eq!(message("$SYS/brokers").payload, "n1");
    assert_eq!(message("$SYS/brokers/n1/version").payload, "0.1.0");
    assert_eq!(
        message("$SYS/brokers/n1/sysdescr").payload,
        "Skein, an MQTT broker"
    );
    assert_eq!(
        message("$SYS/brokers/n1/stats/sessions/count").payload,
        "10"
    );
    let counter = message("$SYS/brokers/n1/metrics/packets/publish/received");
    assert_eq!(counter.payload, "15");
    let topics: BTreeSet<&str> = messages
        .iter()
        .map(|message| message.topic.as_str())
        .collect();
    assert_eq!(topics.len(), messages.len(), "no topic twice");
    let made = counter.to_message(Instant::from_secs(9));
    assert_eq!(
        (made.topic().as_str(), made.payload()),
        (counter.topic.as_str(), b"15".as_slice())
    );
    let heartbeat = sys_topics::heartbeat(&snapshot);
    assert_eq!(heartbeat[0].payload, "1d 2h 3m 4s");
    assert_eq!(heartbeat[1].payload, "2023-11-16T00:16:24Z");
}
