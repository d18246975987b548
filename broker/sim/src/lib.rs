//! The simulator: a whole broker of one to four shards with its clients in one thread, from one
//! seed.
//!
//! Engines are the real ones. Clock, transports, rings, drivers and clients are simulated, and
//! every choice (who is next, how long, how much, what goes wrong) comes from the seed, so a run
//! repeats exactly. A faults phase is followed by a calm one, in which everybody comes back and
//! everything arrives; then the oracle compares what the clients saw with what they must have
//! seen: one property per file below `property`.
//!
//! In most runs a store outlasts the process, which is killed or loses its power now and then.
//!
//! Not here: sockets, threads, other machines. Start with [`run()`]; the path of a run is
//! `world`.

mod client;
mod defect;
mod driver;
mod history;
mod links;
mod outside;
mod pipe;
mod plan;
mod process;
mod property;
mod rings;
mod run;
mod stats;
mod storage;
mod trace;
mod vandal;
mod violation;
mod watch;
mod world;

pub use defect::Defect;
pub use run::{Failure, run};
pub use stats::Stats;
pub use violation::Violation;
