//! What was wrong.

use serde::{Deserialize, Serialize};

use crate::limits::EXAMPLES_MAX;

/// What was wrong, in numbers and examples; faults of crews add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Faults {
    /// Deliveries that came again where the QoS forbids it.
    pub duplicates: u64,
    /// Deliveries that came again as QoS 1 allows.
    pub duplicates_allowed: u64,
    /// Deliveries that came after a later message of the same publisher.
    pub reordered: u64,
    /// Deliveries whose check was wrong.
    pub corrupt: u64,
    /// Deliveries that nobody asked for, under another topic, or not of this run.
    pub stray: u64,
    /// Deliveries and subscriptions with another QoS than was asked for.
    pub downgraded: u64,
    /// Connections that the plan did not end.
    pub disconnected: u64,
    /// The first of these in words.
    pub examples: Vec<String>,
}

impl Faults {
    /// Adds what was wrong elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.duplicates += other.duplicates;
        self.duplicates_allowed += other.duplicates_allowed;
        self.reordered += other.reordered;
        self.corrupt += other.corrupt;
        self.stray += other.stray;
        self.downgraded += other.downgraded;
        self.disconnected += other.disconnected;
        let room = EXAMPLES_MAX.saturating_sub(self.examples.len());
        self.examples
            .extend(other.examples.iter().take(room).cloned());
    }

    /// Keeps an example, if there is room and it is not the last one again.
    pub(crate) fn example(&mut self, text: String) {
        let is_new = self.examples.last() != Some(&text);
        if is_new && self.examples.len() < EXAMPLES_MAX {
            self.examples.push(text);
        }
    }
}
