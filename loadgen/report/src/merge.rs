//! Putting together what several generators found at the same time.

use crate::histogram::{self, DecodeError};
use crate::interval::Interval;
use crate::latency::Latency;
use crate::stage::{Broker, Connections, Generator, Latencies, Messages, Stage};
use crate::tally::Tally;

/// Why two stages were not merged. The first may have been changed in part: drop it.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A histogram in one of the reports can't be read.
    #[error("merge stages: {0}")]
    Histogram(#[from] DecodeError),
    /// The stages are not the same part of the same run.
    #[error("merge stages: {0:?} and {1:?} are different stages")]
    Stages(String, String),
}

impl Stage {
    /// Adds what another generator found in the same stage.
    ///
    /// Counters and histograms add up exactly. Intervals keep no histogram: their merged percentiles
    /// are the larger of the two, an upper bound. What the broker took is kept once, not added,
    /// because both generators watch the same broker.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if the stages have different names or a histogram can't be read.
    pub fn merge(&mut self, other: &Self) -> Result<(), MergeError> {
        if self.name != other.name {
            return Err(MergeError::Stages(self.name.clone(), other.name.clone()));
        }
        let end = (self.start_s + self.seconds).max(other.start_s + other.seconds);
        self.start_s = self.start_s.min(other.start_s);
        self.seconds = end - self.start_s;
        merge_latency(
            &mut self.connections.latency,
            other.connections.latency.as_ref(),
        )?;
        self.connections.add(&other.connections);
        self.messages.add(&other.messages);
        self.latency.merge(&other.latency)?;
        self.generator.merge(&other.generator)?;
        self.broker = self.broker.take().or_else(|| other.broker.clone());
        let messages = &self.messages;
        if let Some(broker) = &mut self.broker {
            broker.share(messages);
        }
        for (index, interval) in other.intervals.iter().enumerate() {
            match self.intervals.get_mut(index) {
                Some(own) => own.merge(interval),
                None => self.intervals.push(interval.clone()),
            }
        }
        Ok(())
    }
}

impl Stage {
    /// Adds latencies of messages that were due in this stage and arrived after it; counters stay.
    ///
    /// # Errors
    ///
    /// [`MergeError`] if a histogram can't be read.
    pub fn add_late(&mut self, late: &Tally) -> Result<(), MergeError> {
        let mut other = Self::default();
        late.fill(&mut other);
        Ok(self.latency.merge(&other.latency)?)
    }
}

impl Connections {
    /// Adds the counters of `other`; the latency stays as it is.
    pub fn add(&mut self, other: &Self) {
        self.attempted += other.attempted;
        self.connected += other.connected;
        self.refused += other.refused;
        self.failed += other.failed;
        self.lost += other.lost;
        self.closed += other.closed;
    }
}

impl Messages {
    /// Adds the counters of `other`.
    pub fn add(&mut self, other: &Self) {
        self.scheduled += other.scheduled;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.delivered += other.delivered;
        self.sent_bytes += other.sent_bytes;
        self.delivered_bytes += other.delivered_bytes;
        self.refused += other.refused;
    }
}

impl Latencies {
    fn merge(&mut self, other: &Self) -> Result<(), DecodeError> {
        merge_latency(&mut self.intended, other.intended.as_ref())?;
        merge_latency(&mut self.sent, other.sent.as_ref())?;
        merge_latency(&mut self.acknowledged, other.acknowledged.as_ref())
    }
}

impl Generator {
    fn merge(&mut self, other: &Self) -> Result<(), DecodeError> {
        self.cpu_s += other.cpu_s;
        merge_latency(&mut self.lag, other.lag.as_ref())?;
        merge_latency(&mut self.turn, other.turn.as_ref())
    }
}

impl Broker {
    /// Sets the CPU time per message from the CPU time and the `messages` of the same time.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of messages are far below 2^52"
    )]
    pub fn share(&mut self, messages: &Messages) {
        let count = if messages.delivered > 0 {
            messages.delivered
        } else {
            messages.sent
        };
        self.cpu_us_per_message = (count > 0).then(|| self.cpu_s * 1e6 / count as f64);
    }
}

impl Interval {
    fn merge(&mut self, other: &Self) {
        let end = (self.at_s + self.seconds).max(other.at_s + other.seconds);
        self.at_s = self.at_s.min(other.at_s);
        self.seconds = end - self.at_s;
        self.connected += other.connected;
        self.connects += other.connects;
        self.scheduled += other.scheduled;
        self.sent += other.sent;
        self.acknowledged += other.acknowledged;
        self.delivered += other.delivered;
        self.p50_ns = self.p50_ns.max(other.p50_ns);
        self.p99_ns = self.p99_ns.max(other.p99_ns);
        self.p999_ns = self.p999_ns.max(other.p999_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
        self.lag_p99_ns = self.lag_p99_ns.max(other.lag_p99_ns);
        self.broker_cpu_s = self.broker_cpu_s.or(other.broker_cpu_s);
        self.broker_resident_bytes = self.broker_resident_bytes.or(other.broker_resident_bytes);
    }
}

fn merge_latency(to: &mut Option<Latency>, from: Option<&Latency>) -> Result<(), DecodeError> {
    match (to.as_ref(), from) {
        (_, None) => {}
        (None, Some(from)) => *to = Some(from.clone()),
        (Some(own), Some(from)) => {
            let mut sum = own.to_histogram()?;
            histogram::add(&mut sum, &from.to_histogram()?);
            *to = Latency::from_histogram(&sum);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(start_s: f64, sent: u64, latency_ns: u64) -> Stage {
        let mut tally = Tally::default();
        tally.messages.sent = sent;
        tally.connections.connected = 10;
        tally.intended.record_n(latency_ns, sent).unwrap();
        tally.connect.record(latency_ns).unwrap();
        let mut stage = Stage {
            start_s,
            seconds: 2.0,
            ..Stage::default()
        };
        tally.fill(&mut stage);
        stage.generator.cpu_s = 1.0;
        stage.intervals.push(tally.to_interval(start_s, 1.0, 10));
        let mut broker = Broker {
            cpu_s: 3.0,
            ..Broker::default()
        };
        broker.share(&stage.messages);
        stage.broker = Some(broker);
        stage
    }

    #[test]
    fn stages_of_two_processes_add_up_exactly() {
        let mut sum = stage(1.0, 300, 1_000);
        sum.merge(&stage(1.5, 100, 9_000)).unwrap();
        assert!((sum.start_s - 1.0).abs() < 1e-9 && (sum.seconds - 2.5).abs() < 1e-9);
        assert_eq!((sum.messages.sent, sum.connections.connected), (400, 20));
        let latency = sum.latency.intended.as_ref().unwrap();
        assert_eq!((latency.count, latency.min_ns), (400, 1_000));
        assert!(latency.p75_ns < 1_010 && latency.p90_ns > 8_990);
        assert_eq!(sum.connections.latency.as_ref().unwrap().count, 2);
        assert!((sum.generator.cpu_s - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_arrived_after_its_stage_counts_for_its_latencies_and_nothing_else() {
        let mut stage = stage(1.0, 300, 1_000);
        let mut late = Tally::default();
        late.messages.delivered = 7;
        late.intended.record_n(9_000_000, 100).unwrap();
        late.acknowledged.record(5).unwrap();
        stage.add_late(&late).unwrap();
        let latency = stage.latency.intended.as_ref().unwrap();
        assert_eq!((latency.count, latency.min_ns), (400, 1_000));
        assert!(latency.p50_ns < 1_010 && latency.p99_ns > 8_990_000);
        assert_eq!(stage.latency.acknowledged.as_ref().unwrap().count, 1);
        assert_eq!((stage.messages.sent, stage.messages.delivered), (300, 0));
    }

    #[test]
    fn both_watch_the_same_broker_and_intervals_take_the_larger_percentile() {
        let mut sum = stage(1.0, 300, 1_000);
        sum.merge(&stage(1.0, 100, 9_000)).unwrap();
        let broker = sum.broker.as_ref().unwrap();
        assert!((broker.cpu_s - 3.0).abs() < 1e-9);
        assert!((broker.cpu_us_per_message.unwrap() - 7_500.0).abs() < 1e-9);
        let [interval] = &sum.intervals[..] else {
            panic!("{:?}", sum.intervals)
        };
        assert_eq!((interval.connected, interval.sent), (20, 400));
        assert!(interval.p50_ns.unwrap() > 8_990);
    }

    #[test]
    fn intervals_that_only_the_other_has_are_kept() {
        let (mut sum, mut other) = (stage(1.0, 1, 1), stage(1.0, 1, 1));
        other.intervals.push(Interval {
            at_s: 2.0,
            sent: 5,
            ..Interval::default()
        });
        sum.merge(&other).unwrap();
        assert_eq!(
            sum.intervals.iter().map(|of| of.sent).collect::<Vec<_>>(),
            [2, 5]
        );
    }

    #[test]
    fn different_stages_and_broken_histograms_are_refused() {
        let mut other = stage(1.0, 1, 1);
        other.latency.intended.as_mut().unwrap().histogram = "?".to_owned();
        let error = stage(1.0, 1, 1).merge(&other).unwrap_err();
        assert!(matches!(error, MergeError::Histogram(_)));
        other.name = "drain".to_owned();
        let error = stage(1.0, 1, 1).merge(&other).unwrap_err();
        assert!(matches!(error, MergeError::Stages(..)));
    }
}
