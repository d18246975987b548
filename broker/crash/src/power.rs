//! What a data folder would hold if the power had failed when the process was killed.
//!
//! A recording tells how many bytes of each file were covered by a sync that had ended, and which
//! names by one of their folder. The rest is taken away, or replaced by garbage: what a disk may
//! have of it.

mod cut;
mod ledger;

pub(crate) use cut::{Cut, cut};
pub(crate) use ledger::Ledger;
