//! The command line of the binary `skein`: what may be said, and every command beside `run`.
//!
//! [`Cli`] is the grammar. `run` belongs to `broker/server`, which matches on [`Command`]; the
//! commands here need no running broker, write to the stream that they are given, and report
//! failure by their [`Outcome`]. Nothing here reads the environment or a clock.

mod cli;
mod config_check;
mod config_show;
mod outcome;

pub use cli::{Cli, Command, ConfigCommand, RunArguments};
pub use config_check::config_check;
pub use config_show::config_show;
pub use outcome::Outcome;
