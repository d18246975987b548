//! Retained messages in the order in which they expire.

use std::cmp::Ordering;
use std::sync::Arc;

use wire_message::Message;

/// A message that expires, ordered by when, then by topic: 8 bytes.
#[derive(Debug)]
pub(super) struct Expiring(pub(super) Arc<Message>);

impl Ord for Expiring {
    fn cmp(&self, other: &Self) -> Ordering {
        let times = self.0.expiry().cmp(&other.0.expiry());
        times.then_with(|| self.0.topic().cmp(&other.0.topic()))
    }
}

impl PartialOrd for Expiring {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Expiring {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Expiring {}
