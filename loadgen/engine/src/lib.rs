//! The load generator at work: threads with sockets around the crews of a plan, and the one who leads
//! them.
//!
//! [`carry_out`] takes a plan through its stages and returns the report. Each worker is a thread with a
//! glommio executor whose root task is a loop around an `io_uring` of its own (`shard/uring`) and a
//! [`Crew`](loadgen_work::Crew); with more than one process, the workers live in children that run
//! [`serve_parent`] and speak JSON over pipes. Which client does what is the crew's business, what
//! counts as wrong too; here is no MQTT.
//!
//! Invariants: a worker never blocks but in its ring; samples of all workers are taken at the same
//! times, which are the borders of intervals and stages; a worker that fails ends the run; children
//! end when their parent does.
//!
//! Start with `leader.rs`, then `worker.rs`.
#![allow(clippy::disallowed_methods, reason = "drives I/O")]

mod capacity;
mod clock;
mod execution;
mod leader;
mod limits;
mod machine;
mod mailbox;
mod message;
mod packet_drops;
mod run_error;
mod sockets;
mod team;
mod troubles;
mod watch;
mod worker;
mod worker_process;
mod worker_thread;

pub use execution::{Execution, Glance};
pub use leader::carry_out;
pub use machine::describe_machine;
pub use run_error::RunError;
pub use worker_process::{WORKER_COMMAND, serve_parent};
