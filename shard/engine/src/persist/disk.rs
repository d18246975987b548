//! What a stored session has beside its memory, while there is something.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use shard_session::Delivery;
use store_model::{EntryKey, EntryPlace, Home};
use wire_mqtt::PacketId;

use super::Waits;
use super::load::Loading;

/// A stored session's other half: entries that are on the disk only, and QoS 2 exchanges whose
/// receipts are.
#[derive(Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question of its own"
)]
pub(crate) struct Disk {
    /// Entries that are on the disk only; of an earlier run, once they are counted.
    pub(crate) entries: u64,
    /// Bytes of their messages.
    pub(crate) bytes: u64,
    /// There is something behind `after`.
    pub(crate) more: bool,
    /// The last entry that was read.
    pub(crate) after: Option<EntryKey>,
    /// The first part is in memory, for a client that is about to be connected.
    pub(super) is_loaded: bool,
    /// A page was asked for and is not there yet.
    pub(super) asked: bool,
    /// Numbers the questions, so that late answers are known as such.
    pub(super) turn: u32,
    /// What came after the question: the page may show it or not.
    pub(super) late: Vec<(EntryKey, Delivery)>,
    /// What was given to others after the question.
    pub(super) gone: BTreeSet<u64>,
    /// What was read so far for a client that connects.
    pub(super) loading: Option<Box<Loading>>,
    /// QoS 2 messages of the client that shards have stored.
    pub(super) exchanges: BTreeMap<PacketId, Exchange>,
    /// The highest number among those in flight: what is in flight is not dropped.
    pub(super) flown: u64,
    /// The oldest entries, to be dropped next if there are too many.
    pub(super) oldest: VecDeque<EntryPlace>,
    /// A question for the oldest entries or for their number is under way.
    pub(super) asks_oldest: bool,
    pub(super) is_measured: bool,
}

/// A QoS 2 message of the client, from PUBLISH to PUBREL.
#[derive(Clone, Debug, Default)]
pub(super) struct Exchange {
    /// What PUBREC waits for.
    pub(super) waits: Waits,
    /// Where its receipts are.
    pub(super) parts: Vec<Home>,
    /// A crash came between: the message is at `parts`, and is to come again for all others.
    pub(super) is_partial: bool,
}

impl Disk {
    /// An entry was written that is on the disk only.
    pub(super) fn added(&mut self, entry: EntryKey, delivery: Delivery) {
        self.entries += 1;
        self.bytes += delivery.message().cost_bytes() as u64;
        self.more = true;
        if self.asked {
            self.late.push((entry, delivery));
        }
    }

    /// No page is awaited any more, and what came meanwhile does not matter.
    pub(super) fn stop_asking(&mut self) {
        self.asked = false;
        self.late.clear();
        self.gone.clear();
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        !self.more && !self.asked && self.exchanges.is_empty()
    }
}
