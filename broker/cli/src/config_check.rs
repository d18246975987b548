//! `skein config check FILE`.

use std::io::{self, Write};
use std::path::Path;

use crate::Outcome;

/// Writes every mistake in `file` to `out`, one a line, or that there is none.
///
/// The variables of `environment` count, because they would when the broker runs.
///
/// # Errors
///
/// Only if `out` fails.
pub fn config_check(
    file: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
    out: &mut dyn Write,
) -> io::Result<Outcome> {
    match broker_config::load(Some(file), environment) {
        Ok(_) => {
            writeln!(out, "{}: no mistakes", file.display())?;
            Ok(Outcome::Done)
        }
        Err(error) => {
            writeln!(out, "{error}")?;
            Ok(Outcome::Refused)
        }
    }
}
