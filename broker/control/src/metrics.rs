//! Figures as Prometheus text.
//!
//! Names are those of the engine's counters and gauges with `mqtt_` in front, dots as underscores
//! and, for counters, `_total` behind: `packets.publish.received` is
//! `mqtt_packets_publish_received_total`; `connections.count` is `mqtt_connections`. Figures of the
//! process have the names that Prometheus itself gives them.

mod store;

use core::fmt::Write as _;

use crate::{ShardFigures, Snapshot};

/// The media type of [`text`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counters that are also given for each shard, to see an imbalance between them.
const PER_SHARD: [&str; 4] = [
    "messages.received",
    "messages.sent",
    "messages.forward",
    "ring.full",
];

/// All figures, shards added up, in the text format 0.0.4.
#[must_use]
pub fn text(snapshot: &Snapshot) -> String {
    let mut page = Page(String::with_capacity(32 * 1024));
    for (name, help, value) in snapshot.counters().iter() {
        page.family(&counter_name(name), "counter", help);
        page.sample(&counter_name(name), "", value);
    }
    for (name, help, value) in snapshot.gauges().iter() {
        page.family(&gauge_name(name), "gauge", help);
        page.sample(&gauge_name(name), "", value);
    }
    shards(snapshot, &mut page);
    if let Some(figures) = &snapshot.store {
        store::write(figures, &mut page);
    }
    process(snapshot, &mut page);
    page.0
}

/// The Prometheus name of a counter with this dotted name.
#[must_use]
pub fn counter_name(dotted: &str) -> String {
    format!("mqtt_{}_total", dotted.replace('.', "_"))
}

/// The Prometheus name of a gauge with this dotted name.
#[must_use]
pub fn gauge_name(dotted: &str) -> String {
    format!(
        "mqtt_{}",
        dotted
            .strip_suffix(".count")
            .unwrap_or(dotted)
            .replace('.', "_")
    )
}

fn shards(snapshot: &Snapshot, page: &mut Page) {
    let answered = |shard: &Option<ShardFigures>| u64::from(shard.is_some());
    page.family(
        "skein_shard_up",
        "gauge",
        "Whether the shard answered in time",
    );
    for (index, shard) in snapshot.shards.iter().enumerate() {
        page.sample("skein_shard_up", &label(index), answered(shard));
    }
    page.family(
        "skein_shard_connections",
        "gauge",
        "Connections of the shard",
    );
    for (index, shard) in figures(snapshot) {
        page.sample(
            "skein_shard_connections",
            &label(index),
            shard.gauges.connections,
        );
    }
    loops(snapshot, page);
    for wanted in PER_SHARD {
        let name = format!("skein_shard_{}_total", wanted.replace('.', "_"));
        page.family(&name, "counter", &format!("{wanted} of the shard"));
        for (index, shard) in figures(snapshot) {
            let found = shard
                .counters
                .iter()
                .find(|(dotted, _, _)| *dotted == wanted);
            page.sample(&name, &label(index), found.map_or(0, |(_, _, value)| value));
        }
    }
}

fn loops(snapshot: &Snapshot, page: &mut Page) {
    let name = "skein_shard_turns_total";
    page.family(name, "counter", "Turns of the shard's loop");
    for (index, figures) in snapshot.loops.iter().enumerate() {
        page.sample(name, &label(index), figures.turns);
    }
    let name = "skein_shard_sleeps_total";
    page.family(
        name,
        "counter",
        "Turns after which the shard had nothing left to do",
    );
    for (index, figures) in snapshot.loops.iter().enumerate() {
        page.sample(name, &label(index), figures.sleeps);
    }
}

fn figures(snapshot: &Snapshot) -> impl Iterator<Item = (usize, &ShardFigures)> {
    let shards = snapshot.shards.iter().enumerate();
    shards.filter_map(|(index, shard)| Some((index, shard.as_ref()?)))
}

fn label(shard: usize) -> String {
    format!("{{shard=\"{shard}\"}}")
}

fn process(snapshot: &Snapshot, page: &mut Page) {
    let seconds = |time: core::time::Duration| format!("{:.2}", time.as_secs_f64());
    let started = snapshot
        .node
        .started
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let process = &snapshot.process;
    let gauges = [
        (
            "process_start_time_seconds",
            "Start of the process, seconds since 1970",
            seconds(started),
        ),
        (
            "process_resident_memory_bytes",
            "Resident memory",
            process.resident_bytes.to_string(),
        ),
        (
            "process_open_fds",
            "Open file descriptors",
            process.open_files.to_string(),
        ),
        (
            "process_max_fds",
            "Open file descriptors allowed",
            snapshot.node.open_files_max.to_string(),
        ),
        (
            "skein_uptime_seconds",
            "Time since the start",
            seconds(snapshot.uptime()),
        ),
        (
            "skein_ready",
            "Whether the broker takes clients",
            u8::from(snapshot.ready).to_string(),
        ),
    ];
    for (name, help, value) in gauges {
        page.family(name, "gauge", help);
        page.sample(name, "", value);
    }
    page.family(
        "process_cpu_seconds_total",
        "counter",
        "Processor time, user and system",
    );
    page.sample("process_cpu_seconds_total", "", seconds(process.cpu));
    page.family("skein_info", "gauge", "Version and node, always 1");
    let escaped = |text: &str| {
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n")
    };
    let labels = format!(
        "{{version=\"{}\",node=\"{}\",kernel=\"{}\"}}",
        escaped(snapshot.node.version),
        escaped(&snapshot.node.name),
        escaped(&snapshot.node.kernel)
    );
    page.sample("skein_info", &labels, 1);
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}")
            .expect("a string takes everything");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl core::fmt::Display) {
        writeln!(self.0, "{name}{labels} {value}").expect("a string takes everything");
    }
}
