//! How fast publishers publish.

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// What decides when the next message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub enum Load {
    /// Open loop: a schedule decides, whatever the broker does.
    Rate {
        /// Messages per second of the whole group.
        per_s: f64,
        /// How they are spread over time.
        schedule: Schedule,
    },
    /// Closed loop: each publisher has this many messages under way, and sends the next one when
    /// one of them has arrived everywhere.
    Window(u32),
}

/// How the messages of an open loop are spread over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub enum Schedule {
    /// At equal distances.
    #[default]
    Constant,
    /// At random, each independent of the others.
    Poisson,
    /// At equal distances that change: from the load's rate to another one.
    Ramp {
        /// Messages per second of the whole group from the end of the ramp on.
        to_per_s: f64,
        /// How long the change takes.
        over: Duration,
    },
}
