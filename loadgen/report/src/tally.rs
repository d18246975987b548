//! Counters and histograms of a piece of time, which add up over workers and over time.

use serde::{Deserialize, Serialize};

use crate::histogram::{self, Histogram};
use crate::interval::Interval;
use crate::latency::Latency;
use crate::stage::{Connections, Messages, Stage};

/// What some workers did in a piece of time.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Tally {
    /// Connections; their latency is [`Self::connect`].
    pub connections: Connections,
    /// Messages.
    pub messages: Messages,
    /// Begin of the connection to CONNACK.
    #[serde(with = "crate::histogram")]
    pub connect: Histogram,
    /// When a message was due to its arrival.
    #[serde(with = "crate::histogram")]
    pub intended: Histogram,
    /// When a message was sent to its arrival.
    #[serde(with = "crate::histogram")]
    pub sent: Histogram,
    /// When a message was sent to the end of its exchange.
    #[serde(with = "crate::histogram")]
    pub acknowledged: Histogram,
    /// When a message was due to its sending.
    #[serde(with = "crate::histogram")]
    pub lag: Histogram,
    /// Length of the workers' turns.
    #[serde(with = "crate::histogram")]
    pub turn: Histogram,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            connections: Connections::default(),
            messages: Messages::default(),
            connect: histogram::empty(),
            intended: histogram::empty(),
            sent: histogram::empty(),
            acknowledged: histogram::empty(),
            lag: histogram::empty(),
            turn: histogram::empty(),
        }
    }
}

impl Tally {
    /// Adds what `other` counted.
    pub fn add(&mut self, other: &Self) {
        self.connections.add(&other.connections);
        self.messages.add(&other.messages);
        histogram::add(&mut self.connect, &other.connect);
        histogram::add(&mut self.intended, &other.intended);
        histogram::add(&mut self.sent, &other.sent);
        histogram::add(&mut self.acknowledged, &other.acknowledged);
        histogram::add(&mut self.lag, &other.lag);
        histogram::add(&mut self.turn, &other.turn);
    }

    /// The histograms by the names that files and metrics give them.
    pub fn histograms(&self) -> impl Iterator<Item = (&'static str, &Histogram)> {
        [
            ("connect", &self.connect),
            ("intended", &self.intended),
            ("sent", &self.sent),
            ("acknowledged", &self.acknowledged),
            ("lag", &self.lag),
            ("turn", &self.turn),
        ]
        .into_iter()
    }

    /// The latency that users feel: from intended, from sent if nothing was due, or that of the
    /// connections if no message arrived at all.
    #[must_use]
    pub fn felt(&self) -> &Histogram {
        let order = [&self.intended, &self.sent, &self.connect];
        let any = order.into_iter().find(|histogram| !histogram.is_empty());
        any.unwrap_or(&self.intended)
    }

    /// The row of this piece of time, `at_s` after the run's start and `seconds` long, with
    /// `connected` clients at its end. What the broker took is left to the caller.
    #[must_use]
    pub fn to_interval(&self, at_s: f64, seconds: f64, connected: u64) -> Interval {
        let of = |histogram: &Histogram, quantile: f64| {
            (!histogram.is_empty()).then(|| histogram.value_at_quantile(quantile))
        };
        let felt = self.felt();
        Interval {
            at_s,
            seconds,
            connected,
            connects: self.connections.connected,
            scheduled: self.messages.scheduled,
            sent: self.messages.sent,
            acknowledged: self.messages.acknowledged,
            delivered: self.messages.delivered,
            p50_ns: of(felt, 0.5),
            p99_ns: of(felt, 0.99),
            p999_ns: of(felt, 0.999),
            max_ns: (!felt.is_empty()).then(|| felt.max()),
            lag_p99_ns: of(&self.lag, 0.99),
            broker_cpu_s: None,
            broker_resident_bytes: None,
        }
    }

    /// Sets the connections, messages and latencies of `stage` to what was counted.
    pub fn fill(&self, stage: &mut Stage) {
        stage.connections = self.connections.clone();
        stage.connections.latency = Latency::from_histogram(&self.connect);
        stage.messages = self.messages.clone();
        stage.latency.intended = Latency::from_histogram(&self.intended);
        stage.latency.sent = Latency::from_histogram(&self.sent);
        stage.latency.acknowledged = Latency::from_histogram(&self.acknowledged);
        stage.generator.lag = Latency::from_histogram(&self.lag);
        stage.generator.turn = Latency::from_histogram(&self.turn);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(sent: u64, intended_ns: u64) -> Tally {
        let mut tally = Tally::default();
        tally.messages.sent = sent;
        tally.connections.connected = 1;
        tally.intended.record(intended_ns).unwrap();
        tally.lag.record(10).unwrap();
        tally
    }

    #[test]
    fn tallies_of_workers_add_up() {
        let mut sum = tally(5, 1_000);
        sum.add(&tally(7, 3_000));
        assert_eq!((sum.messages.sent, sum.connections.connected), (12, 2));
        assert_eq!(
            (sum.intended.len(), sum.lag.len(), sum.sent.len()),
            (2, 2, 0)
        );
        assert_eq!(sum.histograms().map(|(_, of)| of.len()).sum::<u64>(), 4);
    }

    #[test]
    fn an_interval_shows_what_is_felt() {
        let mut tally = tally(5, 3_000);
        let interval = tally.to_interval(2.0, 1.0, 9);
        assert_eq!(
            (interval.connected, interval.connects, interval.sent),
            (9, 1, 5)
        );
        assert_eq!(
            (interval.p50_ns, interval.lag_p99_ns),
            (Some(3_001), Some(10))
        );
        tally.intended.reset();
        assert_eq!(tally.to_interval(2.0, 1.0, 9).p50_ns, None);
        tally.connect.record(77).unwrap();
        assert_eq!(tally.to_interval(2.0, 1.0, 9).max_ns, Some(77));
        tally.sent.record(88).unwrap();
        assert_eq!(tally.to_interval(2.0, 1.0, 9).max_ns, Some(88));
    }

    #[test]
    fn a_stage_is_filled_with_all_that_was_counted() {
        let mut stage = Stage::default();
        tally(5, 3_000).fill(&mut stage);
        assert_eq!((stage.messages.sent, stage.connections.connected), (5, 1));
        assert_eq!(stage.latency.intended.map(|of| of.count), Some(1));
        assert_eq!(stage.generator.lag.map(|of| of.max_ns), Some(10));
        assert!(stage.latency.sent.is_none() && stage.generator.turn.is_none());
    }

    #[test]
    fn a_tally_travels_as_json() {
        let text = serde_json::to_string(&tally(5, 3_000)).unwrap();
        let read = serde_json::from_str::<Tally>(&text).unwrap();
        assert_eq!((read.messages.sent, read.intended.len()), (5, 1));
    }
}
