//! What the leader of a run and its workers say to each other, through channels or pipes.

use std::sync::Arc;

use loadgen_plan::{Plan, RunId};
use loadgen_work::{Account, Progress, Sample};
use serde::{Deserialize, Serialize};

/// What a worker is to do. Times are nanoseconds of `CLOCK_MONOTONIC`; one that has passed is now.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Command {
    /// Answer with [`Notice::Accounted`].
    Account,
    /// Begin a stage.
    Begin { stage: u16, at_ns: u64 },
    /// Close all and end.
    End,
    /// Answer with [`Notice::Progressed`].
    Progress,
    /// Answer with [`Notice::Sampled`]: what was counted since the last time, up to then.
    Sample { at_ns: u64 },
}

/// What a worker tells.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Notice {
    /// The answer to [`Command::Account`].
    Accounted(Box<Accounted>),
    /// The worker can't go on, for this reason.
    Failed(String),
    /// The answer to [`Command::Progress`].
    Progressed(Progress),
    /// The worker is ready for commands.
    Ready,
    /// The answer to [`Command::Sample`].
    Sampled(Box<Sampled>),
    /// The worker's own clients have nothing under way in this stage; told once.
    Settled { stage: u16 },
}

/// What a worker counted in a piece of time.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Sampled {
    pub(crate) sample: Sample,
    /// CPU time of the worker's thread.
    pub(crate) cpu_ns: u64,
}

/// What a worker knows at the end.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Accounted {
    pub(crate) account: Account,
    /// What went wrong with connections, and how often.
    pub(crate) troubles: Vec<(String, u64)>,
    /// Connections that TCP opened, whatever MQTT said then.
    pub(crate) opened: u64,
}

/// What a process makes its workers from.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Setup {
    pub(crate) plan: Arc<Plan>,
    pub(crate) run: RunId,
    /// Workers of this process.
    pub(crate) threads: u16,
    /// The number of its first worker among those of all processes.
    pub(crate) first: u16,
    /// Workers of all processes.
    pub(crate) workers: u16,
    /// Processors that workers are bound to, in turn; empty if they may run anywhere.
    pub(crate) cpus: Vec<usize>,
}
