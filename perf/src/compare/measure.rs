//! One measurement: a fresh target, one load, the figures.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use loadgen_report::{Report, Verdict};

use super::figure::{Figure, bytes_per_connection};
use super::generator::{Aim, Generator};
use super::scenario::{Scenario, fill};
use super::target::Target;
use crate::adapter::Feature;
use crate::interrupt::Interrupt;

/// What one measurement found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Measured {
    pub(crate) figures: BTreeMap<Figure, f64>,
    /// What makes the figures doubtful.
    pub(crate) warnings: Vec<String>,
}

/// What measurements are made with.
pub(crate) struct Bench<'a> {
    pub(crate) generator: &'a Generator,
    pub(crate) interrupt: &'a Interrupt,
    pub(crate) seconds: u32,
    /// The load generator's reports go here.
    pub(crate) raw: &'a Path,
}

impl Bench<'_> {
    /// Measures one scenario; `label` names the files it leaves.
    ///
    /// # Errors
    ///
    /// Says what failed: the target, the generator, or a promise that the target broke.
    pub(crate) fn measure(
        &self,
        target: &Target,
        scenario: &Scenario,
        arguments: &[String],
        label: &str,
    ) -> Result<Measured> {
        let mut measured = Measured::default();
        if let Some([few, many]) = scenario.counts {
            let few_report = self.run(target, scenario, arguments, Some(few), label)?;
            let many_report = self.run(target, scenario, arguments, Some(many), label)?;
            let slope = bytes_per_connection((few, &few_report), (many, &many_report))?;
            measured.figures.insert(Figure::BytesPerConnection, slope);
            measured
                .warnings
                .extend(few_report.warnings.into_iter().chain(many_report.warnings));
        } else {
            let report = self.run(target, scenario, arguments, None, label)?;
            for figure in &scenario.figures {
                measured
                    .figures
                    .extend(figure.read(&report).map(|value| (*figure, value)));
            }
            measured.warnings.extend(report.warnings);
        }
        Ok(measured)
    }

    /// One load against one fresh process.
    fn run(
        &self,
        target: &Target,
        scenario: &Scenario,
        arguments: &[String],
        count: Option<u32>,
        label: &str,
    ) -> Result<Report> {
        let mut running = target.start(self.interrupt)?;
        let address = if scenario.needs.contains(&Feature::Mqtt5) {
            running.mqtt5
        } else {
            running.address
        };
        let suffix = count.map_or_else(String::new, |count| format!("-{count}"));
        let json = self.raw.join(format!("{label}{suffix}.json"));
        let load = fill(arguments, self.seconds, count);
        let mut aim = Aim {
            broker: &mut running,
            address,
            seconds: self.seconds,
            json: &json,
        };
        let report = self.generator.run(&load, &mut aim, self.interrupt);
        let report = report.with_context(|| format!("loadgen {}", load.join(" ")))?;
        match report.verdict {
            Verdict::Ok | Verdict::Spoiled => Ok(report),
            Verdict::Violated => anyhow::bail!(violation(&report)),
        }
    }
}

/// What the broker did that it may not, in one line.
fn violation(report: &Report) -> String {
    let checks = &report.checks;
    let counts = [
        (checks.lost, "lost"),
        (checks.duplicates, "duplicated"),
        (checks.reordered, "reordered"),
        (checks.corrupt, "corrupt"),
        (checks.stray, "stray"),
    ];
    let counted = counts.iter().filter(|(count, _)| *count > 0);
    let counted = counted.map(|(count, what)| format!("{count} {what}"));
    let counted = counted.collect::<Vec<_>>().join(", ");
    if counted.is_empty() {
        let first = report.checks.violations.first();
        return first.map_or_else(|| "a promise was broken".to_owned(), Clone::clone);
    }
    format!("of {} messages, {counted}", checks.expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadgen_report::Run;

    #[test]
    fn violations_are_counted_in_one_line() {
        let mut report = Report::new(Run::default());
        report.checks.expected = 100;
        report.checks.lost = 3;
        report.checks.reordered = 1;
        assert_eq!(violation(&report), "of 100 messages, 3 lost, 1 reordered");
    }
}
