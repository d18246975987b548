//! Where a value came from.

use core::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Where the value that is in force was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody wrote it: the built-in default.
    Default,
    /// A configuration file.
    File {
        /// The file, as it was named on the command line or in an `include`.
        path: Arc<PathBuf>,
        /// The line, from 1, if it is known.
        line: Option<usize>,
    },
    /// An environment variable.
    Variable {
        /// The variable's name.
        name: Arc<str>,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Variable { name } => write!(f, "environment variable {name}"),
        }
    }
}
