//! What is read off a run, and how it is written.

use anyhow::{Context, Result, ensure};
use loadgen_report::units::{Unit, float, rate};
use loadgen_report::{Latency, Report, Stage};
use serde::{Deserialize, Serialize};

/// One figure of a run.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Figure {
    /// Resident memory that one more connection takes; the slope between two counts.
    BytesPerConnection,
    /// Connections made in a second of the broker's CPU time.
    ConnectsPerCpuSecond,
    /// Connections made in a second.
    ConnectsPerSecond,
    /// The broker's CPU time per message delivered.
    CpuPerDelivery,
    /// Messages delivered in a second of the broker's CPU time.
    DeliveriesPerCpuSecond,
    /// Messages delivered in a second.
    DeliveriesPerSecond,
    /// The generator's CPU time per message delivered.
    GeneratorCpuPerDelivery,
    /// Latency from when a message was due, or was sent where there is no schedule: the median.
    LatencyP50,
    /// The same, which 1 of 100 messages exceeds.
    LatencyP99,
    /// The same, which 1 of 1,000 messages exceeds.
    LatencyP999,
    /// The most resident memory that was seen.
    ResidentMax,
}

impl Figure {
    /// What readers see.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::BytesPerConnection => "resident bytes per connection",
            Self::ConnectsPerCpuSecond => "connects per broker CPU-second",
            Self::ConnectsPerSecond => "connects per second",
            Self::CpuPerDelivery => "broker CPU per delivery",
            Self::DeliveriesPerCpuSecond => "deliveries per broker CPU-second",
            Self::DeliveriesPerSecond => "deliveries per second",
            Self::GeneratorCpuPerDelivery => "generator CPU per delivery",
            Self::LatencyP50 => "latency p50",
            Self::LatencyP99 => "latency p99",
            Self::LatencyP999 => "latency p99.9",
            Self::ResidentMax => "resident memory at most",
        }
    }

    /// What it counts.
    pub(crate) fn unit(self) -> Unit {
        match self {
            Self::BytesPerConnection | Self::ResidentMax => Unit::Bytes,
            Self::ConnectsPerCpuSecond | Self::DeliveriesPerCpuSecond => Unit::Count,
            Self::ConnectsPerSecond | Self::DeliveriesPerSecond => Unit::PerSecond,
            Self::CpuPerDelivery | Self::GeneratorCpuPerDelivery => Unit::Microseconds,
            Self::LatencyP50 | Self::LatencyP99 | Self::LatencyP999 => Unit::Nanoseconds,
        }
    }

    /// Whether more of it is better.
    pub(crate) fn more_is_better(self) -> bool {
        match self {
            Self::ConnectsPerCpuSecond
            | Self::ConnectsPerSecond
            | Self::DeliveriesPerCpuSecond
            | Self::DeliveriesPerSecond => true,
            Self::BytesPerConnection
            | Self::CpuPerDelivery
            | Self::GeneratorCpuPerDelivery
            | Self::LatencyP50
            | Self::LatencyP99
            | Self::LatencyP999
            | Self::ResidentMax => false,
        }
    }

    /// Whether it takes two runs.
    pub(crate) fn is_slope(self) -> bool {
        self == Self::BytesPerConnection
    }

    /// The figure of one run; `None` if the run does not have it.
    pub(crate) fn read(self, report: &Report) -> Option<f64> {
        let delivered = || total(report.measured(), |stage| stage.messages.delivered);
        // Figures of connecting are those of the stages in which clients connect, not of the time for
        // which they stay.
        let connecting = || {
            let measured = report.measured();
            measured.filter(|stage| stage.connections.connected > 0)
        };
        let connected = || total(connecting(), |stage| stage.connections.connected);
        let figure = match self {
            Self::BytesPerConnection => return None,
            Self::ConnectsPerCpuSecond => float(connected()) / broker_cpu_s(connecting())?,
            Self::ConnectsPerSecond => rate(connected(), seconds(connecting())),
            Self::CpuPerDelivery => broker_cpu_s(report.measured())? * 1e6 / float(delivered()),
            Self::DeliveriesPerCpuSecond => float(delivered()) / broker_cpu_s(report.measured())?,
            Self::DeliveriesPerSecond => rate(delivered(), seconds(report.measured())),
            Self::GeneratorCpuPerDelivery => {
                let cpu_s = report.measured().map(|stage| stage.generator.cpu_s);
                cpu_s.sum::<f64>() * 1e6 / float(delivered())
            }
            Self::LatencyP50 => float(latency(report)?.p50_ns),
            Self::LatencyP99 => float(latency(report)?.p99_ns),
            Self::LatencyP999 => float(latency(report)?.p999_ns),
            Self::ResidentMax => {
                let brokers = report
                    .stages
                    .iter()
                    .filter_map(|stage| stage.broker.as_ref());
                float(brokers.map(|broker| broker.resident_bytes_max).max()?)
            }
        };
        // Nothing delivered in no time is no figure.
        (figure.is_finite() && figure > 0.0).then_some(figure)
    }
}

/// Resident memory per connection from two runs with few and many of them.
///
/// # Errors
///
/// If one was not watched, not all of its connections were held, or more of them took no more memory.
pub(crate) fn bytes_per_connection(few: (u32, &Report), many: (u32, &Report)) -> Result<f64> {
    let difference = resident(many)? - resident(few)?;
    ensure!(
        difference > 0.0,
        "{} connections took no more memory than {}",
        many.0,
        few.0
    );
    Ok(difference / f64::from(many.0 - few.0))
}

/// Resident bytes of the broker in the end of the last measured stage, with so many connections.
fn resident((count, report): (u32, &Report)) -> Result<f64> {
    let connected = total(report.measured(), |stage| stage.connections.connected);
    let gone = total(report.measured(), |stage| {
        stage.connections.lost + stage.connections.closed
    });
    let held = connected.saturating_sub(gone);
    ensure!(
        held == u64::from(count),
        "of {count} connections only {held} were held"
    );
    let broker = report
        .measured()
        .last()
        .and_then(|stage| stage.broker.as_ref());
    let broker = broker.context("the broker was not watched while connections were held")?;
    Ok(float(broker.resident_bytes_end))
}

fn total<'a>(stages: impl Iterator<Item = &'a Stage>, of: fn(&Stage) -> u64) -> u64 {
    stages.map(of).sum()
}

fn seconds<'a>(stages: impl Iterator<Item = &'a Stage>) -> f64 {
    stages.map(|stage| stage.seconds).sum()
}

/// CPU time of the broker in these stages; `None` if it was not watched in one.
fn broker_cpu_s<'a>(stages: impl Iterator<Item = &'a Stage>) -> Option<f64> {
    let each = stages.map(|stage| Some(stage.broker.as_ref()?.cpu_s));
    each.sum::<Option<f64>>()
}

/// The latency that users feel: that of the last measured stage which has one.
fn latency(report: &Report) -> Option<&Latency> {
    let stages = report.measured().collect::<Vec<_>>().into_iter().rev();
    let mut latencies = stages.map(|stage| &stage.latency);
    latencies.find_map(|latency| latency.intended.as_ref().or(latency.sent.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadgen_report::{Broker, Connections, Generator, Latencies, Messages, Run};

    fn stage(delivered: u64, cpu_s: f64, resident_bytes_end: u64) -> Stage {
        Stage {
            measured: true,
            seconds: 2.0,
            connections: Connections {
                connected: 10,
                ..Connections::default()
            },
            messages: Messages {
                delivered,
                ..Messages::default()
            },
            latency: Latencies {
                sent: Some(Latency {
                    p50_ns: 7,
                    ..Latency::default()
                }),
                ..Latencies::default()
            },
            generator: Generator {
                cpu_s: 0.5,
                ..Generator::default()
            },
            broker: Some(Broker {
                cpu_s,
                resident_bytes_end,
                ..Broker::default()
            }),
            ..Stage::default()
        }
    }

    fn report(stages: Vec<Stage>) -> Report {
        Report {
            stages,
            ..Report::new(Run::default())
        }
    }

    #[test]
    fn stages_that_are_not_measured_do_not_count() {
        let mut warm_up = stage(1_000_000, 9.0, 0);
        warm_up.measured = false;
        let report = report(vec![warm_up, stage(1000, 0.25, 0), stage(1000, 0.75, 0)]);
        assert_eq!(Figure::DeliveriesPerCpuSecond.read(&report), Some(2000.0));
        assert_eq!(Figure::DeliveriesPerSecond.read(&report), Some(500.0));
        assert_eq!(Figure::CpuPerDelivery.read(&report), Some(500.0));
        assert_eq!(Figure::GeneratorCpuPerDelivery.read(&report), Some(500.0));
        assert_eq!(Figure::ConnectsPerCpuSecond.read(&report), Some(20.0));
        assert_eq!(Figure::LatencyP50.read(&report), Some(7.0));
    }

    #[test]
    fn a_run_without_deliveries_or_without_the_broker_has_no_figure() {
        assert_eq!(
            Figure::CpuPerDelivery.read(&report(vec![stage(0, 1.0, 0)])),
            None
        );
        let mut unwatched = stage(5, 1.0, 0);
        unwatched.broker = None;
        let report = report(vec![unwatched]);
        assert_eq!(Figure::DeliveriesPerCpuSecond.read(&report), None);
        assert!(Figure::DeliveriesPerSecond.read(&report).is_some());
    }

    #[test]
    fn the_time_for_which_clients_stay_is_not_that_of_their_coming() {
        let mut hold = stage(0, 100.0, 0);
        (hold.seconds, hold.connections.connected) = (50.0, 0);
        let report = report(vec![stage(0, 0.5, 0), hold]);
        assert_eq!(Figure::ConnectsPerCpuSecond.read(&report), Some(20.0));
        assert_eq!(Figure::ConnectsPerSecond.read(&report), Some(5.0));
    }

    /// The end of a run that holds connections.
    fn holding(connected: u64, resident_bytes_end: u64) -> Report {
        let mut stage = stage(0, 0.0, resident_bytes_end);
        stage.connections.connected = connected;
        report(vec![stage])
    }

    #[test]
    fn bytes_per_connection_are_what_more_connections_take() {
        let few = holding(1000, 5_000_000);
        let many = holding(11_000, 9_000_000);
        let slope = bytes_per_connection((1000, &few), (11_000, &many));
        assert_eq!(slope.ok(), Some(400.0));
    }

    #[test]
    fn connections_that_were_refused_or_took_nothing_have_no_figure() {
        let refusal = |connected, bytes| {
            let (few, many) = (holding(1000, 5_000_000), holding(connected, bytes));
            let slope = bytes_per_connection((1000, &few), (11_000, &many));
            slope.expect_err("something is wrong").to_string()
        };
        let text = refusal(10_999, 9_000_000);
        assert_eq!(text, "of 11000 connections only 10999 were held");
        let text = refusal(11_000, 5_000_000);
        assert_eq!(text, "11000 connections took no more memory than 1000");
    }
}
