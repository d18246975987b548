//! How a run is carried out, and what can be seen of it meanwhile.

use std::time::Duration;

use loadgen_report::{Interval, Tally};

/// How a run is carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Threads of each process.
    pub threads: u16,
    /// Processes; with more than one they are children of this one.
    pub processes: u16,
    /// Processors that threads are bound to, in turn; empty if they may run anywhere.
    pub cpus: Vec<usize>,
    /// Length of the intervals that a stage is reported in.
    pub interval: Duration,
    /// Processes of the broker, to be watched through `/proc`.
    pub broker_pids: Vec<u32>,
}

impl Default for Execution {
    /// One thread anywhere, intervals of a second, nothing watched.
    fn default() -> Self {
        Self {
            threads: 1,
            processes: 1,
            cpus: Vec::new(),
            interval: Duration::from_secs(1),
            broker_pids: Vec::new(),
        }
    }
}

/// What happened in the interval that has just ended.
#[derive(Clone, Copy, Debug)]
pub struct Glance<'a> {
    /// Name of the stage.
    pub stage: &'a str,
    /// Whether the stage's figures are results.
    pub measured: bool,
    /// Seconds since the stage began.
    pub elapsed_s: f64,
    /// Seconds that the stage lasts at most.
    pub at_most_s: f64,
    /// The interval in numbers.
    pub interval: &'a Interval,
    /// The same with histograms.
    pub tally: &'a Tally,
    /// What arrived in the interval though it was due in a former stage: the stage's name, and the
    /// latencies, which count for it and are not in `tally`.
    pub late: &'a [(&'a str, &'a Tally)],
    /// CPU seconds of all workers since the run began.
    pub generator_cpu_s: f64,
    /// CPU seconds of the broker since the run began; `None` if it is not watched.
    pub broker_cpu_s: Option<f64>,
    /// The broker's resident memory; `None` if it is not watched.
    pub broker_resident_bytes: Option<u64>,
}
