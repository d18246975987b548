//! The binary `loadgen`: parse the command line, make the plan, have it carried out, and hand out what
//! was found.
//!
//! `run.rs` tells the story of a run from start to end; the other files are its steps, and
//! `command_line.rs` is what users type. A mistake of theirs or a refusal of the machine is one
//! sentence on standard error and exit code 1; violations end with 2.
#![allow(
    clippy::disallowed_methods,
    reason = "the one place that reads the process's environment, clock and files"
)]

mod command_line;
mod compare;
mod interval;
mod live_metrics;
mod output;
mod progress;
mod run;
mod scenario;
mod shipped;
mod signals;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use command_line::{Cli, Command};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to tell if this fails too.
            let _ = error.print();
            // Clap's own code for mistakes is the one for violations here.
            return u8::from(error.use_stderr()).into();
        }
    };
    match command(cli.command) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to tell if this fails too.
            let _ = writeln!(io::stderr(), "loadgen: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn command(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::List => shipped::list(&mut io::stdout().lock())?,
        Command::Report(arguments) => compare::report(&arguments)?,
        Command::Worker => loadgen_engine::serve_parent()?,
        Command::Scenario(chosen) => return run::run(&chosen),
    }
    Ok(ExitCode::SUCCESS)
}
