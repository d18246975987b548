//! Ends the binary `skein` under load, starts it again, and audits that it kept its promises.
//!
//! A round is made from a seed. Clients of many kinds publish, subscribe, come and go; the broker
//! is killed at random points, or the power "fails", which takes from the data folder what was not
//! synced. One thread drives all clients and notes what it does and sees, so the history has one
//! order. The audit then judges the history by the rules of MQTT, and shares no code with the broker.
//!
//! It is not a load generator and measures nothing. A seed fixes what clients intend and when the
//! broker is ended, not how threads of the broker interleave: a violation may need several tries.
//!
//! Start at `round.rs`, then `audit.rs`. [`play`] is the one way in.
#![allow(clippy::disallowed_methods, reason = "drives I/O")]

mod audit;
mod broker;
mod cast;
mod chance;
mod connection;
mod device;
mod history;
mod log;
mod part;
mod payload;
mod power;
mod recording;
mod round;
mod settings;
mod stage;
mod told;

pub use round::play;
pub use settings::{Durability, Ending, Outcome, Settings};
