//! Charts over time: latency, throughput, connections, and what the broker took.

use crate::chart::Stroke::{self, Dashed, Solid, Wide};
use crate::chart::{Axis, Band, Line, LineChart};
use crate::curve::value_axis;
use crate::interval::Interval;
use crate::report::Report;
use crate::units::{self, Unit};

/// A line to be drawn: name, colour, stroke, and its value in an interval.
type Row = (&'static str, usize, Stroke, fn(&Interval) -> Option<f64>);

/// What the value of an interval stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Drawn {
    /// Its end.
    AtEnd,
    /// All of it.
    Over,
}

/// A chart to be drawn.
struct Plan {
    id: &'static str,
    title: &'static str,
    label: &'static str,
    unit: Unit,
    course: Drawn,
    rows: &'static [Row],
}

const LATENCY: Plan = Plan {
    id: "latency",
    title: "Latency over time",
    label: "latency",
    unit: Unit::Nanoseconds,
    course: Drawn::Over,
    rows: &[
        ("generator's lag p99", 5, Dashed, |of| {
            of.lag_p99_ns.map(units::float)
        }),
        ("max", 3, Dashed, |of| of.max_ns.map(units::float)),
        ("p99.9", 1, Solid, |of| of.p999_ns.map(units::float)),
        ("p99", 2, Solid, |of| of.p99_ns.map(units::float)),
        ("p50", 0, Solid, |of| of.p50_ns.map(units::float)),
    ],
};

const THROUGHPUT: Plan = Plan {
    id: "throughput",
    title: "Throughput over time",
    label: "messages",
    unit: Unit::PerSecond,
    course: Drawn::Over,
    rows: &[
        ("scheduled", 5, Dashed, |of| rate(of, of.scheduled)),
        ("sent", 0, Wide, |of| rate(of, of.sent)),
        ("delivered", 1, Solid, |of| rate(of, of.delivered)),
    ],
};

const CONNECTIONS: Plan = Plan {
    id: "connections",
    title: "Connections over time",
    label: "clients",
    unit: Unit::Count,
    course: Drawn::AtEnd,
    rows: &[("connected", 0, Solid, |of| Some(units::float(of.connected)))],
};

const CONNECTS: Plan = Plan {
    id: "connects",
    title: "New connections over time",
    label: "connections",
    unit: Unit::PerSecond,
    course: Drawn::Over,
    rows: &[("accepted", 0, Solid, |of| rate(of, of.connects))],
};

const CPU: Plan = Plan {
    id: "cpu",
    title: "Broker CPU over time",
    label: "CPU, of one core",
    unit: Unit::Share,
    course: Drawn::Over,
    rows: &[("broker", 0, Solid, |of| {
        of.broker_cpu_s.map(|cpu_s| cpu_s / of.seconds)
    })],
};

const MEMORY: Plan = Plan {
    id: "memory",
    title: "Broker memory over time",
    label: "resident",
    unit: Unit::Bytes,
    course: Drawn::AtEnd,
    rows: &[("broker", 3, Solid, |of| {
        of.broker_resident_bytes.map(units::float)
    })],
};

/// The charts for which the report has values.
pub(super) fn figures(report: &Report) -> Vec<String> {
    let stages = report.stages.iter();
    let intervals = stages
        .flat_map(|stage| &stage.intervals)
        .collect::<Vec<_>>();
    let column = |of: &&Interval| (of.at_s, of.at_s + of.seconds);
    let course = Course {
        columns: intervals.iter().map(column).collect(),
        intervals,
        bands: bands(report),
    };
    // Where clients connect only before the measured stages their rate is no result.
    let moving = report
        .measured()
        .any(|stage| stage.connections.connected > 0);
    let plans = [LATENCY, THROUGHPUT, CONNECTIONS, CONNECTS, CPU, MEMORY];
    let plans = plans.iter().filter(|plan| moving || plan.id != CONNECTS.id);
    plans.filter_map(|plan| course.figure(plan)).collect()
}

struct Course<'a> {
    intervals: Vec<&'a Interval>,
    columns: Vec<(f64, f64)>,
    bands: Vec<Band>,
}

impl Course<'_> {
    /// The chart that `plan` describes, `None` if none of its lines has a value above zero.
    fn figure(&self, plan: &Plan) -> Option<String> {
        let line = |(name, colour, stroke, value): &Row| Line {
            name: (*name).to_owned(),
            colour: *colour,
            stroke: *stroke,
            points: self.points(plan.course, *value),
        };
        let mut lines = plan.rows.iter().map(line).collect::<Vec<_>>();
        lines.retain(|line| line.points.iter().any(|point| point.1 > 0.0));
        let chart = LineChart {
            title: plan.title.to_owned(),
            note: String::new(),
            x: Axis::linear("time since the start of the run", Unit::Seconds),
            y: axis(plan.label, plan.unit, &lines),
            lines,
            columns: self.columns.clone(),
            bands: self.bands.clone(),
        };
        (!chart.lines.is_empty()).then(|| chart.figure(plan.id))
    }

    /// The values at the intervals' ends, or as a step over each interval.
    fn points(&self, course: Drawn, value: fn(&Interval) -> Option<f64>) -> Vec<(f64, f64)> {
        let mut points = Vec::with_capacity(self.intervals.len() * 2);
        for of in &self.intervals {
            let value = value(of).unwrap_or(f64::NAN);
            if course == Drawn::Over {
                points.push((of.at_s, value));
            }
            points.push((of.at_s + of.seconds, value));
        }
        points
    }
}

/// Rates stand from zero unless one line is far above another all the time; then both are seen only
/// on a logarithmic axis. Counts and sizes always stand from zero.
fn axis(label: &str, unit: Unit, lines: &[Line]) -> Axis {
    let tops = lines.iter().map(|line| {
        let top = line.points.iter().map(|point| point.1).fold(0.0, f64::max);
        Line {
            points: vec![(0.0, top)],
            ..line.clone()
        }
    });
    match unit {
        Unit::Nanoseconds => value_axis(label, unit, lines),
        Unit::PerSecond => value_axis(label, unit, &tops.collect::<Vec<_>>()),
        Unit::Bytes
        | Unit::BytesPerSecond
        | Unit::Count
        | Unit::Microseconds
        | Unit::Ratio
        | Unit::Seconds
        | Unit::Share => Axis::linear(label, unit),
    }
}

fn bands(report: &Report) -> Vec<Band> {
    let measured = report.measured().count() > 0;
    let band = |stage: &crate::stage::Stage| Band {
        name: stage.name.clone(),
        from: stage.start_s,
        to: stage.start_s + stage.seconds,
        pale: measured && !stage.measured,
    };
    report.stages.iter().map(band).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "the form of a row's value")]
fn rate(of: &Interval, count: u64) -> Option<f64> {
    Some(units::rate(count, of.seconds))
}
