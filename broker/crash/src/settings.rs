//! What a round is played with, and how it ended.

use std::path::PathBuf;

/// How the broker's lives end, but for the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `SIGKILL`.
    Kill,
    /// Not at all: all connections are cut. What is found then has nothing to do with a crash.
    Never,
    /// `SIGKILL`, and what was not synced is taken from the data folder. Needs strace.
    PowerLoss,
    /// `SIGKILL`, and the data folder is emptied: a control, which must be found out.
    Wiped,
}

/// When the broker syncs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Before it acknowledges, its default.
    Strict,
    /// Later than most lives last: a control with [`Ending::PowerLoss`].
    Relaxed,
}

/// What a round is played with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The binary `skein`.
    pub binary: PathBuf,
    /// How its lives end.
    pub ending: Ending,
    /// When it syncs.
    pub durability: Durability,
}

impl Settings {
    /// Whether the round must be found out.
    pub(crate) fn is_control(&self) -> bool {
        self.ending == Ending::Wiped || self.durability == Durability::Relaxed
    }
}

/// How a round ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Broken promises, and errors in the broker's log.
    pub violations: usize,
    /// The violations in words.
    pub report: String,
    /// The round in a line.
    pub summary: String,
    /// Bytes of the store's log that a power loss took.
    pub log_bytes_lost: u64,
}
