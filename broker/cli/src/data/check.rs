//! `skein data check --data-dir FOLDER`.

use std::io::Write;

use serde_json::json;
use store_model::{Family, Finding};
use store_rocks::{Checked, Options, check};

use super::{Undone, hex, records_json, write_records};
use crate::{DataFolder, Outcome};

/// Says how many records there are and what is wrong with them.
pub(super) fn data_check(folder: &DataFolder, out: &mut dyn Write) -> Result<Outcome, Undone> {
    let store = folder.store();
    let checked = check(&store, Options::default()).map_err(|error| Undone::because(&error))?;
    if folder.json {
        writeln!(out, "{:#}", checked_json(&checked))?;
    } else {
        write_lines(&checked, out)?;
        let folder = store.display();
        match checked.check.wrong + checked.damaged_blocks {
            0 => writeln!(out, "{folder}: sound")?,
            count => writeln!(out, "{folder}: {count} findings")?,
        }
    }
    Ok(if checked.is_sound() {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

fn checked_json(checked: &Checked) -> serde_json::Value {
    let check = &checked.check;
    let finding = |one: &Finding| {
        let (family, key) = (one.family.name(), hex(&one.key));
        json!({ "family": family, "key": key, "wrong": one.wrong.to_string() })
    };
    json!({
        "sound": checked.is_sound(),
        "sessions": check.sessions,
        "records": records_json(|family| check.records_of(family)),
        "wrong": check.wrong,
        "damaged_blocks": checked.damaged_blocks,
        "findings": check.findings.iter().map(finding).collect::<Vec<_>>(),
    })
}

fn write_lines(checked: &Checked, out: &mut dyn Write) -> Result<(), Undone> {
    let check = &checked.check;
    write_records(|family| check.records_of(family), Family::ALL, out)?;
    writeln!(out, "{} live sessions", check.sessions)?;
    for one in &check.findings {
        let (family, key) = (one.family.name(), hex(&one.key));
        writeln!(out, "{family} {key}: {}", one.wrong)?;
    }
    let more = check.wrong - check.findings.len() as u64;
    if more > 0 {
        writeln!(out, "and {more} more")?;
    }
    if checked.damaged_blocks > 0 {
        let count = checked.damaged_blocks;
        writeln!(out, "{count} reads met a damaged block of a table")?;
    }
    Ok(())
}
