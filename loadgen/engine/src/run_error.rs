//! Why a run could not be made.

use loadgen_plan::PlanError;

/// Why there is no report. Nothing of the run is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// More connections than the limit on open files allows.
    #[error(
        "{connections} connections need more open files than the {limit} that a process may have: \
         use --processes {processes}, or raise the limit (ulimit -n)"
    )]
    OpenFiles {
        /// Connections of one process.
        connections: u64,
        /// The hard limit.
        limit: u64,
        /// Processes among which they would fit.
        processes: u64,
    },
    /// More connections than there are ports.
    #[error(
        "{connections} connections need {addresses} source addresses, one has {ports} ports for a \
         broker's address: use for example --source {example}"
    )]
    Ports {
        /// Connections of the run.
        connections: u64,
        /// Addresses needed.
        addresses: u64,
        /// Ports of one address.
        ports: u64,
        /// A range that would do.
        example: String,
    },
    /// The machine refuses what the generator needs.
    #[error("{0}")]
    Machine(String),
    /// The plan contradicts itself.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A worker could not start or go on.
    #[error("a worker failed: {0}")]
    Worker(String),
    /// A child process could not start or ended before its time.
    #[error("a process of the run failed: {0}")]
    Process(String),
    /// No client got a connection, so there is nothing to report.
    #[error("no client could connect to {broker}: {reason}")]
    NoConnection {
        /// The first broker.
        broker: String,
        /// The most frequent reason.
        reason: String,
    },
    /// A watched process is gone or not ours to read.
    #[error("watch process {pid}: {error}")]
    Watch {
        /// Its number.
        pid: u32,
        /// What reading said.
        error: std::io::Error,
    },
    /// The run was interrupted before anything was measured.
    #[error("interrupted before anything was measured")]
    Interrupted,
}
