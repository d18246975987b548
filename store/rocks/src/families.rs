//! What `RocksDB` is told about the store and each of its families.

use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBRecoveryMode, MergeOperands,
    Options as DbOptions,
};
use store_model::{Family, Holders};

use crate::Options;
use crate::limits::{LOG_BYTES_MAX, OPEN_FILES_MAX, TABLES_BYTES_MAX};

/// The name of the merge operator, which the database stores: it is part of the format.
const ADD_HOLDERS: &str = "skein.add-holders";

/// Options of the whole database.
pub(crate) fn database_options() -> DbOptions {
    let mut options = DbOptions::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    // The log ends at the first group that is cut or changed, as a loss of power leaves it.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    options.set_max_total_wal_size(LOG_BYTES_MAX);
    options.set_db_write_buffer_size(TABLES_BYTES_MAX);
    options.set_max_open_files(OPEN_FILES_MAX);
    options.set_max_background_jobs(2);
    // One thread writes.
    options.set_allow_concurrent_memtable_write(false);
    // The database's own log of what it did.
    options.set_keep_log_file_num(4);
    options.set_max_log_file_size(4 << 20);
    options.set_stats_dump_period_sec(0);
    options
}

/// Every family with its options, sharing one cache.
pub(crate) fn descriptors(options: &Options) -> Vec<ColumnFamilyDescriptor> {
    let cache = Cache::new_lru_cache(options.cache_bytes);
    let family =
        |family: Family| ColumnFamilyDescriptor::new(family.name(), family_options(family, &cache));
    let mut all: Vec<_> = Family::ALL.into_iter().map(family).collect();
    // RocksDB insists on one with this name; it stays empty.
    all.push(ColumnFamilyDescriptor::new("default", DbOptions::default()));
    all
}

fn family_options(family: Family, cache: &Cache) -> DbOptions {
    let mut tables = BlockBasedOptions::default();
    tables.set_block_cache(cache);
    // Indexes and filters count against the cache, so that memory has one bound.
    tables.set_cache_index_and_filter_blocks(true);
    tables.set_pin_l0_filter_and_index_blocks_in_cache(true);
    if is_read_by_key(family) {
        tables.set_bloom_filter(10.0, false);
    }
    let mut options = DbOptions::default();
    options.set_block_based_table_factory(&tables);
    options.set_write_buffer_size(table_bytes(family));
    options.set_level_compaction_dynamic_level_bytes(true);
    if comes_and_goes(family) {
        // Where half of a run of records are removals, walks get slow: such files are compacted.
        options.add_compact_on_deletion_collector_factory(4096, 2048, 0.5);
    }
    if family == Family::Holders {
        options.set_merge_operator_associative(ADD_HOLDERS, |_, value, operands| {
            Some(add_holders(value, operands))
        });
    }
    options
}

/// Whether single records are read by their keys, and may not be there.
const fn is_read_by_key(family: Family) -> bool {
    matches!(family, Family::Bodies | Family::Dropped | Family::Holders)
}

/// Whether most records are removed soon after they were written.
const fn comes_and_goes(family: Family) -> bool {
    matches!(
        family,
        Family::Queue
            | Family::Bodies
            | Family::Holders
            | Family::Flight
            | Family::Receipts
            | Family::Delayed
            | Family::Dropped
    )
}

/// Bytes of one memory table.
const fn table_bytes(family: Family) -> usize {
    match family {
        Family::Bodies | Family::Queue => 64 << 20,
        Family::Retained | Family::Sessions => 32 << 20,
        Family::Delayed
        | Family::Dropped
        | Family::Flight
        | Family::Holders
        | Family::Meta
        | Family::Quarantine
        | Family::Receipts => 8 << 20,
    }
}

/// Sums of a value, if there is one, and operands; the same for operands alone.
fn add_holders(value: Option<&[u8]>, operands: &MergeOperands) -> Vec<u8> {
    let holders = value.into_iter().chain(operands);
    let sum = holders.fold(Holders(0), |sum, bytes| {
        sum.plus(Holders::decode(bytes).unwrap_or(Holders(0)))
    });
    sum.to_bytes().to_vec()
}
