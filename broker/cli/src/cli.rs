//! The grammar of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// An MQTT broker for Linux machines that carry very many devices.
#[derive(Debug, Parser)]
#[command(name = "skein", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; nothing means `run`.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What bare `skein` runs with.
    #[command(flatten)]
    pub run: RunArguments,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at a configuration without running it
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Run the broker until SIGTERM or SIGINT
    Run(RunArguments),
}

/// What the broker runs with.
#[derive(Args, Clone, Debug)]
pub struct RunArguments {
    /// Configuration file; without one the defaults hold
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Looks at a configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Name every mistake in FILE; exit code 1 if there is one
    Check {
        /// Configuration file
        file: PathBuf,
    },
    /// List every value in force and where it came from
    Show {
        /// Configuration file; without one the defaults hold
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// One JSON array instead of lines
        #[arg(long)]
        json: bool,
    },
}

impl Cli {
    /// The command that was meant.
    #[must_use]
    pub fn into_command(self) -> Command {
        self.command.unwrap_or(Command::Run(self.run))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn nothing_means_run() {
        let command = |line: &str| Cli::try_parse_from(line.split(' ')).map(Cli::into_command);
        assert!(matches!(
            command("skein"),
            Ok(Command::Run(RunArguments { config: None }))
        ));
        for line in ["skein --config a.conf", "skein run --config a.conf"] {
            let Ok(Command::Run(arguments)) = command(line) else {
                unreachable!("{line}")
            };
            assert_eq!(arguments.config, Some(PathBuf::from("a.conf")), "{line}");
        }
        assert!(command("skein config check").is_err());
        assert!(command("skein --config a.conf config show").is_err());
    }
}
