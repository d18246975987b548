//! The final account: what was sent and received, and what was wrong.

use loadgen_plan::{Allow, Audience, Plan};
use loadgen_report::Checks;
use serde::{Deserialize, Serialize};

/// What the crews of a run sent and received since its beginning; accounts of crews add up.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct Account {
    /// By stream; streams that the crew neither sent nor received are left out.
    pub streams: Vec<StreamCount>,
}

/// What happened to one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct StreamCount {
    /// Which one.
    pub stream: u32,
}

/// What a shared group received of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct SharedCount {
    /// Which stream.
    pub stream: u32,
}

impl Account {
    /// Adds the account of another crew.
    pub fn merge(&mut self, other: &Self) {
        self.streams.extend_from_slice(&other.streams);
    }

    /// What the accounts of all crews say together.
    #[must_use]
    pub fn judge(&self, plan: &Plan, audience: &Audience) -> Checks {
        let _ = (plan, audience, Allow::default());
        Checks::default()
    }
}
