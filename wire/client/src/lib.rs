//! The client side of MQTT as a state machine: bytes and times in, bytes and events out.
//!
//! It speaks 3.1, 3.1.1 and 5.0, keeps packet ids, windows, aliases and keep alive, resumes
//! sessions, and holds the broker to the rules: what a broker may not send is a [`ClientError`].
//! It opens no socket and reads no clock. Bridges, load generators, simulators and tests drive it;
//! whoever wants to misbehave appends bytes of his own to the output.
//!
//! Start with [`Client::connect`] and [`Client::handle_input`].
//!
//! Invariants: an idle client is one small struct; nothing that the broker sends makes it panic
//! or grow beyond the limits it announced.

#![warn(clippy::indexing_slicing)]

mod aliases;
mod client;
mod error;
mod event;
mod inbound;
mod input;
mod keep_alive;
mod outbound;
mod request;
mod session;
mod settings;

pub use client::{Client, State};
pub use error::{ClientError, VerbError};
pub use event::{Delivery, Event};
pub use settings::{Acknowledge, Settings};
