//! The state of a running load as Prometheus reads it (text format 0.0.4).

use std::fmt::Write as _;

use crate::histogram::Histogram;
use crate::run::Run;
use crate::tally::Tally;
use crate::units;

/// Upper bounds of the latencies' buckets in nanoseconds, a 1-2-5 series from 10 us to 10 s.
const BUCKETS_NS: [u64; 19] = [
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// What a scrape shows.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    /// The run.
    pub run: &'a Run,
    /// Name of the stage that goes on.
    pub stage: &'a str,
    /// Clients connected now.
    pub connected: u64,
    /// All that was counted since the run began, over all stages.
    pub total: &'a Tally,
    /// CPU seconds of the generator since the run began.
    pub generator_cpu_s: f64,
    /// CPU seconds of the broker since the run began; `None` if it is not watched.
    pub broker_cpu_s: Option<f64>,
    /// The broker's resident memory; `None` if it is not watched.
    pub broker_resident_bytes: Option<u64>,
}

/// The text that answers a scrape.
#[must_use]
pub fn prometheus(live: &Live<'_>) -> String {
    let mut text = String::new();
    let labels = format!(
        "{{scenario=\"{}\",run=\"{}\",stage=\"{}\",version=\"{}\"}}",
        escape(&live.run.scenario),
        escape(&live.run.id),
        escape(live.stage),
        escape(&live.run.version),
    );
    head(
        &mut text,
        "loadgen_run_info",
        "gauge",
        "The run and its stage, always 1.",
    );
    let _ = writeln!(text, "loadgen_run_info{labels} 1");
    head(
        &mut text,
        "loadgen_connections",
        "gauge",
        "Clients connected now.",
    );
    let _ = writeln!(text, "loadgen_connections {}", live.connected);
    for (name, help, value) in counters(live.total) {
        head(&mut text, name, "counter", help);
        let _ = writeln!(text, "{name} {value}");
    }
    push_histograms(&mut text, live.total);
    push_resources(&mut text, live);
    text
}

fn counters(total: &Tally) -> [(&'static str, &'static str, u64); 13] {
    let (of, messages) = (&total.connections, &total.messages);
    [
        (
            "loadgen_connections_attempted_total",
            "Connections begun.",
            of.attempted,
        ),
        (
            "loadgen_connections_accepted_total",
            "Connections that the broker accepted.",
            of.connected,
        ),
        (
            "loadgen_connections_refused_total",
            "Connections that the broker refused.",
            of.refused,
        ),
        (
            "loadgen_connections_failed_total",
            "Connections that came to nothing.",
            of.failed,
        ),
        (
            "loadgen_connections_lost_total",
            "Connections that ended against the client's will.",
            of.lost,
        ),
        (
            "loadgen_connections_closed_total",
            "Connections that the client ended.",
            of.closed,
        ),
        (
            "loadgen_messages_scheduled_total",
            "Messages due by the schedule.",
            messages.scheduled,
        ),
        (
            "loadgen_messages_sent_total",
            "Messages sent.",
            messages.sent,
        ),
        (
            "loadgen_messages_acknowledged_total",
            "Messages whose exchange the broker completed.",
            messages.acknowledged,
        ),
        (
            "loadgen_messages_refused_total",
            "Messages that the broker refused.",
            messages.refused,
        ),
        (
            "loadgen_messages_delivered_total",
            "Messages that arrived, each copy.",
            messages.delivered,
        ),
        (
            "loadgen_sent_bytes_total",
            "Bytes of the PUBLISH packets sent.",
            messages.sent_bytes,
        ),
        (
            "loadgen_delivered_bytes_total",
            "Bytes of the PUBLISH packets that arrived.",
            messages.delivered_bytes,
        ),
    ]
}

fn push_histograms(text: &mut String, total: &Tally) {
    let name = "loadgen_message_latency_seconds";
    head(
        text,
        name,
        "histogram",
        "Time to a message's arrival, or to its acknowledgement.",
    );
    push_histogram(
        text,
        name,
        "from=\"intended\",to=\"delivered\"",
        &total.intended,
    );
    push_histogram(text, name, "from=\"sent\",to=\"delivered\"", &total.sent);
    push_histogram(
        text,
        name,
        "from=\"sent\",to=\"acknowledged\"",
        &total.acknowledged,
    );
    let others = [
        (
            "loadgen_connect_latency_seconds",
            "Time from a connection's begin to its CONNACK.",
            &total.connect,
        ),
        (
            "loadgen_generator_lag_seconds",
            "Time by which the generator itself sent late.",
            &total.lag,
        ),
        (
            "loadgen_generator_turn_seconds",
            "Length of the workers' turns.",
            &total.turn,
        ),
    ];
    for (name, help, histogram) in others {
        head(text, name, "histogram", help);
        push_histogram(text, name, "", histogram);
    }
}

/// One histogram; a bucket counts what the recorded value, with its three digits, puts there.
fn push_histogram(text: &mut String, name: &str, labels: &str, histogram: &Histogram) {
    let comma = if labels.is_empty() { "" } else { "," };
    let mut steps = histogram.iter_recorded().peekable();
    let (mut below, mut sum_ns) = (0, 0.0);
    let begin = |value| histogram.lowest_equivalent(value);
    let mut take_up_to = |bound: u64, below: &mut u64| {
        while let Some(step) = steps.next_if(|step| begin(step.value_iterated_to()) <= bound) {
            *below += step.count_at_value();
            let middle = histogram.median_equivalent(step.value_iterated_to());
            sum_ns += units::float(step.count_at_value()) * units::float(middle);
        }
    };
    for bound in BUCKETS_NS {
        take_up_to(bound, &mut below);
        let le = units::float(bound) / 1e9;
        let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{le}\"}} {below}");
    }
    take_up_to(u64::MAX, &mut below);
    let _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {below}");
    let braces = if labels.is_empty() {
        String::new()
    } else {
        format!("{{{labels}}}")
    };
    let _ = writeln!(text, "{name}_sum{braces} {}", sum_ns / 1e9);
    let _ = writeln!(text, "{name}_count{braces} {below}");
}

fn push_resources(text: &mut String, live: &Live<'_>) {
    let mut push = |name: &str, kind: &str, help: &str, value: f64| {
        head(text, name, kind, help);
        let _ = writeln!(text, "{name} {value}");
    };
    let name = "loadgen_generator_cpu_seconds_total";
    push(
        name,
        "counter",
        "CPU time of the generator.",
        live.generator_cpu_s,
    );
    if let Some(cpu_s) = live.broker_cpu_s {
        push(
            "loadgen_broker_cpu_seconds_total",
            "counter",
            "CPU time of the broker.",
            cpu_s,
        );
    }
    if let Some(bytes) = live.broker_resident_bytes {
        let name = "loadgen_broker_resident_memory_bytes";
        push(
            name,
            "gauge",
            "Resident memory of the broker.",
            units::float(bytes),
        );
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
