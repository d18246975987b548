//! `skein data`: what is stored, without a broker.

mod check;
mod export;
mod import;

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use store_model::Family;

use self::check::data_check;
use self::export::data_export;
use self::import::data_import;
use crate::{DataCommand, DataFolder, Outcome};

/// Does what was asked for and says what came of it to `out`; why something can't be done to
/// `errors`, or with `--json` to `out` as well.
///
/// # Errors
///
/// Only if a stream fails.
pub fn data(
    command: &DataCommand,
    out: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<Outcome> {
    let (folder, done) = match command {
        DataCommand::Check { folder } => (folder, data_check(folder, out)),
        DataCommand::Export { folder, to } => (folder, data_export(folder, to, out)),
        DataCommand::Import {
            folder,
            from,
            replace,
        } => (folder, data_import(folder, from, *replace, out)),
    };
    match done {
        Ok(outcome) => Ok(outcome),
        Err(Undone::Out(error)) => Err(error),
        Err(Undone::Unable(why)) => {
            if folder.json {
                writeln!(out, "{:#}", json!({ "error": why }))?;
            } else {
                writeln!(errors, "skein: {why}")?;
            }
            Ok(Outcome::Unable)
        }
    }
}

/// Why a command ended early.
enum Undone {
    /// The stream for what is said failed.
    Out(io::Error),
    /// It can't be done, for this reason.
    Unable(String),
}

impl From<io::Error> for Undone {
    fn from(error: io::Error) -> Self {
        Self::Out(error)
    }
}

impl Undone {
    /// A reason, with what caused it.
    fn because(error: &dyn Error) -> Self {
        let mut why = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            why.push_str(": ");
            why.push_str(&error.to_string());
            cause = error.source();
        }
        Self::Unable(why)
    }

    fn file(verb: &str, path: &Path, error: &io::Error) -> Self {
        Self::Unable(format!("{verb} {}: {error}", path.display()))
    }
}

impl DataFolder {
    /// Where the store is: in a broker's data folder under a name, in a copy at the top.
    fn store(&self) -> PathBuf {
        let below = self.data_dir.join("store");
        let is_copy = !below.exists() && self.data_dir.join("records").exists();
        if is_copy {
            self.data_dir.clone()
        } else {
            below
        }
    }
}

/// How many records each family has, as an object.
fn records_json(records: impl Fn(Family) -> u64) -> Value {
    let count = |family: Family| (family.name().to_owned(), json!(records(family)));
    Value::Object(Family::ALL.into_iter().map(count).collect::<Map<_, _>>())
}

/// The same in lines.
fn write_records(
    records: impl Fn(Family) -> u64,
    families: impl IntoIterator<Item = Family>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for family in families {
        writeln!(out, "{:12}{:>12}", family.name(), records(family))?;
    }
    Ok(())
}

fn hex(key: &[u8]) -> String {
    use std::fmt::Write as _;
    key.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}
