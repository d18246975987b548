//! What a crew counted and measured.

use loadgen_report::Tally;
use serde::{Deserialize, Serialize};

/// What happened since the last sample.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Sample {
    /// Counters and histograms; the length of turns is the caller's to fill in.
    pub tally: Tally,
    /// Latencies of messages that were due in former stages, by the stage's place in the plan; they
    /// are not among those of [`Self::tally`], and their counters are zero.
    pub late: Vec<(u16, Tally)>,
    /// Clients that are connected now.
    pub connected: u64,
    /// Wills of other clients that arrived.
    pub wills: u64,
    /// Times that a closed loop stood still until its window was opened anew.
    pub stalls: u64,
}

/// How far a crew is, since the run's beginning; the crews of a run add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Progress {
    /// Things that are under way: clients that connect or subscribe, messages that are due and
    /// not sent, or sent and not acknowledged.
    pub open: u64,
    /// Copies of messages that the crew's publishers have caused to be expected.
    pub expected: u64,
    /// Copies that the crew's subscribers received, each once.
    pub delivered: u64,
}

impl Progress {
    /// Adds the progress of another crew.
    pub fn add(&mut self, other: Self) {
        self.open += other.open;
        self.expected += other.expected;
        self.delivered += other.delivered;
    }

    /// Whether all that the generator does by itself is done: `Until::Sent`.
    #[must_use]
    pub const fn is_sent(self) -> bool {
        self.open == 0
    }

    /// Whether everything expected was delivered, too: `Until::Settled`.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        self.open == 0 && self.delivered >= self.expected
    }
}
