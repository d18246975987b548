//! The binary `perf`: compares brokers with each other and with a bare relay, and guards figures.
//!
//! `perf compare` starts brokers, runs the load generator against each in rounds, and writes what it
//! saw; `perf relay` is the bare relay of bytes that stands for what the machine can do at all;
//! `perf start` runs one broker as `compare` would, for people; `perf brokers` tells which are here.
//!
//! It measures nothing by itself: figures come from the load generator's report and from `/proc`.
//! Whatever it starts it ends, and it ends nothing else.
//!
//! Start with `compare.rs`.
#![allow(clippy::disallowed_methods, reason = "drives processes")]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that speaks to people"
)]

mod adapter;
mod compare;
mod gate;
mod interrupt;
mod list;
mod machine;
mod process;
mod relay;
mod start;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Compares MQTT brokers, and guards the figures that noise cannot blur.
#[derive(Debug, Parser)]
#[command(name = "perf", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists brokers, with version where they are installed
    Brokers,
    Compare(compare::CompareOptions),
    Gate(gate::GateOptions),
    /// Describes this machine as reports do
    Machine,
    Relay(relay::RelayOptions),
    Start(start::StartOptions),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments.command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("perf: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Brokers => list::run(),
        Command::Compare(options) => compare::run(options),
        Command::Gate(options) => gate::run(options),
        Command::Machine => {
            machine::print();
            Ok(ExitCode::SUCCESS)
        }
        Command::Relay(options) => relay::run(options),
        Command::Start(options) => start::run(options),
    }
}
