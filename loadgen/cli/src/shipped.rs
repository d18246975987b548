//! The scenario files that come with the program.

use std::io::{Result, Write};

/// Their names and texts, in the order in which they are listed.
const FILES: [(&str, &str); 0] = [];

/// The text of the one called `name`.
pub(crate) fn find(name: &str) -> Option<&'static str> {
    let found = FILES.iter().find(|(own, _)| *own == name);
    found.map(|(_, text)| *text)
}

/// Writes their names, each with the first line of its file.
pub(crate) fn list(out: &mut impl Write) -> Result<()> {
    for (name, text) in FILES {
        let first = text.lines().next().unwrap_or_default();
        writeln!(out, "{name:20} {}", first.trim_start_matches('#').trim())?;
    }
    Ok(())
}
