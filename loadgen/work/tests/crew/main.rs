//! Whole crews against a small broker in memory, in virtual time.

mod broker;
mod faults;
mod loops;
mod raw;
mod scenarios;
mod sessions;
mod world;
