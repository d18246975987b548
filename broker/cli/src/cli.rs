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
    /// Check, export or import what a broker has stored; the broker must not run
    #[command(subcommand)]
    Data(DataCommand),
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

/// Does something with what is stored.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Read everything and see whether it fits together; exit code 1 if not, 2 if that can't be told
    Check {
        /// Where.
        #[command(flatten)]
        folder: DataFolder,
    },
    /// Write everything to one file; exit code 1 if damage had to be left out, 2 if there is no file
    Export {
        /// Where.
        #[command(flatten)]
        folder: DataFolder,
        /// The archive, which must not be there yet
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
    /// Read an archive in, all of it or nothing; exit code 2 if nothing was
    Import {
        /// Where.
        #[command(flatten)]
        folder: DataFolder,
        /// The archive
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// Sessions and retained messages that are there make place for those of the archive; without
        /// this, one of the same client or topic is an error
        #[arg(long)]
        replace: bool,
    },
}

/// Which folder, and how to speak of it.
#[derive(Args, Clone, Debug)]
pub struct DataFolder {
    /// `node.data_dir` of the broker, or a copy of its store
    #[arg(long, value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// One JSON object instead of lines
    #[arg(long)]
    pub json: bool,
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
