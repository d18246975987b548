//! Several runs side by side: what can be compared, and how the figures relate.

mod figures;
mod page;
mod text;

use crate::report::Report;
use crate::run::Run;
use crate::stage::Stage;
use crate::summary::results;
use figures::{Figure, figures};

/// Two or more reports side by side, the first being what the others are measured against.
#[derive(Debug)]
pub struct Comparison<'a> {
    reports: Vec<&'a Report>,
    names: Vec<String>,
    notes: Vec<String>,
    stages: Vec<Paired<'a>>,
}

/// The stages of one name, and their figures.
#[derive(Debug)]
struct Paired<'a> {
    name: &'a str,
    /// The stage of each report, `None` where a report has none of that name.
    stages: Vec<Option<&'a Stage>>,
    figures: Vec<Figure>,
}

impl<'a> Comparison<'a> {
    /// Compares the measured stages of `reports`, those of the same name with each other.
    ///
    /// Where each report has a single measured stage those are compared whatever their names.
    #[must_use]
    pub fn of(reports: &'a [Report]) -> Self {
        let stages = reports.iter().map(results).collect::<Vec<_>>();
        let single = stages.iter().all(|stages| stages.len() == 1);
        let paired = match stages.first() {
            None => Vec::new(),
            Some(first) => first
                .iter()
                .map(|stage| {
                    let same = |stages: &Vec<&'a Stage>| {
                        let named = |other: &&&Stage| single || other.name == stage.name;
                        stages.iter().find(named).copied()
                    };
                    let stages = stages.iter().map(same).collect::<Vec<_>>();
                    Paired {
                        name: &stage.name,
                        figures: figures(&stages),
                        stages,
                    }
                })
                .collect(),
        };
        Self {
            names: names(reports),
            notes: notes(reports),
            reports: reports.iter().collect(),
            stages: paired,
        }
    }

    /// Why the runs are not, or not quite, comparable; empty if nothing but chance and the broker
    /// lies between them.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// A name for each report: that of its run, with a number where two are the same.
fn names(reports: &[Report]) -> Vec<String> {
    let mut names = Vec::<String>::new();
    for (index, report) in reports.iter().enumerate() {
        let same = reports
            .iter()
            .filter(|other| other.run.name == report.run.name);
        if same.count() == 1 {
            names.push(report.run.name.clone());
        } else {
            names.push(format!("{} {}", report.run.name, letter(index)));
        }
    }
    names
}

/// `A`, `B`, ..., then numbers.
fn letter(index: usize) -> String {
    match u8::try_from(index) {
        Ok(index @ 0..26) => char::from(b'A' + index).to_string(),
        Ok(26..) | Err(_) => (index + 1).to_string(),
    }
}

/// What differs between the first run and the others besides the broker.
fn notes(reports: &[Report]) -> Vec<String> {
    let mut notes = Vec::new();
    let Some((first, others)) = reports.split_first() else {
        return notes;
    };
    let names = names(reports);
    for (other, name) in others.iter().zip(names.iter().skip(1)) {
        let of = |subject: &str, a: String, b: String| {
            (a != b).then(|| format!("{name}: another {subject}, {b} instead of {a}"))
        };
        let (a, b) = (&first.run, &other.run);
        notes.extend(of("scenario", a.scenario.clone(), b.scenario.clone()));
        notes.extend(load(a, b).map(|text| format!("{name}: another load, {text}")));
        notes.extend(of("machine", machine(a), machine(b)));
        notes.extend(of(
            "kernel",
            a.machine.kernel.clone(),
            b.machine.kernel.clone(),
        ));
        let threads = |run: &Run| format!("{} × {}", run.processes, run.threads);
        notes.extend(of("number of processes × threads", threads(a), threads(b)));
        notes.extend(of(
            "version of loadgen",
            a.version.clone(),
            b.version.clone(),
        ));
    }
    for (report, name) in reports.iter().zip(&names) {
        if report.verdict != crate::report::Verdict::Ok {
            notes.push(format!("{name}: the run is {}", report.verdict));
        }
    }
    notes
}

/// How the clients of two runs differ, the first difference only.
fn load(a: &Run, b: &Run) -> Option<String> {
    if a.groups.len() != b.groups.len() {
        return Some(format!(
            "{} groups instead of {}",
            b.groups.len(),
            a.groups.len()
        ));
    }
    a.groups.iter().zip(&b.groups).find_map(|(a, b)| {
        let differs =
            |of: &str, a: &str, b: &str| (a != b).then(|| format!("{of}: {b:?} instead of {a:?}"));
        differs("group", &a.name, &b.name)
            .or_else(|| differs("clients", &a.clients.to_string(), &b.clients.to_string()))
            .or_else(|| differs("published", &a.publishes, &b.publishes))
            .or_else(|| differs("subscribed", &a.subscribes, &b.subscribes))
    })
}

fn machine(run: &Run) -> String {
    format!("{} with {} cores", run.machine.processor, run.machine.cores)
}

#[cfg(test)]
mod tests;
