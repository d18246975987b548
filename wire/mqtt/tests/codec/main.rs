//! The codec from outside: golden packets, laws, and the statements of the standards.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod golden;
mod laws;
mod strategies;
