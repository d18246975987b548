//! `log`: what is logged and how.

use crate::field::section;
use crate::value::{LogFormat, LogLevel};

section! {
    /// The log, written to standard error.
    pub struct LogConfig {
        /// The least important records that are written. `PUT /log/level` changes it while the
        /// broker runs.
        level: LogLevel = "info" => AtRunTime,
        /// For people or for machines.
        format: LogFormat = "text",
    }
}
