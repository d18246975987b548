//! The rings between shards: one for entries and one for what is told, each way.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use rtrb::{Consumer, Producer, RingBuffer};
use shard_engine::limits::RING_ENTRIES;
use shard_engine::{Adoption, Answer, Entry};
use shard_uring::PeerId;
use wire_message::ShardId;

use crate::sleep_flag::SleepFlag;
use crate::teller::{self, Teller, Told};

/// What goes through a ring of entries.
#[derive(Debug)]
pub(crate) enum Carried {
    /// A connection on its way to its home, with its transport.
    Adopt(Box<Transfer>),
    /// What the engines tell each other.
    Entry(Entry),
}

/// A connection between two shards.
#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) adoption: Adoption,
    pub(crate) socket: OwnedFd,
    pub(crate) unread: Vec<u8>,
}

/// Entries from which a ring counts as half full: the shard that fills it asks for room by itself, the
/// shard that empties it wakes the other.
const HALF: usize = RING_ENTRIES / 2;

/// One shard's ends of the four rings between it and another.
pub(crate) struct Link {
    pub(crate) peer: ShardId,
    pub(crate) peer_id: PeerId,
    peer_sleeping: Arc<SleepFlag>,
    entries_out: Producer<Carried>,
    teller: Teller,
    pub(crate) entries_in: Consumer<Carried>,
    pub(crate) told_in: Consumer<Told>,
    /// Free slots of `entries_out` that the engine knows of.
    room_known: usize,
    /// Something was put in, or much was taken out, since the last look at the peer's flag.
    stirred: bool,
}

impl Link {
    pub(crate) fn push(&mut self, carried: Carried) {
        assert!(
            self.entries_out.push(carried).is_ok(),
            "the engine counts the room of each ring"
        );
        self.room_known = self.room_known.saturating_sub(1);
        self.stirred = true;
    }

    pub(crate) fn answer(&mut self, answer: Answer) {
        self.teller.answer(answer);
        self.stirred = true;
    }

    /// Tells the peer that its entries up to `through` are durable: now, or when there is room.
    pub(crate) fn durable(&mut self, through: u64) {
        self.stirred |= self.teller.durable(through);
    }

    /// Tells what found no room before; whether something still waits for it.
    pub(crate) fn tell_waiting(&mut self) -> bool {
        self.stirred |= self.teller.tell_waiting();
        self.teller.is_waiting()
    }

    /// Entries to take in this turn, at most `budget`.
    pub(crate) fn waiting(&mut self, budget: usize) -> usize {
        let waiting = self.entries_in.slots();
        // The peer may sleep until there is room. It does so only if it left half of the ring full or more,
        // and only this shard takes out, so a quarter is seen here before it can be missed.
        self.stirred |= waiting >= HALF / 2;
        waiting.min(budget)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries_in.is_empty() && self.told_in.is_empty()
    }

    /// Free slots, if the engine should be told of them: it knows of few, and there are more.
    pub(crate) fn room(&mut self) -> Option<usize> {
        if self.room_known > HALF {
            return None;
        }
        let slots = self.entries_out.slots();
        let more = slots > self.room_known;
        self.room_known = slots;
        more.then_some(slots)
    }

    /// Whether the peer must be woken.
    pub(crate) fn must_wake(&mut self) -> bool {
        core::mem::take(&mut self.stirred) && self.peer_sleeping.take()
    }
}

/// One shard's end of a link before its driver knows the peer.
pub(crate) struct LinkEnd {
    peer: ShardId,
    entries_out: Producer<Carried>,
    teller: Teller,
    entries_in: Consumer<Carried>,
    told_in: Consumer<Told>,
}

impl LinkEnd {
    pub(crate) fn peer(&self) -> ShardId {
        self.peer
    }

    pub(crate) fn connect(self, peer_id: PeerId, peer_sleeping: Arc<SleepFlag>) -> Link {
        Link {
            peer: self.peer,
            peer_id,
            peer_sleeping,
            entries_out: self.entries_out,
            teller: self.teller,
            entries_in: self.entries_in,
            told_in: self.told_in,
            // The first turn tells the engine of all of it.
            room_known: 0,
            stirred: false,
        }
    }
}

/// The ends of all rings between `shards` shards: for each shard, those to its peers in order.
pub(crate) fn mesh(shards: &[ShardId]) -> Vec<Vec<LinkEnd>> {
    let mut ends: Vec<Vec<LinkEnd>> = shards.iter().map(|_| Vec::new()).collect();
    for (low, lower) in shards.iter().enumerate() {
        for (high, higher) in shards.iter().enumerate().skip(low + 1) {
            let (entries_up, entries_from_low) = RingBuffer::new(RING_ENTRIES);
            let (entries_down, entries_from_high) = RingBuffer::new(RING_ENTRIES);
            let (teller_up, told_from_low) = teller::ring();
            let (teller_down, told_from_high) = teller::ring();
            ends[low].push(LinkEnd {
                peer: *higher,
                entries_out: entries_up,
                teller: teller_up,
                entries_in: entries_from_high,
                told_in: told_from_high,
            });
            ends[high].push(LinkEnd {
                peer: *lower,
                entries_out: entries_down,
                teller: teller_down,
                entries_in: entries_from_low,
                told_in: told_from_low,
            });
        }
    }
    for end in &mut ends {
        end.sort_by_key(LinkEnd::peer);
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shard_has_a_link_to_every_other() {
        let shards: Vec<_> = (0..5).map(ShardId).collect();
        for (own, ends) in mesh(&shards).iter().enumerate() {
            let peers: Vec<_> = ends.iter().map(|end| end.peer().index()).collect();
            let others: Vec<_> = (0..5).filter(|peer| *peer != own).collect();
            assert_eq!(peers, others);
        }
    }
}
