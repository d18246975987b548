//! Where records are read from.

use core::ops::{Bound, ControlFlow};

use crate::Family;

/// What looks at a record, key and value, and says whether to go on.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Records at one point in time: a database's, or the simulator's image.
pub trait Source {
    /// Why records could not be read at all, which says nothing about what they are.
    type Error;

    /// The value at `key`.
    ///
    /// # Errors
    ///
    /// If the disk can't be read.
    fn value(&self, family: Family, key: &[u8]) -> Result<Option<Vec<u8>>, Self::Error>;

    /// Shows `visit` the records with keys that begin with `prefix`, from a key on and in their
    /// order, until it breaks or there are no more.
    ///
    /// # Errors
    ///
    /// If the disk can't be read; some records may have been shown.
    fn walk(
        &self,
        family: Family,
        prefix: &[u8],
        from: Bound<&[u8]>,
        visit: &mut Visit<'_>,
    ) -> Result<(), Self::Error>;
}
