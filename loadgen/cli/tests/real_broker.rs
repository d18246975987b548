//! The program against the broker's binary, which `SKEIN_BIN` names. `scripts/test end_to_end` runs this.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests fail by panicking and drive real sockets and processes"
)]

#[path = "harness/faults.rs"]
mod faults;
#[path = "harness/lib.rs"]
mod harness;
#[path = "harness/memory.rs"]
mod memory;
#[path = "harness/outputs.rs"]
mod outputs;
#[path = "harness/pause.rs"]
mod pause;
#[path = "harness/processes.rs"]
mod processes;
#[path = "harness/scenarios.rs"]
mod scenarios;

fn server() -> harness::Server {
    harness::Server::real()
}
