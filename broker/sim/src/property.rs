//! The properties: what must hold of every run, one file each.
//!
//! Those that can be seen at once are checked where they are seen, under the names `bounds`,
//! `contract`, `expired`, `leaks`, `liveness`, `neighbours`, `takeover` and `well_formed`.

mod acknowledged;
mod delivered;
mod doubled;
mod entries;
mod ordered;
mod retained;
mod returned;
mod shared;
mod unasked;
mod wills;

use shard_engine::Counters;

pub(crate) use self::entries::check as check_entries;
pub(crate) use self::retained::check as check_retained;
use crate::history::History;
use crate::outside::Outside;
use crate::violation::Violation;

/// Checks all that can be told from the history of a run that has calmed down.
///
/// Returns how many deliveries had to be found.
pub(crate) fn check(
    history: &History,
    outside: &Outside,
    counters: &Counters,
) -> Result<u64, Violation> {
    delivered::check(history, counters)?;
    let owed = acknowledged::check(history, counters)?;
    doubled::check(history)?;
    ordered::check(history)?;
    unasked::check(history)?;
    wills::check(history, outside, counters)?;
    shared::check(history, counters)?;
    entries::check(history, outside)?;
    returned::check(history)?;
    Ok(owed)
}
