//! From a store to an archive.

use std::io::{self, Write};

use store_archive::{ExportError, Exported};

use crate::view::View;
use crate::{Database, ReadError};

impl Database {
    /// Writes an archive of everything that is stored now; in bounded memory. What is damaged is left
    /// out and counted. The layout stands in `store/archive`.
    ///
    /// # Errors
    ///
    /// [`ExportError`]; what was written is no archive then.
    pub fn export(
        &self,
        to: &mut dyn Write,
    ) -> Result<Exported, ExportError<ReadError, io::Error>> {
        let exported = store_archive::export(&View::of(self), &mut |bytes| to.write_all(bytes))?;
        to.flush().map_err(ExportError::Write)?;
        Ok(exported)
    }
}
