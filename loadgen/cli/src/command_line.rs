//! What users type.

mod file_options;
mod run_options;
mod scenarios;

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

pub(crate) use file_options::FileArguments;
pub(crate) use run_options::{
    Allowed, Asked, BrokerOptions, CheckOptions, GeneratorOptions, OutputOptions, RunOptions,
    ScheduleText,
};
pub(crate) use scenarios::{Mode, Scenario};

/// Puts load on MQTT brokers and measures what they do with it.
///
/// Every message has an intended time; latency counts from there, so a broker that stalls cannot hide
/// it. Every message carries publisher, sequence number and checksum; loss, duplicates, reordering and
/// corruption are counted, and end the program with exit code 2. What the generator itself spoiled, the
/// report says.
#[derive(Debug, Parser)]
#[command(
    name = "loadgen",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = EXAMPLES
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Print help, and for a scenario all of its options
    #[arg(long, global = true, action = ArgAction::Help, help_heading = "Other")]
    help: Option<bool>,
    /// Print the version
    #[arg(long, action = ArgAction::Version)]
    version: Option<bool>,
}

const EXAMPLES: &str = "\
Examples:
  loadgen p2p -h broker.example --pairs 50 --rate 10000 --qos 1
  loadgen p2p --pairs 50 --window 100 --broker-pid $(pidof skein)
  loadgen connect --clients 10000 --connect-rate 2000 --hold 10s
  loadgen fan-out --subscribers 500 --rate 50 --html fan-out.html
  loadgen run fan-out-5-to-1000 --scale 0.1 --json result.json
  loadgen report before.json after.json

Exit codes: 0 fine, 1 could not run, 2 the broker broke a promise,
3 the generator was the limit (only with --strict).";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Scenario(Box<Scenario>),
    /// List the scenario files that come with the program
    List,
    /// Show the report of a run, or compare several
    Report(ReportArguments),
    /// A process of a run with several; led by its parent.
    #[command(hide = true)]
    Worker,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Reports as written by --json; the first is what the others are compared with
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Write a page with charts, readable offline
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_rate_and_a_window_exclude_each_other() {
        let parse = |arguments: &[&str]| {
            let words = ["loadgen", "p2p"].iter().chain(arguments);
            Cli::try_parse_from(words).map(|_| ())
        };
        parse(&["-r", "5"]).unwrap();
        parse(&["-w", "5", "-h", "a,b", "-p", "1884"]).unwrap();
        let error = parse(&["-r", "5", "-w", "5"]).unwrap_err();
        assert_eq!(error.kind(), clap::error::ErrorKind::ArgumentConflict);
    }

    #[test]
    fn a_file_takes_only_what_has_a_meaning_for_it() {
        let parse = |arguments: &[&str]| {
            let words = ["loadgen", "run", "idle-1m"].iter().chain(arguments);
            Cli::try_parse_from(words).map(|_| ())
        };
        parse(&[
            "-V", "4", "-u", "a", "-P", "b", "-k", "0", "-q", "2", "-s", "64",
        ])
        .unwrap();
        parse(&[
            "-R",
            "5",
            "-d",
            "1s",
            "--warm-up",
            "0",
            "--drain",
            "1s",
            "--seed",
            "3",
        ])
        .unwrap();
        for refused in [
            "--topic",
            "--rate",
            "--window",
            "--schedule",
            "--alias",
            "--retain",
        ] {
            let error = parse(&[refused, "5"]).unwrap_err();
            assert_eq!(error.kind(), clap::error::ErrorKind::UnknownArgument);
            assert!(error.to_string().contains(refused), "{error}");
        }
    }
}
