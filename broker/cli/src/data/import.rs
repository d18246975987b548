//! `skein data import --data-dir FOLDER --from FILE`.

use std::fs::File;
use std::io::{BufReader, Write};
use std::path::Path;

use serde_json::json;
use store_archive::FAMILIES;
use store_model::Family;
use store_rocks::{Existing, Options, import};

use super::{Undone, records_json, write_records};
use crate::{DataFolder, Outcome};

/// Reads the archive in and says what was in it.
pub(super) fn data_import(
    folder: &DataFolder,
    from: &Path,
    replace: bool,
    out: &mut dyn Write,
) -> Result<Outcome, Undone> {
    let file = File::open(from).map_err(|error| Undone::file("open", from, &error))?;
    let mut archive = BufReader::with_capacity(1 << 20, file);
    let existing = if replace {
        Existing::Replace
    } else {
        Existing::Keep
    };
    let store = folder.store();
    let imported = import(&store, Options::default(), &mut archive, existing);
    let imported = imported.map_err(|error| Undone::because(&error))?;
    let records = |family: Family| imported.records[usize::from(family.tag())];
    if folder.json {
        let said = json!({
            "records": records_json(records),
            "replaced": imported.replaced,
            "receipts_left_out": imported.receipts_left_out,
            "numbers_raised_by": imported.added,
        });
        writeln!(out, "{said:#}")?;
    } else {
        write_records(records, FAMILIES, out)?;
        writeln!(
            out,
            "{}: {} made place, {} receipts left out",
            store.display(),
            imported.replaced,
            imported.receipts_left_out
        )?;
    }
    Ok(Outcome::Done)
}
