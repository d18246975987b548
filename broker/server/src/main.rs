//! The binary `skein`: parse the command line, read the configuration, wire everything up, and stop
//! in order when told to.
//!
//! `run.rs` tells the story of a run from start to end; every other file is one of its steps. The
//! commands beside `run` are in `broker/cli`. A mistake of the operator or a refusal of the machine is
//! one sentence on standard error and exit code 1.
#![allow(
    clippy::disallowed_methods,
    reason = "the one place that reads the process's environment, clock and folders"
)]

mod allocator;
mod cores;
mod data_dir;
mod logging;
mod run;
mod shards_settings;
mod signals;
mod startup_log;

use std::io::{self, Write as _};
use std::process::ExitCode;

use broker_cli::{Cli, Command, ConfigCommand, Outcome};
use clap::Parser as _;

fn main() -> ExitCode {
    allocator::use_small_pages();
    match command(Cli::parse().into_command()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            // Nobody is left to tell if this fails too.
            let _ = writeln!(io::stderr(), "skein: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(command: Command) -> anyhow::Result<Outcome> {
    let mut out = io::stdout().lock();
    let written = match command {
        Command::Run(arguments) => {
            drop(out);
            return run::run(&arguments);
        }
        Command::Config(ConfigCommand::Check { file }) => {
            broker_cli::config_check(&file, environment(), &mut out)
        }
        Command::Data(command) => broker_cli::data(&command, &mut out, &mut io::stderr()),
        Command::Config(ConfigCommand::Show { config, json }) => {
            broker_cli::config_show(config.as_deref(), environment(), json, &mut out)
        }
    };
    match written {
        // Whoever reads, `head` for one, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Outcome::Done),
        other => Ok(other?),
    }
}

/// The process's environment, as far as it is text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
