//! How a command ended.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should: exit code 0.
    Done,
    /// What was asked for was said, and it is bad news: exit code 1.
    Refused,
    /// It could not be done: exit code 2.
    Unable,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Refused => Self::FAILURE,
            Outcome::Unable => Self::from(2),
        }
    }
}
