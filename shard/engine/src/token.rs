//! What a timer of the wheel is for.

use shard_table::Key;

use crate::connection::OfSession;
use crate::key::{ConnectionKey, OfConnection};

/// Bits that a key leaves free at the top.
const TAG_SHIFT: u32 = 60;

/// What to look at when a timer fires. Timers are never cancelled: what is due is decided then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// Silence, connect timeout, rate limit, a receiver that takes nothing.
    Connection(ConnectionKey),
    /// Delayed publishes.
    Delayed,
    /// Expired retained messages.
    Retained,
    /// Will delay, session expiry, PUBRELs that did not come, resends.
    Session(Key<OfSession>),
    /// The second phase of stopping.
    Stop,
}

impl Token {
    pub(crate) const fn to_bits(self) -> u64 {
        let (tag, bits): (u64, u64) = match self {
            Self::Connection(key) => (0, key.to_bits()),
            Self::Session(key) => (1, key.to_bits()),
            Self::Delayed => (2, 0),
            Self::Retained => (2, 1),
            Self::Stop => (2, 2),
        };
        (tag << TAG_SHIFT) | bits
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        let low = bits & ((1 << TAG_SHIFT) - 1);
        match (bits >> TAG_SHIFT, low) {
            (0, key) => Self::Connection(Key::<OfConnection>::from_bits(key)),
            (1, key) => Self::Session(Key::<OfSession>::from_bits(key)),
            (2, 0) => Self::Delayed,
            (2, 1) => Self::Retained,
            (2, 2) => Self::Stop,
            _ => unreachable!("the wheel gives back what `to_bits` made"),
        }
    }
}
