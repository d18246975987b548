//! Whether the store in a folder is sound.

use std::path::Path;
use std::sync::atomic::Ordering;

use store_model::Check;

use crate::view::View;
use crate::{Database, OpenError, Options};

/// What a check of a folder found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Records, and what is wrong with them and among them.
    pub check: Check,
    /// How often a table's block was damaged when it was read. Records in it that are whole count
    /// as such; but the database, when it comes to merge the table, writes no more.
    pub damaged_blocks: u64,
}

impl Checked {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.check.is_sound() && self.damaged_blocks == 0
    }
}

/// Reads everything in the store of a broker that does not run, and writes nothing.
///
/// # Errors
///
/// [`OpenError`] if the store can't be opened; what can't be read in it is a finding.
pub fn check(folder: &Path, options: Options) -> Result<Checked, OpenError> {
    Ok(Database::open_to_read(folder, options)?.check())
}

impl Database {
    /// Reads everything, as it is now. See [`store_model::check`].
    #[must_use]
    pub fn check(&self) -> Checked {
        let before = self.damaged_blocks.load(Ordering::Relaxed);
        let check = store_model::check(&View::of(self));
        let after = self.damaged_blocks.load(Ordering::Relaxed);
        Checked {
            check,
            damaged_blocks: after - before,
        }
    }
}
