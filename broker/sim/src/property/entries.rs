//! A message goes into the ring to a shard once, however many subscribers are there.
//!
//! Source: ARCHITECTURE.md, "The picture".

use crate::history::History;
use crate::outside::Outside;
use crate::violation::{Checked, ensure};

/// Checks the property for every pair of shards.
pub(crate) fn check(history: &History, outside: &Outside) -> Checked {
    for ((id, from, to), count) in outside.watches.entries() {
        let copies = history.copies(*id);
        ensure(*count <= copies, "entries", || {
            format!("{id:?}, sent {copies} times, went {count} times from shard {from} to {to}")
        })?;
    }
    Ok(())
}
