//! What one stage of a run found.

use serde::{Deserialize, Serialize};

use crate::interval::Interval;
use crate::latency::Latency;

/// What one stage of a run found.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Stage {
    /// Name of the stage.
    pub name: String,
    /// Whether its figures are results; others are warm-up, connecting, draining.
    pub measured: bool,
    /// Its start, seconds after the start of the run.
    pub start_s: f64,
    /// Its length in seconds.
    pub seconds: f64,
    /// Connections of the stage.
    pub connections: Connections,
    /// Messages of the stage.
    pub messages: Messages,
    /// Latencies of the messages.
    pub latency: Latencies,
    /// What the generator itself took.
    pub generator: Generator,
    /// What the broker took; `None` if it was not watched.
    #[serde(default)]
    pub broker: Option<Broker>,
    /// Its course, in order of time, without gaps.
    #[serde(default)]
    pub intervals: Vec<Interval>,
}

/// Connections of a stage.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Connections {
    /// Connections begun.
    pub attempted: u64,
    /// Connections that the broker accepted.
    pub connected: u64,
    /// Connections that the broker refused with a reason.
    pub refused: u64,
    /// Connections that came to nothing: no route, reset, no answer.
    pub failed: u64,
    /// Connections that ended against the client's will.
    pub lost: u64,
    /// Connections that the client ended.
    pub closed: u64,
    /// From the begin of the connection to its CONNACK.
    #[serde(default)]
    pub latency: Option<Latency>,
}

/// Messages of a stage.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Messages {
    /// Messages due by the schedule; equal to `sent` in a closed loop.
    pub scheduled: u64,
    /// Messages sent.
    pub sent: u64,
    /// Messages of QoS 1 and 2 whose exchange the broker completed.
    pub acknowledged: u64,
    /// Messages that arrived at subscribers, each copy.
    pub delivered: u64,
    /// Bytes of the packets sent.
    pub sent_bytes: u64,
    /// Bytes of the packets that arrived.
    pub delivered_bytes: u64,
    /// Messages that the broker refused with a reason.
    pub refused: u64,
}

/// Latencies of the messages of a stage: of those that were due in it, whenever they arrived.
///
/// So a broker that stands still at the end of a stage does not escape, and what it held back before
/// the stage does not count. [`Messages::delivered`] counts what arrived in the stage.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Latencies {
    /// From when a message was due to its arrival: what a user of the broker feels.
    #[serde(default)]
    pub intended: Option<Latency>,
    /// From when it was sent to its arrival: blind to what the broker held up before.
    #[serde(default)]
    pub sent: Option<Latency>,
    /// From when it was sent to the end of its exchange (PUBACK, PUBCOMP).
    #[serde(default)]
    pub acknowledged: Option<Latency>,
}

/// What the generator itself took in a stage.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Generator {
    /// CPU seconds of all its workers.
    pub cpu_s: f64,
    /// From when a message was due to its sending; `None` without a schedule.
    #[serde(default)]
    pub lag: Option<Latency>,
    /// Length of the workers' turns.
    #[serde(default)]
    pub turn: Option<Latency>,
}

/// What the broker took in a stage, from `/proc`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Broker {
    /// The processes watched.
    pub pids: Vec<u32>,
    /// CPU seconds, all threads.
    pub cpu_s: f64,
    /// CPU microseconds per message delivered, or per message sent if none was delivered; `None`
    /// without messages.
    #[serde(default)]
    pub cpu_us_per_message: Option<f64>,
    /// Times a thread waited.
    pub voluntary_switches: u64,
    /// Times a thread was interrupted for another.
    pub involuntary_switches: u64,
    /// Resident memory at the start.
    pub resident_bytes_start: u64,
    /// Resident memory at the end.
    pub resident_bytes_end: u64,
    /// The most resident memory seen.
    pub resident_bytes_max: u64,
}

impl Stage {
    /// The latency that users feel: from intended, or from sent without a schedule, or that of the
    /// connections where no message was delivered.
    #[must_use]
    pub fn felt(&self) -> Option<&Latency> {
        let latency = self.latency.intended.as_ref();
        latency
            .or(self.latency.sent.as_ref())
            .or(self.connections.latency.as_ref())
    }

    /// CPU microseconds that the generator took per message sent or delivered; `None` without any.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of messages are far below 2^52"
    )]
    pub fn generator_cpu_us_per_message(&self) -> Option<f64> {
        let messages = self.messages.sent + self.messages.delivered;
        (messages > 0).then(|| self.generator.cpu_s * 1e6 / messages as f64)
    }
}
