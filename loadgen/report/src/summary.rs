//! The summary that stands on the terminal when a run is over.

use crate::columns::Columns;
use crate::latency::Latency;
use crate::limits;
use crate::report::{Checks, Report, Verdict};
use crate::run::Run;
use crate::stage::{Broker, Stage};
use crate::units::{self, Unit};

/// The report in at most about forty lines of plain text: what was wrong first, then the figures of
/// the measured stages.
#[must_use]
pub fn summary(report: &Report) -> String {
    let mut lines = vec![headline(report)];
    push_problems(&mut lines, "VIOLATION", &report.checks.violations);
    push_problems(&mut lines, "WARNING", &report.warnings);
    push_groups(&mut lines, &report.run);
    let stages = results(report);
    match stages.as_slice() {
        [] => lines.push("  no stage was finished".to_owned()),
        stages if stages.len() <= limits::STAGES_WHOLE => {
            for stage in stages {
                push_stage(&mut lines, stage, &report.run);
            }
        }
        stages => push_overview(&mut lines, stages),
    }
    push_checks(&mut lines, &report.checks);
    lines.push(String::new());
    lines.join("\n")
}

/// The stages whose figures are results, or all of them if none is said to be measured.
pub(crate) fn results(report: &Report) -> Vec<&Stage> {
    let measured = report.measured().collect::<Vec<_>>();
    if measured.is_empty() {
        return report.stages.iter().collect();
    }
    measured
}

/// What the verdict means, in a clause.
pub(crate) fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "everything was delivered as promised, and the generator kept up",
        Verdict::Spoiled => "something makes the figures doubtful",
        Verdict::Violated => "the broker broke a promise",
    }
}

fn headline(report: &Report) -> String {
    let verdict = report.verdict.to_string();
    let verdict = match report.verdict {
        Verdict::Ok => verdict,
        Verdict::Spoiled | Verdict::Violated => verdict.to_uppercase(),
    };
    format!(
        "{}: {verdict}, {}",
        clip(&report.run.name),
        meaning(report.verdict)
    )
}

fn push_problems(lines: &mut Vec<String>, word: &str, problems: &[String]) {
    for problem in problems.iter().take(limits::PROBLEMS) {
        lines.push(format!("  {word}: {}", clip(problem)));
    }
    if let Some(more) = problems.len().checked_sub(limits::PROBLEMS + 1) {
        lines.push(format!("  {word}: and {} more, see the report", more + 1));
    }
}

fn push_groups(lines: &mut Vec<String>, run: &Run) {
    for group in run.groups.iter().take(limits::GROUPS) {
        let mut what = Vec::new();
        if !group.publishes.is_empty() {
            what.push(format!("publish {}", group.publishes));
        }
        if !group.subscribes.is_empty() {
            what.push(format!("subscribe to {}", group.subscribes));
        }
        let clients = units::count(u64::from(group.clients));
        lines.push(clip(&format!(
            "  {} {clients} {}",
            group.name,
            what.join(", ")
        )));
    }
    if let Some(more) = run.groups.len().checked_sub(limits::GROUPS + 1) {
        lines.push(format!("  and {} more groups", more + 1));
    }
}

fn push_stage(lines: &mut Vec<String>, stage: &Stage, run: &Run) {
    lines.push(format!(
        "{}, {}",
        clip(&stage.name),
        Unit::Seconds.format(stage.seconds)
    ));
    push_messages(lines, stage);
    push_latencies(lines, stage);
    let of = &stage.connections;
    if of.attempted + of.lost + of.closed > 0 {
        lines.push(format!(
            "  connections   {} begun, {} accepted ({}), {} refused, {} failed, {} lost, {} closed",
            units::count(of.attempted),
            units::count(of.connected),
            Unit::PerSecond.format(units::rate(of.connected, stage.seconds)),
            units::count(of.refused),
            units::count(of.failed),
            units::count(of.lost),
            units::count(of.closed),
        ));
    }
    if let Some(broker) = &stage.broker {
        push_broker(lines, broker, stage.seconds);
    }
    let threads = u64::from(run.threads) * u64::from(run.processes);
    let each = stage
        .generator_cpu_us_per_message()
        .map_or(String::new(), |cost| {
            format!(
                ", {} a message sent or delivered",
                Unit::Microseconds.format(cost)
            )
        });
    lines.push(format!(
        "  generator     CPU {} ({} of {threads} thread(s)){each}",
        Unit::Seconds.format(stage.generator.cpu_s),
        Unit::Share.format(stage.generator.cpu_s / (stage.seconds * units::float(threads))),
    ));
}

fn push_messages(lines: &mut Vec<String>, stage: &Stage) {
    let of = &stage.messages;
    if of.scheduled + of.sent + of.delivered == 0 {
        return;
    }
    let mut columns = Columns::default();
    columns.row([
        "messages",
        "scheduled",
        "sent",
        "acknowledged",
        "refused",
        "delivered",
    ]);
    let counts = [
        of.scheduled,
        of.sent,
        of.acknowledged,
        of.refused,
        of.delivered,
    ];
    columns.row(
        ["  in all".to_owned()]
            .into_iter()
            .chain(counts.map(units::count)),
    );
    let rate = |count| Unit::PerSecond.format(units::rate(count, stage.seconds));
    columns.row(
        ["  a second".to_owned()]
            .into_iter()
            .chain(counts.map(rate)),
    );
    let bytes = |bytes| Unit::BytesPerSecond.format(units::rate(bytes, stage.seconds));
    let blank = String::new;
    let (sent, delivered) = (bytes(of.sent_bytes), bytes(of.delivered_bytes));
    columns.row([
        "  bytes".to_owned(),
        blank(),
        sent,
        blank(),
        blank(),
        delivered,
    ]);
    lines.extend(columns.lines("  "));
}

fn push_latencies(lines: &mut Vec<String>, stage: &Stage) {
    let mut columns = Columns::default();
    columns.row([
        "latency", "p50", "p90", "p99", "p99.9", "p99.99", "max", "mean",
    ]);
    let rows = latencies(stage);
    for (name, latency) in &rows {
        let values = [
            latency.p50_ns,
            latency.p90_ns,
            latency.p99_ns,
            latency.p999_ns,
            latency.p9999_ns,
            latency.max_ns,
        ];
        let mean = Unit::Nanoseconds.format(latency.mean_ns);
        let cells = values.map(units::nanoseconds).into_iter().chain([mean]);
        columns.row([format!("  {name}")].into_iter().chain(cells));
    }
    if !rows.is_empty() {
        lines.extend(columns.lines("  "));
    }
}

/// The latencies that a stage has, with their names.
pub(crate) fn latencies(stage: &Stage) -> Vec<(&'static str, &Latency)> {
    let all = [
        ("from intended", &stage.latency.intended),
        ("from sent", &stage.latency.sent),
        ("to acknowledged", &stage.latency.acknowledged),
        ("to CONNACK", &stage.connections.latency),
        ("generator's lag", &stage.generator.lag),
        ("generator's turn", &stage.generator.turn),
    ];
    all.into_iter()
        .filter_map(|(name, latency)| Some((name, latency.as_ref()?)))
        .collect()
}

fn push_broker(lines: &mut Vec<String>, broker: &Broker, seconds: f64) {
    let each = broker.cpu_us_per_message.map_or(String::new(), |cost| {
        format!(", {} a message", Unit::Microseconds.format(cost))
    });
    lines.push(format!(
        "  broker        CPU {} ({} of a core){each}, {} switches ({} forced)",
        Unit::Seconds.format(broker.cpu_s),
        Unit::Share.format(broker.cpu_s / seconds),
        units::count(broker.voluntary_switches + broker.involuntary_switches),
        units::count(broker.involuntary_switches),
    ));
    lines.push(format!(
        "                memory {} at the start, {} at the end, {} at most",
        units::bytes(broker.resident_bytes_start),
        units::bytes(broker.resident_bytes_end),
        units::bytes(broker.resident_bytes_max),
    ));
}

/// One line per stage, for runs of many.
fn push_overview(lines: &mut Vec<String>, stages: &[&Stage]) {
    let mut columns = Columns::default();
    let names = [
        "stage",
        "length",
        "connects",
        "sent",
        "delivered",
        "p50",
        "p99",
        "p99.9",
        "max",
        "broker CPU",
    ];
    columns.row(names);
    for stage in stages.iter().take(limits::STAGES) {
        let felt = stage.felt();
        let at = |value: fn(&Latency) -> u64| {
            felt.map_or("-".to_owned(), |latency| units::nanoseconds(value(latency)))
        };
        let rate = |count| Unit::PerSecond.format(units::rate(count, stage.seconds));
        let cpu = stage.broker.as_ref().map_or("-".to_owned(), |broker| {
            Unit::Share.format(broker.cpu_s / stage.seconds)
        });
        columns.row([
            clip(&stage.name),
            Unit::Seconds.format(stage.seconds),
            rate(stage.connections.connected),
            rate(stage.messages.sent),
            rate(stage.messages.delivered),
            at(|latency| latency.p50_ns),
            at(|latency| latency.p99_ns),
            at(|latency| latency.p999_ns),
            at(|latency| latency.max_ns),
            cpu,
        ]);
    }
    lines.extend(columns.lines("  "));
    if let Some(more) = stages.len().checked_sub(limits::STAGES + 1) {
        lines.push(format!("  and {} more stages, see the report", more + 1));
    }
}

fn push_checks(lines: &mut Vec<String>, of: &Checks) {
    if of.expected + of.delivered + of.stray + of.disconnected == 0 {
        return;
    }
    let usual = [
        ("expected", of.expected),
        ("delivered", of.delivered),
        ("lost", of.lost),
        ("duplicates", of.duplicates),
        ("(allowed)", of.duplicates_allowed),
        ("reordered", of.reordered),
        ("corrupt", of.corrupt),
        ("stray", of.stray),
    ];
    let rare = [
        ("wrong QoS", of.downgraded),
        ("connections lost", of.disconnected),
    ];
    let rare = rare.into_iter().filter(|(_, count)| *count > 0);
    let counts = usual.into_iter().chain(rare).collect::<Vec<_>>();
    let mut columns = Columns::default();
    columns.row(
        ["whole run"]
            .into_iter()
            .chain(counts.iter().map(|(name, _)| *name)),
    );
    let cells = counts.iter().map(|(_, count)| units::count(*count));
    columns.row(["  messages".to_owned()].into_iter().chain(cells));
    lines.extend(columns.lines(""));
}

/// `text` on one line of bounded length.
fn clip(text: &str) -> String {
    let mut line = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut clipped = line
        .by_ref()
        .take(limits::LINE_CHARACTERS)
        .collect::<String>();
    if line.next().is_some() {
        clipped.push_str("...");
    }
    clipped
}
