//! The entries of a window, by packet id and in order.

use std::collections::{BTreeMap, VecDeque};

use wire_mqtt::PacketId;

use super::Resend;
use crate::Delivery;
use crate::coarse::Coarse;

/// Packet ids there are.
const IDS: usize = u16::MAX as usize;

/// Free places in the ring that are tolerated beside as many as there are entries.
const FREE_MAX: usize = 16;

/// Places that a ring begins with.
const START: usize = 16;

pub(super) const FIRST: PacketId = PacketId::new(1).expect("one is not zero");

/// How far a delivery has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// PUBLISH was sent, PUBACK or PUBREC is awaited.
    Publish(Delivery),
    /// PUBREL was sent, PUBCOMP is awaited.
    Pubrel,
}

impl Stage {
    pub(super) fn into_delivery(self) -> Option<Delivery> {
        match self {
            Self::Publish(delivery) => Some(delivery),
            Self::Pubrel => None,
        }
    }

    pub(super) const fn delivery(&self) -> Option<&Delivery> {
        match self {
            Self::Publish(delivery) => Some(delivery),
            Self::Pubrel => None,
        }
    }

    pub(super) const fn resend(&self, id: PacketId) -> Resend<'_> {
        match self {
            Self::Publish(delivery) => Resend::Publish(id, delivery),
            Self::Pubrel => Resend::Pubrel(id),
        }
    }
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) stage: Stage,
    pub(super) sent: Coarse,
    /// Sent on the present connection, and so part of its window.
    pub(super) open: bool,
}

const _: () = assert!(size_of::<Option<Entry>>() == 40);

/// Entries live in a ring whose places are consecutive packet ids, so that an id is found without
/// a search. An entry that stays while many pass it by would make the ring long: it moves to the
/// stragglers.
#[derive(Debug, Default)]
pub(super) struct Flight {
    pub(super) ring: VecDeque<Option<Entry>>,
    /// The packet id of the ring's first place.
    first: Option<PacketId>,
    /// Entries in the ring.
    in_ring: usize,
    /// Older than everything in the ring, each with its rank in age.
    stragglers: BTreeMap<PacketId, (u64, Entry)>,
    next_rank: u64,
    /// Entries with `open` set.
    open: usize,
    /// What is still to be sent again, in order, and what was acknowledged before its turn came.
    resends: VecDeque<PacketId>,
}

impl Flight {
    pub(super) fn len(&self) -> usize {
        self.in_ring + self.stragglers.len()
    }

    pub(super) const fn open(&self) -> usize {
        self.open
    }

    /// Number of entries that are still to be sent on the present connection.
    pub(super) fn waiting(&self) -> usize {
        self.len() - self.open
    }

    /// Adds a delivery under the first free id from `next` on. There must be one.
    pub(super) fn push(&mut self, next: PacketId, delivery: Delivery, sent: Coarse) -> PacketId {
        debug_assert!(
            self.len() < IDS,
            "the window is smaller than the number of ids"
        );
        if self.ring.is_empty() {
            self.first = Some(next);
            // Whoever has one message in flight soon has several.
            self.ring.reserve(START);
        }
        let mut id = next;
        loop {
            if self.ring.len() == IDS {
                self.move_front_to_stragglers();
            }
            if !self.stragglers.contains_key(&id) {
                break;
            }
            // Places are consecutive: the id's place stays free.
            self.ring.push_back(None);
            id = following(id);
        }
        self.ring.push_back(Some(Entry {
            stage: Stage::Publish(delivery),
            sent,
            open: true,
        }));
        self.in_ring += 1;
        self.open += 1;
        self.tidy();
        id
    }

    /// Puts back what an earlier run or connection had in flight; each call is for what was sent
    /// after all before. To be sent again.
    pub(super) fn restore(&mut self, id: PacketId, stage: Stage, sent: Coarse) {
        let entry = Entry {
            stage,
            sent,
            open: false,
        };
        self.stragglers.insert(id, (self.next_rank, entry));
        self.next_rank += 1;
    }

    pub(super) fn stage(&self, id: PacketId) -> Option<&Stage> {
        match self.place(id) {
            Some(place) if self.ring[place].is_some() => {
                self.ring[place].as_ref().map(|entry| &entry.stage)
            }
            Some(_) | None => self.stragglers.get(&id).map(|(_, entry)| &entry.stage),
        }
    }

    pub(super) fn stage_mut(&mut self, id: PacketId) -> Option<&mut Stage> {
        self.entry_mut(id).map(|entry| &mut entry.stage)
    }

    /// PUBREC came: the message is the receiver's.
    pub(super) fn release(&mut self, id: PacketId, sent: Coarse) {
        let Some(entry) = self.entry_mut(id) else {
            return;
        };
        entry.stage = Stage::Pubrel;
        entry.sent = sent;
        if !entry.open {
            // Acknowledged before it was repeated; PUBREL is sent now.
            entry.open = true;
            self.open += 1;
        }
    }

    pub(super) fn take(&mut self, id: PacketId) -> Option<Entry> {
        let entry = if let Some((_, entry)) = self.stragglers.remove(&id) {
            entry
        } else {
            let place = self.place(id)?;
            let entry = self.ring[place].take()?;
            self.in_ring -= 1;
            entry
        };
        self.open -= usize::from(entry.open);
        self.tidy();
        Some(entry)
    }

    /// Everything is to be sent again on a new connection.
    pub(super) fn resume(&mut self) {
        self.resends = self.iter().map(|(id, _)| id).collect();
        self.open = 0;
        for (_, entry) in self.iter_mut() {
            entry.open = false;
        }
    }

    pub(super) fn next_resend(&mut self, window: usize, sent: Coarse) -> Option<Resend<'_>> {
        let id = loop {
            let id = *self.resends.front()?;
            if self.entry_mut(id).is_some_and(|entry| !entry.open) {
                break id;
            }
            self.resends.pop_front();
        };
        let full = self.open >= window;
        let entry = self.entry_mut(id)?;
        if full && matches!(entry.stage, Stage::Publish(_)) {
            return None;
        }
        entry.open = true;
        entry.sent = sent;
        self.open += 1;
        self.resends.pop_front();
        if self.waiting() == 0 {
            self.resends = VecDeque::new();
        }
        self.entry_mut(id).map(|entry| entry.stage.resend(id))
    }

    /// All entries, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (PacketId, &Entry)> {
        let mut old: Vec<_> = self.stragglers.iter().collect();
        old.sort_unstable_by_key(|(_, (rank, _))| *rank);
        let old = old.into_iter().map(|(id, (_, entry))| (*id, entry));
        let ids = ids_from(self.first);
        old.chain(
            ids.zip(&self.ring)
                .filter_map(|(id, entry)| Some((id, entry.as_ref()?))),
        )
    }

    /// All entries, oldest first.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (PacketId, &mut Entry)> {
        let mut old: Vec<_> = self.stragglers.iter_mut().collect();
        old.sort_unstable_by_key(|(_, (rank, _))| *rank);
        let old = old.into_iter().map(|(id, (_, entry))| (*id, entry));
        let ids = ids_from(self.first);
        old.chain(
            ids.zip(&mut self.ring)
                .filter_map(|(id, entry)| Some((id, entry.as_mut()?))),
        )
    }

    fn entry_mut(&mut self, id: PacketId) -> Option<&mut Entry> {
        match self.place(id) {
            Some(place) if self.ring[place].is_some() => self.ring[place].as_mut(),
            Some(_) | None => self.stragglers.get_mut(&id).map(|(_, entry)| entry),
        }
    }

    /// The place of `id` in the ring, if the ring reaches so far.
    fn place(&self, id: PacketId) -> Option<usize> {
        let first = usize::from(self.first?.value());
        let place = (usize::from(id.value()) + IDS - first) % IDS;
        (place < self.ring.len()).then_some(place)
    }

    /// Drops free places at the front, and keeps the ring from growing far beyond its entries.
    fn tidy(&mut self) {
        loop {
            match self.ring.front() {
                Some(None) => self.drop_front(),
                Some(Some(_)) if self.ring.len() > 2 * self.in_ring + FREE_MAX => {
                    self.move_front_to_stragglers();
                }
                Some(Some(_)) | None => break,
            }
        }
        let len = self.ring.len();
        if self.ring.capacity() > 4 * (len + FREE_MAX) {
            self.ring.shrink_to(2 * len);
        }
    }

    fn move_front_to_stragglers(&mut self) {
        let (Some(id), Some(Some(_))) = (self.first, self.ring.front()) else {
            return;
        };
        let entry = self
            .ring
            .front_mut()
            .and_then(Option::take)
            .expect("looked at above");
        self.in_ring -= 1;
        self.stragglers.insert(id, (self.next_rank, entry));
        self.next_rank += 1;
        self.drop_front();
    }

    fn drop_front(&mut self) {
        self.ring.pop_front();
        self.first = self.first.map(following);
    }
}

/// The packet id after `id`, round from 65,535 to 1.
pub(super) fn following(id: PacketId) -> PacketId {
    id.value()
        .checked_add(1)
        .and_then(PacketId::new)
        .unwrap_or(FIRST)
}

fn ids_from(first: Option<PacketId>) -> impl Iterator<Item = PacketId> {
    core::iter::successors(first, |id| Some(following(*id)))
}
