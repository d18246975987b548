//! `skein config show`.

use std::io::{self, Write};
use std::path::Path;

use broker_config::{Effective, Origin};
use serde_json::json;

use crate::Outcome;

/// Writes every value in force with its origin to `out`: as lines that are HOCON themselves, or as
/// one JSON array. If the configuration is refused, its mistakes go to `out` instead.
///
/// # Errors
///
/// Only if `out` fails.
pub fn config_show(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    json: bool,
    out: &mut dyn Write,
) -> io::Result<Outcome> {
    let values = match broker_config::load(file, environment) {
        Ok(loaded) => loaded.values,
        Err(error) => {
            writeln!(out, "{error}")?;
            return Ok(Outcome::Refused);
        }
    };
    if json {
        let values = values.iter().map(value_json).collect::<Vec<_>>();
        writeln!(out, "{:#}", serde_json::Value::from(values))?;
    } else {
        let width = values
            .iter()
            .map(|value| value.path.len() + value.text.len())
            .max();
        for Effective { path, text, origin } in &values {
            let space = width.unwrap_or(0).saturating_sub(path.len() + text.len());
            writeln!(out, "{path} = {text}{:space$}  # {origin}", "")?;
        }
    }
    Ok(Outcome::Done)
}

fn value_json(Effective { path, text, origin }: &Effective) -> serde_json::Value {
    // What is JSON already is given as such: numbers, switches, quoted text.
    let value = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
    let origin = match origin {
        Origin::Default => json!({ "kind": "default" }),
        Origin::File { path, line } => {
            json!({ "kind": "file", "path": path.display().to_string(), "line": line })
        }
        Origin::Variable { name } => json!({ "kind": "environment", "variable": name.as_ref() }),
    };
    json!({ "key": path, "value": value, "origin": origin })
}
