//! The page of one report: verdict and warnings, the figures that matter, charts, tables.

mod course;
mod tables;

use std::fmt::Write as _;

use crate::chart::{Line, Stroke};
use crate::curve::{percentile_chart, percentile_curve};
use crate::limits;
use crate::page::{Page, Problem, escape};
use crate::report::{Report, Verdict};
use crate::run::Run;
use crate::stage::Stage;
use crate::summary::{latencies, meaning, results};
use crate::units::{self, Unit};

/// The report as a self-contained page that fetches nothing and works without its script.
///
/// A histogram that can't be read leaves its curve out; its figures stand in the tables.
#[must_use]
pub fn html(report: &Report) -> String {
    let mut page = Page::new(&format!("{}: {}", report.run.name, report.verdict));
    push_head(&mut page, &report.run, report.verdict);
    let (violations, warnings) = (&report.checks.violations, &report.warnings);
    page.problems(Problem::Violation, "What the broker did wrong", violations);
    page.problems(
        Problem::Warning,
        "What makes the figures doubtful",
        warnings,
    );
    let stages = results(report);
    for stage in stages.iter().take(limits::STAGES) {
        if stages.len() > 1 {
            page.html(&format!("<h3>{}</h3>\n", escape(&stage.name)));
        }
        page.tiles(&tiles(stage));
    }
    let mut figures = Vec::new();
    for (index, stage) in stages.iter().take(limits::STAGES).enumerate() {
        figures.extend(percentiles(stage, &format!("percentiles-{index}")));
    }
    figures.extend(course::figures(report));
    page.charts(&figures);
    page.heading("Figures");
    for stage in stages {
        tables::push_stage(&mut page, stage, &report.run);
    }
    tables::push_checks(&mut page, &report.checks);
    page.heading("The run");
    tables::push_run(&mut page, report);
    tables::push_course(&mut page, report);
    page.finish()
}

/// The head of the page: what was run and how it went.
pub(crate) fn push_head(page: &mut Page, run: &Run, verdict: Verdict) {
    let mut head = format!(
        "<header><h1>{}</h1><span class=\"verdict {verdict}\">{}</span> \
         <span class=\"soft\">{}</span>\n",
        escape(&run.name),
        verdict.to_string().to_uppercase(),
        meaning(verdict),
    );
    let _ = writeln!(head, "<p class=\"code\">{}</p>", escape(&command(run)));
    for group in run.groups.iter().take(limits::GROUPS) {
        let clients = units::count(u64::from(group.clients));
        let mut text = format!("<b>{}</b>: {clients} clients", escape(&group.name));
        for (verb, what) in [
            ("publish", &group.publishes),
            ("subscribe to", &group.subscribes),
        ] {
            if !what.is_empty() {
                let _ = write!(text, ", {verb} {}", escape(what));
            }
        }
        let _ = writeln!(head, "<p>{text}</p>");
    }
    let _ = writeln!(
        head,
        "<p class=\"soft\">{} · {} · {} cores · {} · Linux {}</p></header>",
        units::utc(run.started_unix_ms),
        escape(&run.machine.processor),
        run.machine.cores,
        units::bytes(run.machine.memory_bytes),
        escape(&run.machine.kernel),
    );
    page.html(&head);
}

/// The command line as it can be pasted into a shell.
pub(crate) fn command(run: &Run) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=@%+".contains(c);
    let quoted = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', "'\\''"))
        }
    };
    run.command.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// The figures that matter most of a stage: value and name.
fn tiles(stage: &Stage) -> Vec<(String, String)> {
    let mut tiles = Vec::new();
    let mut push = |value: String, name: &str| tiles.push((value, name.to_owned()));
    let rate = |count| Unit::PerSecond.format(units::rate(count, stage.seconds));
    let of = &stage.messages;
    if of.delivered > 0 {
        push(rate(of.delivered), "delivered");
    }
    if of.sent > 0 {
        push(rate(of.sent), "sent");
    }
    if of.sent + of.delivered == 0 {
        push(rate(stage.connections.connected), "connections accepted");
    }
    if let Some(felt) = stage.felt() {
        push(units::nanoseconds(felt.p50_ns), "latency, median");
        push(units::nanoseconds(felt.p99_ns), "latency, 99 %");
        push(units::nanoseconds(felt.p999_ns), "latency, 99.9 %");
        push(units::nanoseconds(felt.max_ns), "latency, max");
    }
    if let Some(broker) = &stage.broker {
        if let Some(cost) = broker.cpu_us_per_message {
            push(Unit::Microseconds.format(cost), "broker CPU/msg");
        }
        push(
            Unit::Share.format(broker.cpu_s / stage.seconds),
            "broker CPU",
        );
        push(units::bytes(broker.resident_bytes_max), "broker memory");
    }
    tiles
}

/// The chart of a stage's latencies by percentile.
fn percentiles(stage: &Stage, id: &str) -> Option<String> {
    let mut lines = Vec::new();
    for (index, (name, latency)) in latencies(stage).into_iter().enumerate() {
        let own = name.starts_with("generator");
        let Ok(histogram) = latency.to_histogram() else {
            continue;
        };
        lines.push(Line {
            name: name.to_owned(),
            colour: if own { 5 } else { index },
            stroke: if own || name == "from sent" {
                Stroke::Dashed
            } else {
                Stroke::Solid
            },
            points: percentile_curve(&histogram),
        });
    }
    lines.retain(|line| line.name != "generator's turn");
    let title = format!("Latency by percentile, {}", stage.name);
    (!lines.is_empty()).then(|| percentile_chart(&title, "", lines).figure(id))
}
