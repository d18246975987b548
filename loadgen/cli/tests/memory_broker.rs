//! The program against the naive broker of `loadgen/work`: runs anywhere, without any other binary.
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
#[path = "harness/outputs.rs"]
mod outputs;
#[path = "harness/processes.rs"]
mod processes;
#[path = "harness/scenarios.rs"]
mod scenarios;

fn server() -> harness::Server {
    harness::Server::in_memory()
}
