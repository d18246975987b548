//! Writes that are there all or not at all.

use rocksdb::{ColumnFamily, WriteBatch};
use store_model::{Family, Holders, Sink};

/// One group: collected in memory, then written at once. Can be written again after it failed for
/// want of room.
pub struct Group<'a> {
    batch: WriteBatch,
    families: [&'a ColumnFamily; Family::ALL.len()],
}

impl std::fmt::Debug for Group<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut group = f.debug_struct("Group");
        group.field("writes", &self.batch.len()).finish()
    }
}

impl<'a> Group<'a> {
    pub(crate) fn new(families: [&'a ColumnFamily; Family::ALL.len()]) -> Self {
        Self {
            batch: WriteBatch::default(),
            families,
        }
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Bytes that it adds to the log.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.batch.size_in_bytes()
    }

    /// A copy for the database, which keeps what it is given.
    pub(crate) fn to_batch(&self) -> WriteBatch {
        WriteBatch::from_data(self.batch.data())
    }

    fn family(&self, family: Family) -> &'a ColumnFamily {
        self.families[usize::from(family.tag())]
    }
}

impl Sink for Group<'_> {
    fn add(&mut self, family: Family, key: &[u8], holders: Holders) {
        let family = self.family(family);
        self.batch.merge_cf(family, key, holders.to_bytes());
    }

    fn delete(&mut self, family: Family, key: &[u8]) {
        self.batch.delete_cf(self.family(family), key);
    }

    fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.batch.put_cf(self.family(family), key, value);
    }
}
