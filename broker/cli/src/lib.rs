//! The command line of the binary `skein`: what may be said, and every command beside `run`.
//!
//! [`Cli`] is the grammar. `run` belongs to `broker/server`, which matches on [`Command`]; the
//! commands here need no running broker, write to the streams that they are given, and report
//! failure by their [`Outcome`]. Nothing here reads the environment or a clock.

mod cli;
mod config_check;
mod config_show;
mod data;
mod outcome;

pub use cli::{Cli, Command, ConfigCommand, DataCommand, DataFolder, RunArguments};
pub use config_check::config_check;
pub use config_show::config_show;
pub use data::data;
pub use outcome::Outcome;
