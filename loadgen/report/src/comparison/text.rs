//! A comparison on the terminal.

use crate::columns::Columns;
use crate::comparison::Comparison;
use crate::units::{self, Unit};

impl Comparison<'_> {
    /// The figures side by side as plain text, each with its ratio to the first run's.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for note in &self.notes {
            lines.push(format!("NOT QUITE COMPARABLE: {note}"));
        }
        for paired in &self.stages {
            let mut columns = Columns::default();
            columns.row(self.head(paired.name));
            for figure in &paired.figures {
                let mut row = vec![format!("  {}", figure.name), figure.text(0)];
                for index in 1..self.reports.len() {
                    row.push(figure.text(index));
                    let ratio = figure.ratio(index);
                    row.push(ratio.map_or(String::new(), |ratio| Unit::Ratio.format(ratio)));
                }
                columns.row(row);
            }
            lines.extend(columns.lines(""));
        }
        let mut columns = Columns::default();
        columns.row(self.head("whole run"));
        for (name, counts) in self.checks() {
            let mut row = vec![format!("  {name}")];
            for (index, count) in counts.into_iter().enumerate() {
                row.push(count);
                if index > 0 {
                    row.push(String::new());
                }
            }
            columns.row(row);
        }
        lines.extend(columns.lines(""));
        lines.push(String::new());
        lines.join("\n")
    }

    /// What became of the messages, and the verdict, for each run.
    pub(super) fn checks(&self) -> Vec<(&'static str, Vec<String>)> {
        let all = |value: fn(&crate::report::Report) -> String| {
            self.reports
                .iter()
                .map(|report| value(report))
                .collect::<Vec<_>>()
        };
        vec![
            ("verdict", all(|report| report.verdict.to_string())),
            ("lost", all(|report| units::count(report.checks.lost))),
            (
                "duplicates",
                all(|report| units::count(report.checks.duplicates)),
            ),
            (
                "reordered",
                all(|report| units::count(report.checks.reordered)),
            ),
            ("corrupt", all(|report| units::count(report.checks.corrupt))),
            ("stray", all(|report| units::count(report.checks.stray))),
            (
                "wrong QoS",
                all(|report| units::count(report.checks.downgraded)),
            ),
            (
                "connections lost",
                all(|report| units::count(report.checks.disconnected)),
            ),
        ]
    }

    /// The heads of the columns: the runs, and between them those of the ratios.
    fn head(&self, first: &str) -> Vec<String> {
        let mut head = vec![first.to_owned()];
        for (index, name) in self.names.iter().enumerate() {
            head.push(name.clone());
            if index > 0 {
                head.push("ratio".to_owned());
            }
        }
        head
    }
}
