//! Figures of the store.

use shard_runtime::{GroupLatency, StoreFigures, StoreSpace};
use store_model::StoreState;

use super::Page;

/// Everything that the store says.
pub(super) fn write(store: &StoreFigures, page: &mut Page) {
    state(store.state, page);
    counters(store, page);
    latency(&store.latency, page);
    if let Some(found) = &store.space {
        space(found, page);
    }
}

fn state(now: StoreState, page: &mut Page) {
    let name = "skein_store_state";
    page.family(name, "gauge", "1 for the state that the store is in");
    for (state, text) in [
        (StoreState::Healthy, "healthy"),
        (StoreState::Full, "full"),
        (StoreState::Failed, "failed"),
    ] {
        let label = format!("{{state=\"{text}\"}}");
        page.sample(name, &label, u8::from(state == now));
    }
}

fn counters(store: &StoreFigures, page: &mut Page) {
    for (name, help, value) in [
        (
            "groups",
            "Groups of batches that were written",
            store.groups,
        ),
        (
            "batches",
            "Batches of shards that were written",
            store.batches,
        ),
        (
            "group_bytes",
            "Bytes that groups added to the log",
            store.group_bytes,
        ),
        (
            "upkeep",
            "Groups of the store's own work that were written",
            store.upkeep,
        ),
        ("syncs", "Syncs of the log", store.syncs),
        (
            "full",
            "Attempts to write a group for which there was no room",
            store.full,
        ),
        ("answers", "Questions of shards answered", store.answers),
        (
            "unreadable",
            "Questions that the disk gave no answer to",
            store.unreadable,
        ),
        (
            "damaged",
            "Damaged records set aside since the start",
            store.damaged,
        ),
    ] {
        let name = format!("skein_store_{name}_total");
        page.family(&name, "counter", help);
        page.sample(&name, "", value);
    }
}

fn latency(latency: &GroupLatency, page: &mut Page) {
    let name = "skein_store_group_latency_seconds";
    page.family(
        name,
        "histogram",
        "From the first batch of a group taken to the group written, and synced if somebody waits",
    );
    let bucket = format!("{name}_bucket");
    for (bound, groups) in &latency.up_to {
        let label = format!("{{le=\"{}\"}}", bound.as_secs_f64());
        page.sample(&bucket, &label, groups);
    }
    page.sample(&bucket, "{le=\"+Inf\"}", latency.count);
    let sum = format!("{:.6}", latency.sum.as_secs_f64());
    page.sample(&format!("{name}_sum"), "", sum);
    page.sample(&format!("{name}_count"), "", latency.count);
}

fn space(space: &StoreSpace, page: &mut Page) {
    for (name, help, value) in [
        ("tables_bytes", "Bytes of tables", space.tables_bytes),
        ("log_bytes", "Bytes of the log", space.log_bytes),
        (
            "memory_bytes",
            "Bytes in memory that are in the log and in no table yet",
            space.memory_bytes,
        ),
        (
            "pending_compaction_bytes",
            "Bytes of tables that are to be merged, estimated",
            space.pending_compaction_bytes,
        ),
        (
            "compactions",
            "Merges of tables that run now",
            space.compactions,
        ),
        (
            "write_stopped",
            "Whether nothing is written until tables are merged",
            u64::from(space.is_write_stopped),
        ),
        (
            "quarantined",
            "Damaged records set aside, of all starts",
            space.quarantined,
        ),
        ("free_bytes", "Bytes free on the device", space.free_bytes),
        (
            "reserve_bytes",
            "Free bytes that the store leaves alone",
            space.reserve_bytes,
        ),
    ] {
        let name = format!("skein_store_{name}");
        page.family(&name, "gauge", help);
        page.sample(&name, "", value);
    }
    let name = "skein_store_background_errors_total";
    page.family(
        name,
        "counter",
        "Merges of tables and other work that failed",
    );
    page.sample(name, "", space.background_errors);
    let name = "skein_store_records";
    page.family(name, "gauge", "Records by family, estimated");
    for (family, records) in &space.records {
        page.sample(name, &format!("{{family=\"{family}\"}}"), records);
    }
}
