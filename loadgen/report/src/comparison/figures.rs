//! The figures that runs are compared by.

use crate::latency::Latency;
use crate::stage::Stage;
use crate::units::{self, Unit};

/// A figure of several runs.
#[derive(Debug)]
pub(super) struct Figure {
    pub name: &'static str,
    pub unit: Unit,
    /// Its value in each run, `None` where the run does not have it.
    pub values: Vec<Option<f64>>,
    /// Whether more is better; `None` if neither is.
    pub more: Option<bool>,
}

impl Figure {
    /// The value of run `index` in terms of the first run's.
    pub(super) fn ratio(&self, index: usize) -> Option<f64> {
        let first = self.values.first().copied().flatten()?;
        let value = self.values.get(index).copied().flatten()?;
        (first.abs() > 0.0).then(|| value / first)
    }

    /// The value of run `index` as people read it.
    pub(super) fn text(&self, index: usize) -> String {
        let value = self.values.get(index).copied().flatten();
        value.map_or("-".to_owned(), |value| self.unit.format(value))
    }
}

/// A figure to be taken: name, unit, whether more is better, and its value in a stage.
type Row = (&'static str, Unit, Option<bool>, fn(&Stage) -> Option<f64>);

const ROWS: [Row; 24] = [
    ("connections accepted", Unit::PerSecond, Some(true), |of| {
        (of.connections.attempted > 0).then(|| units::rate(of.connections.connected, of.seconds))
    }),
    ("to CONNACK p50", Unit::Nanoseconds, Some(false), |of| {
        at(of.connections.latency.as_ref(), |of| of.p50_ns)
    }),
    ("to CONNACK p99", Unit::Nanoseconds, Some(false), |of| {
        at(of.connections.latency.as_ref(), |of| of.p99_ns)
    }),
    ("scheduled", Unit::PerSecond, None, |of| {
        messages(of, of.messages.scheduled)
    }),
    ("sent", Unit::PerSecond, Some(true), |of| {
        messages(of, of.messages.sent)
    }),
    ("delivered", Unit::PerSecond, Some(true), |of| {
        messages(of, of.messages.delivered)
    }),
    ("from intended p50", Unit::Nanoseconds, Some(false), |of| {
        at(of.latency.intended.as_ref(), |of| of.p50_ns)
    }),
    ("from intended p90", Unit::Nanoseconds, Some(false), |of| {
        at(of.latency.intended.as_ref(), |of| of.p90_ns)
    }),
    ("from intended p99", Unit::Nanoseconds, Some(false), |of| {
        at(of.latency.intended.as_ref(), |of| of.p99_ns)
    }),
    (
        "from intended p99.9",
        Unit::Nanoseconds,
        Some(false),
        |of| at(of.latency.intended.as_ref(), |of| of.p999_ns),
    ),
    (
        "from intended p99.99",
        Unit::Nanoseconds,
        Some(false),
        |of| at(of.latency.intended.as_ref(), |of| of.p9999_ns),
    ),
    ("from intended max", Unit::Nanoseconds, Some(false), |of| {
        at(of.latency.intended.as_ref(), |of| of.max_ns)
    }),
    ("from sent p50", Unit::Nanoseconds, Some(false), |of| {
        at(of.latency.sent.as_ref(), |of| of.p50_ns)
    }),
    ("from sent p99", Unit::Nanoseconds, Some(false), |of| {
        at(of.latency.sent.as_ref(), |of| of.p99_ns)
    }),
    ("from sent p99.9", Unit::Nanoseconds, Some(false), |of| {
        at(of.latency.sent.as_ref(), |of| of.p999_ns)
    }),
    (
        "to acknowledged p50",
        Unit::Nanoseconds,
        Some(false),
        |of| at(of.latency.acknowledged.as_ref(), |of| of.p50_ns),
    ),
    (
        "to acknowledged p99",
        Unit::Nanoseconds,
        Some(false),
        |of| at(of.latency.acknowledged.as_ref(), |of| of.p99_ns),
    ),
    (
        "broker CPU a message",
        Unit::Microseconds,
        Some(false),
        |of| of.broker.as_ref()?.cpu_us_per_message,
    ),
    ("broker CPU of a core", Unit::Share, Some(false), |of| {
        Some(of.broker.as_ref()?.cpu_s / of.seconds)
    }),
    ("broker switches", Unit::PerSecond, Some(false), |of| {
        let broker = of.broker.as_ref()?;
        Some(units::rate(
            broker.voluntary_switches + broker.involuntary_switches,
            of.seconds,
        ))
    }),
    ("broker memory, max", Unit::Bytes, Some(false), |of| {
        Some(units::float(of.broker.as_ref()?.resident_bytes_max))
    }),
    (
        "generator CPU a message",
        Unit::Microseconds,
        None,
        Stage::generator_cpu_us_per_message,
    ),
    ("generator's lag p50", Unit::Nanoseconds, None, |of| {
        at(of.generator.lag.as_ref(), |of| of.p50_ns)
    }),
    ("generator's lag p99", Unit::Nanoseconds, None, |of| {
        at(of.generator.lag.as_ref(), |of| of.p99_ns)
    }),
];

/// The figures that at least one of `stages` has.
pub(super) fn figures(stages: &[Option<&Stage>]) -> Vec<Figure> {
    let figure = |(name, unit, more, value): &Row| Figure {
        name,
        unit: *unit,
        values: stages.iter().map(|stage| value((*stage)?)).collect(),
        more: *more,
    };
    let mut figures = ROWS.iter().map(figure).collect::<Vec<_>>();
    figures.retain(|figure| figure.values.iter().any(Option::is_some));
    figures
}

fn at(latency: Option<&Latency>, value: fn(&Latency) -> u64) -> Option<f64> {
    latency.map(|latency| units::float(value(latency)))
}

/// A rate of messages, `None` for stages without any.
fn messages(of: &Stage, count: u64) -> Option<f64> {
    let any = of.messages.scheduled + of.messages.sent + of.messages.delivered > 0;
    any.then(|| units::rate(count, of.seconds))
}
