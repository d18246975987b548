//! Where records are read from.

use core::ops::{Bound, ControlFlow};

use crate::Family;

/// What looks at a record, key and value, and says whether to go on.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// The first key after all that begin with `prefix`; `None` if there can be none.
#[must_use]
pub fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}

/// Records at one point in time: a database's, or the simulator's image.
pub trait Source {
    /// Why records could not be read at all, which says nothing about what they are.
    type Error;

    /// The last key that begins with `prefix`, found without a look at those before it.
    ///
    /// # Errors
    ///
    /// If the disk can't be read.
    fn last_key(&self, family: Family, prefix: &[u8]) -> Result<Option<Vec<u8>>, Self::Error>;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_after_all_its_keys_and_before_all_others() {
        assert_eq!(prefix_end(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(prefix_end(&[1, 255]), Some(vec![2]));
        assert_eq!(prefix_end(&[255, 255]), None);
        assert_eq!(prefix_end(&[]), None);
    }
}
