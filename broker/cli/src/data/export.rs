//! `skein data export --data-dir FOLDER --to FILE`.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use serde_json::json;
use store_archive::{Exported, FAMILIES};
use store_model::Family;
use store_rocks::{Database, Options};

use super::{Undone, records_json, write_records};
use crate::{DataFolder, Outcome};

/// Writes the archive and says what is in it.
pub(super) fn data_export(
    folder: &DataFolder,
    to: &Path,
    out: &mut dyn Write,
) -> Result<Outcome, Undone> {
    let database = Database::open_to_read(&folder.store(), Options::default());
    let database = database.map_err(|error| Undone::because(&error))?;
    let file = File::create_new(to).map_err(|error| Undone::file("make", to, &error))?;
    let written = write(&database, &file);
    if written.is_err() {
        // Half an archive is of no use; whoever reads the first error learns more than from a second.
        _ = fs::remove_file(to);
    }
    let exported = written?;
    let records = |family: Family| exported.records[usize::from(family.tag())];
    if folder.json {
        let said = json!({
            "bytes": exported.bytes,
            "records": records_json(records),
            "damaged": exported.damaged,
            "ended": exported.ended,
        });
        writeln!(out, "{said:#}")?;
    } else {
        write_records(records, FAMILIES, out)?;
        let Exported { damaged, ended, .. } = exported;
        writeln!(
            out,
            "left out: {damaged} damaged, {ended} of sessions that ended"
        )?;
        writeln!(out, "{}: {} bytes", to.display(), exported.bytes)?;
    }
    Ok(if exported.damaged == 0 {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

/// The archive is on the disk when this returns.
fn write(database: &Database, file: &File) -> Result<Exported, Undone> {
    let mut buffered = BufWriter::with_capacity(1 << 20, file);
    let exported = database.export(&mut buffered);
    let exported = exported.map_err(|error| Undone::because(&error))?;
    let synced = file.sync_all();
    synced.map_err(|error| Undone::Unable(format!("sync the archive: {error}")))?;
    Ok(exported)
}
