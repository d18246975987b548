//! All clients of one worker of the load generator: bytes and times in, bytes and actions out.
//!
//! A [`Crew`] drives the clients that a plan gives to one worker. It decides when each connects,
//! publishes, pings and leaves, writes the packets, checks every message that arrives, and measures.
//! It opens no socket and reads no clock; the caller carries out [`Action`]s and says what time it
//! is.
//!
//! Invariants: the k-th message of a schedule has an intended time that does not depend on what
//! happened before; nothing that was scheduled is left out silently; each message carries a stamp
//! from which its receiver knows stream, sequence number and times, and by which it notices a
//! single flipped bit.
//!
//! Start with [`Crew`], then [`stamp`].

mod account;
mod checker;
mod crew;
mod faults;
mod input;
mod limits;
mod mix;
mod out;
mod outflow;
mod refusal;
mod sample;
pub mod stamp;
pub mod timetable;
mod window;

pub use account::{Account, EntryCount, StreamCount};
pub use crew::Crew;
pub use faults::Faults;
pub use input::{ClientNumber, Credit, Input};
pub use out::{Action, Out};
pub use refusal::{Refusal, RefusingPacket};
pub use sample::{Progress, Sample};
