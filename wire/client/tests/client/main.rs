//! The client against packets of a broker that are written by hand, and against itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod aliases;
mod connect;
mod inbound;
mod keep_alive;
mod laws;
mod outbound;
mod requests;
mod world;
