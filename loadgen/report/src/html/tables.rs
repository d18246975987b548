//! The tables below the charts: all the numbers of a report.

use crate::html::command;
use crate::limits;
use crate::page::{Page, Table};
use crate::report::{Checks, Report};
use crate::run::Run;
use crate::stage::{Broker, Stage};
use crate::summary::latencies;
use crate::units::{self, Unit};

/// The figures of a stage.
pub(super) fn push_stage(page: &mut Page, stage: &Stage, run: &Run) {
    let seconds = Unit::Seconds.format(stage.seconds);
    page.html(&format!(
        "<h3>{}, {seconds}</h3>\n",
        crate::page::escape(&stage.name)
    ));
    page.html("<div class=\"tables\">\n");
    push_latencies(page, stage);
    push_messages(page, stage);
    push_connections(page, stage);
    if let Some(broker) = &stage.broker {
        push_broker(page, broker, stage.seconds);
    }
    let threads = units::float(u64::from(run.threads) * u64::from(run.processes));
    let cost = stage.generator_cpu_us_per_message();
    let mut table = Table::new("Load generator", &[] as &[&str]);
    table.row([
        "CPU".to_owned(),
        Unit::Seconds.format(stage.generator.cpu_s),
    ]);
    let share = stage.generator.cpu_s / (stage.seconds * threads);
    table.row(["CPU, of its threads".to_owned(), Unit::Share.format(share)]);
    let cost = cost.map_or("-".to_owned(), |cost| Unit::Microseconds.format(cost));
    table.row(["CPU, a message sent or delivered".to_owned(), cost]);
    page.table(&table);
    page.html("</div>\n");
}

fn push_latencies(page: &mut Page, stage: &Stage) {
    let head = [
        "",
        "count",
        "min",
        "p50",
        "p75",
        "p90",
        "p95",
        "p99",
        "p99.9",
        "p99.99",
        "max",
        "mean",
        "deviation",
    ];
    let mut table = Table::new("Latency", &head);
    for (name, of) in latencies(stage) {
        let values = [
            of.min_ns,
            of.p50_ns,
            of.p75_ns,
            of.p90_ns,
            of.p95_ns,
            of.p99_ns,
            of.p999_ns,
            of.p9999_ns,
            of.max_ns,
        ];
        let [mean, deviation] = [of.mean_ns, of.stddev_ns].map(|of| Unit::Nanoseconds.format(of));
        let cells = [name.to_owned(), units::count(of.count)].into_iter();
        table.row(
            cells
                .chain(values.map(units::nanoseconds))
                .chain([mean, deviation]),
        );
    }
    page.table(&table);
}

fn push_messages(page: &mut Page, stage: &Stage) {
    let of = &stage.messages;
    if of.scheduled + of.sent + of.delivered == 0 {
        return;
    }
    let mut table = Table::new(
        "Messages",
        &["", "in all", "a second", "bytes", "bytes a second"],
    );
    let rows = [
        ("scheduled", of.scheduled, None),
        ("sent", of.sent, Some(of.sent_bytes)),
        ("acknowledged", of.acknowledged, None),
        ("refused", of.refused, None),
        ("delivered", of.delivered, Some(of.delivered_bytes)),
    ];
    for (name, count, bytes) in rows {
        let dash = || "-".to_owned();
        let rate = |bytes| Unit::BytesPerSecond.format(units::rate(bytes, stage.seconds));
        table.row([
            name.to_owned(),
            units::count(count),
            Unit::PerSecond.format(units::rate(count, stage.seconds)),
            bytes.map_or_else(dash, units::bytes),
            bytes.map_or_else(dash, rate),
        ]);
    }
    page.table(&table);
}

fn push_connections(page: &mut Page, stage: &Stage) {
    let of = &stage.connections;
    let counts = [
        of.attempted,
        of.connected,
        of.refused,
        of.failed,
        of.lost,
        of.closed,
    ];
    if counts.iter().all(|count| *count == 0) {
        return;
    }
    let head = [
        "", "begun", "accepted", "refused", "failed", "lost", "closed",
    ];
    let mut table = Table::new("Connections", &head);
    table.row(
        ["in all".to_owned()]
            .into_iter()
            .chain(counts.map(units::count)),
    );
    let rate = |count| Unit::PerSecond.format(units::rate(count, stage.seconds));
    table.row(["a second".to_owned()].into_iter().chain(counts.map(rate)));
    page.table(&table);
}

fn push_broker(page: &mut Page, broker: &Broker, seconds: f64) {
    let mut table = Table::new("Broker", &[] as &[&str]);
    let pids = broker.pids.iter().map(u32::to_string).collect::<Vec<_>>();
    let cost = broker.cpu_us_per_message;
    let rows = [
        ("processes", pids.join(", ")),
        ("CPU", Unit::Seconds.format(broker.cpu_s)),
        ("CPU, of a core", Unit::Share.format(broker.cpu_s / seconds)),
        (
            "CPU, a message",
            cost.map_or("-".to_owned(), |cost| Unit::Microseconds.format(cost)),
        ),
        (
            "context switches, waiting",
            units::count(broker.voluntary_switches),
        ),
        (
            "context switches, forced",
            units::count(broker.involuntary_switches),
        ),
        (
            "memory at the start",
            units::bytes(broker.resident_bytes_start),
        ),
        ("memory at the end", units::bytes(broker.resident_bytes_end)),
        ("memory at most", units::bytes(broker.resident_bytes_max)),
    ];
    for (name, value) in rows {
        table.row([name.to_owned(), value]);
    }
    page.table(&table);
}

/// What became of the messages.
pub(super) fn push_checks(page: &mut Page, of: &Checks) {
    if of.expected + of.delivered + of.stray + of.disconnected == 0 {
        return;
    }
    let head = [
        "",
        "expected",
        "delivered",
        "lost",
        "duplicates",
        "allowed duplicates",
        "reordered",
        "corrupt",
        "stray",
        "wrong QoS",
        "connections lost",
    ];
    let mut table = Table::new("Checks over the whole run", &head);
    let counts = [
        of.expected,
        of.delivered,
        of.lost,
        of.duplicates,
        of.duplicates_allowed,
        of.reordered,
        of.corrupt,
        of.stray,
        of.downgraded,
        of.disconnected,
    ];
    table.row(
        ["messages".to_owned()]
            .into_iter()
            .chain(counts.map(units::count)),
    );
    // Everything but what was expected, what was delivered and what is allowed is a fault.
    let faults = [
        of.lost,
        of.duplicates,
        0,
        of.reordered,
        of.corrupt,
        of.stray,
        of.downgraded,
        of.disconnected,
    ];
    let faults = (3..).zip(faults).filter(|(_, count)| *count > 0);
    table.marked = faults.map(|(column, _)| (0, column)).collect();
    page.table(&table);
}

/// What was run, and its stages.
pub(super) fn push_run(page: &mut Page, report: &Report) {
    let run = &report.run;
    page.html(
        "<div class=\"tables\">
",
    );
    let mut table = Table {
        words: true,
        ..Table::default()
    };
    let machine = &run.machine;
    let rows = [
        ("command", command(run)),
        ("scenario", run.scenario.clone()),
        ("run", run.id.clone()),
        ("started", units::utc(run.started_unix_ms)),
        (
            "load generator",
            format!("version {}, seed {}", run.version, run.seed),
        ),
        (
            "processes × threads",
            format!("{} × {}", run.processes, run.threads),
        ),
        (
            "processor",
            format!("{}, {} cores", machine.processor, machine.cores),
        ),
        ("memory", units::bytes(machine.memory_bytes)),
        ("kernel", machine.kernel.clone()),
    ];
    for (name, text) in rows {
        table.row([name.to_owned(), text]);
    }
    page.table(&table);
    let mut groups = Table::new("Clients", &["group", "clients", "publish", "subscribe to"]);
    groups.words = true;
    for of in &run.groups {
        let clients = units::count(u64::from(of.clients));
        groups.row([
            of.name.clone(),
            clients,
            of.publishes.clone(),
            of.subscribes.clone(),
        ]);
    }
    page.table(&groups);
    let mut stages = Table::new(
        "Stages",
        &["stage", "start", "length", "measured", "sent", "delivered"],
    );
    for stage in &report.stages {
        stages.row([
            stage.name.clone(),
            Unit::Seconds.format(stage.start_s),
            Unit::Seconds.format(stage.seconds),
            if stage.measured { "yes" } else { "no" }.to_owned(),
            units::count(stage.messages.sent),
            units::count(stage.messages.delivered),
        ]);
    }
    page.table(&stages);
    page.html("</div>\n");
}

/// The numbers behind the charts over time.
pub(super) fn push_course(page: &mut Page, report: &Report) {
    let head = [
        "second",
        "stage",
        "connected",
        "connects",
        "scheduled",
        "sent",
        "acknowledged",
        "delivered",
        "p50",
        "p99",
        "p99.9",
        "max",
        "lag p99",
        "broker CPU",
        "broker memory",
    ];
    let mut table = Table::new("", &head);
    let intervals = |stage: &'_ Stage| stage.intervals.len();
    let count = report.stages.iter().map(intervals).sum::<usize>();
    let dash = || "-".to_owned();
    for stage in &report.stages {
        for of in &stage.intervals {
            if table.rows.len() == limits::INTERVALS {
                break;
            }
            let time = |time: Option<u64>| time.map_or_else(dash, units::nanoseconds);
            let share = |cpu_s| Unit::Share.format(cpu_s / of.seconds);
            table.row([
                format!("{:.1}", of.at_s),
                stage.name.clone(),
                units::count(of.connected),
                units::count(of.connects),
                units::count(of.scheduled),
                units::count(of.sent),
                units::count(of.acknowledged),
                units::count(of.delivered),
                time(of.p50_ns),
                time(of.p99_ns),
                time(of.p999_ns),
                time(of.max_ns),
                time(of.lag_p99_ns),
                of.broker_cpu_s.map_or_else(dash, share),
                of.broker_resident_bytes.map_or_else(dash, units::bytes),
            ]);
        }
    }
    let shown = table.rows.len();
    let summary = if shown < count {
        format!("The first {shown} of {count} intervals; the JSON report has all")
    } else {
        format!("All {count} intervals")
    };
    page.folded(&summary, &table);
}
