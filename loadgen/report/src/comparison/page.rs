//! A comparison as a page.

use crate::chart::{Axis, Bar, BarChart, BarGroup, Line, Stroke};
use crate::comparison::figures::Figure;
use crate::comparison::{Comparison, Paired};
use crate::curve::{percentile_chart, percentile_curve};
use crate::html::command;
use crate::latency::Latency;
use crate::limits;
use crate::page::{Page, Problem, Table};
use crate::stage::Stage;
use crate::units::{self, Unit};

/// The figures that are drawn as bars.
const SHOWN: [&str; 6] = [
    "connections accepted",
    "delivered",
    "from intended p50",
    "from intended p99",
    "broker CPU a message",
    "broker memory, max",
];

/// The largest ratio that bars show beside that of the first run; above it their axis is logarithmic.
const RATIO: f64 = 20.0;

/// Which latency of a stage a chart shows.
type Chosen = fn(&Stage) -> Option<&Latency>;

impl Comparison<'_> {
    /// The figures side by side and the curves over each other, as a self-contained page.
    #[must_use]
    pub fn html(&self) -> String {
        let title = match self.names.split_first() {
            Some((first, others)) => format!("{first} compared with {}", others.join(" and ")),
            None => "Nothing to compare".to_owned(),
        };
        let mut page = Page::new(&title);
        page.html("<header>");
        page.title(&title);
        page.html("</header>\n");
        page.problems(Problem::Warning, "Not quite comparable", &self.notes);
        for (index, paired) in self.stages.iter().take(limits::STAGES).enumerate() {
            page.heading(paired.name);
            let mut figures = Vec::new();
            let curves: [(&str, &str, Chosen); 4] = [
                ("intended", "Latency from intended", |of| {
                    of.latency.intended.as_ref()
                }),
                ("sent", "Latency from sent", |of| of.latency.sent.as_ref()),
                ("acknowledged", "Latency to acknowledged", |of| {
                    of.latency.acknowledged.as_ref()
                }),
                ("connect", "Latency to CONNACK", |of| {
                    of.connections.latency.as_ref()
                }),
            ];
            for (id, title, chosen) in curves {
                figures.extend(self.curves(paired, &format!("{id}-{index}"), title, chosen));
            }
            figures.extend(self.bars(paired, &format!("bars-{index}")));
            page.charts(&figures);
            page.table(&self.table(paired));
        }
        self.push_runs(&mut page);
        page.finish()
    }

    /// The percentile curves of all runs over each other, `None` if no run has that latency.
    fn curves(&self, paired: &Paired<'_>, id: &str, title: &str, chosen: Chosen) -> Option<String> {
        let mut lines = Vec::new();
        for (index, (name, stage)) in self.names.iter().zip(&paired.stages).enumerate() {
            let latency = stage.and_then(chosen);
            let histogram = latency.and_then(|latency| latency.to_histogram().ok());
            if let Some(histogram) = histogram {
                lines.push(Line {
                    name: name.clone(),
                    colour: index,
                    stroke: Stroke::Solid,
                    points: percentile_curve(&histogram),
                });
            }
        }
        (!lines.is_empty()).then(|| percentile_chart(title, "", lines).figure(id))
    }

    /// The figures in terms of the first run's, as bars.
    fn bars(&self, paired: &Paired<'_>, id: &str) -> Option<String> {
        let group = |figure: &Figure| BarGroup {
            name: match figure.more {
                Some(true) => format!("{} (more is better)", figure.name),
                Some(false) | None => figure.name.to_owned(),
            },
            bars: self
                .names
                .iter()
                .enumerate()
                .map(|(index, name)| Bar {
                    name: name.clone(),
                    colour: index,
                    value: figure.ratio(index).unwrap_or(f64::NAN),
                    spread: None,
                    text: Some(figure.text(index)),
                })
                .collect(),
        };
        let mut figures = paired.figures.iter().collect::<Vec<_>>();
        figures.retain(|figure| SHOWN.contains(&figure.name) && figure.ratio(0).is_some());
        let ratios = figures
            .iter()
            .flat_map(|figure| (0..figure.values.len()).filter_map(|index| figure.ratio(index)));
        let label = "ratio to the first run";
        let axis = if ratios.fold(0.0, f64::max) > RATIO {
            Axis::logarithmic(label, Unit::Ratio)
        } else {
            Axis::linear(label, Unit::Ratio)
        };
        let chart = BarChart {
            title: "In terms of the first run".to_owned(),
            note: "the shorter the better where not said otherwise".to_owned(),
            axis,
            groups: figures.into_iter().map(group).collect(),
        };
        (!chart.groups.is_empty()).then(|| chart.figure(id))
    }

    fn table(&self, paired: &Paired<'_>) -> Table {
        let mut head = vec![String::new()];
        for (index, name) in self.names.iter().enumerate() {
            head.push(name.clone());
            if index > 0 {
                head.push("ratio".to_owned());
            }
        }
        let mut table = Table::new("Figures", &head);
        for figure in &paired.figures {
            let mut row = vec![figure.name.to_owned(), figure.text(0)];
            for index in 1..self.names.len() {
                let ratio = figure.ratio(index);
                row.push(figure.text(index));
                row.push(ratio.map_or("-".to_owned(), |ratio| Unit::Ratio.format(ratio)));
            }
            table.row(row);
        }
        table
    }

    /// What was run, and what became of the messages.
    fn push_runs(&self, page: &mut Page) {
        page.heading("The runs");
        let mut head = vec![""];
        head.extend(self.names.iter().map(String::as_str));
        let mut checks = Table::new("Checks over the whole run", &head);
        for (name, counts) in self.checks() {
            checks.row([name.to_owned()].into_iter().chain(counts));
        }
        page.table(&checks);
        let mut runs = Table::new("", &["run", "started", "machine", "command"]);
        runs.words = true;
        for (name, report) in self.names.iter().zip(&self.reports) {
            let run = &report.run;
            let machine = &run.machine;
            runs.row([
                name.clone(),
                units::utc(run.started_unix_ms),
                format!(
                    "{}, {} cores, Linux {}",
                    machine.processor, machine.cores, machine.kernel
                ),
                command(run),
            ]);
        }
        page.table(&runs);
    }
}
