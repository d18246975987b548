//! The plan of a run.

use core::net::SocketAddr;
use core::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Group, SourceRange};

/// What a run does: who takes part, and what they do one after the other.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Plan {
    /// What the run is called in reports.
    pub name: String,
    /// The kind of scenario.
    pub scenario: String,
    /// Who takes part.
    pub groups: Vec<Group>,
    /// What they do, in order.
    pub stages: Vec<Stage>,
    /// What counts as no violation.
    pub allow: Allow,
    /// Makes random choices repeatable.
    pub seed: u64,
    /// Whom it is done to.
    pub target: Target,
}

/// Whom a run is done to.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Target {
    /// Where brokers listen; clients take them in turn.
    pub brokers: Vec<SocketAddr>,
    /// Local addresses to connect from, taken in turn.
    pub sources: Option<SourceRange>,
    /// No MQTT handshake: the other side is a relay that only moves bytes.
    pub raw: bool,
}

/// What counts as no violation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[expect(missing_docs, reason = "each field is named for what it allows")]
#[expect(clippy::struct_excessive_bools, reason = "all combinations exist")]
pub struct Allow {
    pub loss: bool,
    pub duplicates: bool,
    pub reordering: bool,
    pub disconnects: bool,
}

/// A part of a run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Stage {
    /// Its name in reports.
    pub name: String,
    /// What happens at its beginning, in order.
    pub actions: Vec<Action>,
    /// When it ends.
    pub until: Until,
    /// Whether its numbers are what the run is about.
    pub measured: bool,
}

/// What a group does from the beginning of a stage on.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Action {
    /// Its place among the plan's groups.
    pub group: u16,
    /// What it does.
    pub verb: Verb,
}

/// What the clients of a group do.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub enum Verb {
    /// They connect, those that are not connected.
    Connect {
        /// Connections per second of the whole group; all at once without it.
        rate_per_s: Option<f64>,
        /// Whether they subscribe then.
        subscribe: bool,
    },
    /// They connect, and as soon as the broker has accepted disconnect, again and again.
    Cycle,
    /// They begin to publish, or go on with it.
    Publish,
    /// They begin to come and go.
    Churn,
    /// They stop publishing, cycling, and coming and going. What is under way goes on.
    Stop,
    /// They publish an empty retained message to each topic that they published to, so that the
    /// broker keeps nothing.
    Clear,
    /// They say goodbye and close.
    Disconnect {
        /// Whether the broker shall forget their sessions at once; 5.0 only.
        forget: bool,
    },
    /// They close without a word.
    Drop,
}

/// When a stage ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// When all that the generator does by itself is done: clients connected and subscribed,
    /// messages sent and acknowledged; whether they were delivered does not matter.
    Sent {
        /// At the latest after this time.
        at_most: Duration,
    },
    /// When that is done and everything expected was delivered.
    Settled {
        /// At the latest after this time.
        at_most: Duration,
    },
}

impl Until {
    /// How long the stage lasts at most.
    #[must_use]
    pub const fn at_most(self) -> Duration {
        match self {
            Self::Elapsed(time)
            | Self::Sent { at_most: time }
            | Self::Settled { at_most: time } => time,
        }
    }
}

impl Plan {
    /// All clients of the run.
    #[must_use]
    pub fn clients(&self) -> u32 {
        self.groups.iter().map(|group| group.clients).sum()
    }

    /// All publishers of the run, which is the number of streams.
    #[must_use]
    pub fn streams(&self) -> u32 {
        let publishers = self.groups.iter().filter(|group| group.publish.is_some());
        publishers.map(|group| group.clients).sum()
    }

    /// The stream of a group's first client, for groups that publish.
    #[must_use]
    pub fn first_stream(&self, group: u16) -> u32 {
        let before = self.groups.iter().take(group.into());
        let publishers = before.filter(|group| group.publish.is_some());
        publishers.map(|group| group.clients).sum()
    }

    /// The group of client `number`, and the client's index in it.
    #[must_use]
    pub fn find_client(&self, number: u32) -> Option<(u16, u32)> {
        let mut groups = (0..).zip(&self.groups);
        groups.find_map(|(at, group)| {
            let index = number.checked_sub(group.first)?;
            (index < group.clients).then_some((at, index))
        })
    }

    /// The group that publishes `stream`, and the publisher's index in it.
    #[must_use]
    pub fn find_stream(&self, stream: u32) -> Option<(u16, u32)> {
        let mut index = stream;
        for (at, group) in (0..).zip(&self.groups) {
            if group.publish.is_some() {
                if index < group.clients {
                    return Some((at, index));
                }
                index -= group.clients;
            }
        }
        None
    }
}
