//! One row of a stage's course over time.

use serde::{Deserialize, Serialize};

/// What happened in a piece of a stage, usually a second.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Interval {
    /// Its start, seconds after the start of the run.
    pub at_s: f64,
    /// Its length in seconds.
    pub seconds: f64,
    /// Clients connected at its end.
    #[serde(default)]
    pub connected: u64,
    /// Connections that were accepted in it.
    #[serde(default)]
    pub connects: u64,
    /// Messages that were due in it.
    #[serde(default)]
    pub scheduled: u64,
    /// Messages sent in it.
    #[serde(default)]
    pub sent: u64,
    /// Messages that the broker acknowledged in it.
    #[serde(default)]
    pub acknowledged: u64,
    /// Messages that arrived at subscribers in it.
    #[serde(default)]
    pub delivered: u64,
    /// Median latency of what arrived, from intended to arrival; of the connections accepted if no
    /// message arrived; `None` without either.
    #[serde(default)]
    pub p50_ns: Option<u64>,
    /// The same, 99 %.
    #[serde(default)]
    pub p99_ns: Option<u64>,
    /// The same, 99.9 %.
    #[serde(default)]
    pub p999_ns: Option<u64>,
    /// The same, the longest.
    #[serde(default)]
    pub max_ns: Option<u64>,
    /// How late the generator sent, 99 %; `None` if it sent nothing by a schedule.
    #[serde(default)]
    pub lag_p99_ns: Option<u64>,
    /// CPU seconds that the broker took in it; `None` if it was not watched.
    #[serde(default)]
    pub broker_cpu_s: Option<f64>,
    /// The broker's resident memory at its end; `None` if it was not watched.
    #[serde(default)]
    pub broker_resident_bytes: Option<u64>,
}
