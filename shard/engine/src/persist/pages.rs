//! A stored session's queue between disk and memory: given up when the client leaves, read page by
//! page while it takes its messages.

use core::time::Duration;
use std::collections::BTreeSet;

use shard_session::{Delivery, DropReason, Outbound, Queue, Record};
use shard_topics::SubscriptionId;
use store_model::{EntryKey, QueueChunk, Read, StoredEntry};
use wire_message::Instant;

use super::asks::Asked;
use super::queue::order;
use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::engine::Engine;
use crate::limits::PAGE_LOW;
use crate::output::Outputs;

/// When a page is asked for again that could not be read.
pub(super) const READ_AGAIN: Duration = Duration::from_secs(1);

impl Clients {
    /// The client of a stored session is gone: what waits for it is on the disk, and leaves the
    /// memory.
    pub(crate) fn forget_waiting(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        if !session.is_stored() {
            return;
        }
        let next = session.outbound.next_id();
        let outbound = core::mem::replace(&mut session.outbound, Outbound::starting_at(1, next));
        let mut queue = core::mem::replace(&mut session.queue, Queue::new());
        let (length, limits) = (queue.len() as u64, &self.settings.mqtt.queue);
        let lost = queue.take_all(limits, |delivery| delivery.record().is_none());
        let (kept, bytes) = (queue.len() as u64, queue.bytes());
        for _ in &lost {
            self.counters.count_drop(DropReason::Qos0);
        }
        let flying = outbound.deliveries();
        let highest = outbound.deliveries().filter_map(Delivery::record);
        let highest = highest.map(|record| record.number).max();
        let (count, flying_bytes) = flying.fold((0, 0), |(count, bytes), delivery| {
            (count + 1, bytes + delivery.message().cost_bytes() as u64)
        });
        self.queued = self.queued - length + kept + count;
        if kept == 0 && outbound.is_empty() && session.disk.is_none() {
            return;
        }
        let disk = session.disk_mut();
        disk.entries += kept + count;
        disk.bytes += bytes + flying_bytes;
        disk.more |= kept > 0 || !outbound.is_empty() || disk.asked;
        disk.turn = disk.turn.wrapping_add(1);
        disk.stop_asking();
        disk.is_loaded = false;
        disk.flown = highest.unwrap_or(0);
        disk.after = None;
        disk.oldest.clear();
        self.tidy_disk(key);
    }

    /// Has the next page of a queue read when what is in memory goes to its end.
    pub(crate) fn read_on(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        let length = session.queue.len();
        let Some(disk) = session.disk.as_mut() else {
            return;
        };
        if !disk.more || disk.asked || length > PAGE_LOW {
            return;
        }
        disk.asked = true;
        let (turn, after) = (disk.turn, disk.after);
        self.ask(key, Asked::Page(turn), |session| Read::Queue {
            session,
            after,
        });
    }

    /// Gives the other half of a session back if there is nothing in it.
    pub(super) fn tidy_disk(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(key)
            && session.disk.as_ref().is_some_and(|disk| disk.is_empty())
        {
            let disk = session.disk.take();
            self.queued -= disk.map_or(0, |disk| disk.entries).min(self.queued);
        }
    }
}

impl Engine {
    /// A page of a queue has come.
    pub(super) fn page_answered(
        &mut self,
        key: SessionKey,
        turn: u32,
        chunk: QueueChunk,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Some(disk) = self.clients.disk_of(key) else {
            return;
        };
        if disk.turn != turn {
            return;
        }
        let QueueChunk { entries, after, .. } = chunk;
        if let Some(loading) = disk.loading.as_mut() {
            loading.entries.extend(entries);
            loading.after = after;
            loading.awaits_page = false;
            self.load_on(key, now, out);
            return;
        }
        let last = entries.last().map(key_of);
        self.take_page(key, &entries, &mut BTreeSet::new(), after, last);
        self.pump(key, now, out);
    }

    /// Puts the entries of a page into the queue in memory, and what came after the question if
    /// the page passes its place and does not show it.
    pub(super) fn take_page(
        &mut self,
        key: SessionKey,
        entries: &[StoredEntry],
        shown: &mut BTreeSet<u64>,
        after: Option<EntryKey>,
        last: Option<EntryKey>,
    ) {
        let mut deliveries = Vec::new();
        for entry in entries {
            shown.insert(entry.number.0);
            if !self.is_moving(key, entry.number.0) {
                deliveries.push(self.stored_delivery(key, entry, false));
            }
        }
        let limits = self.clients.settings.mqtt.queue.clone();
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let queue = &mut session.queue;
        let Some(disk) = session.disk.as_mut() else {
            return;
        };
        let before = queue.len() as u64 + disk.entries;
        disk.asked = false;
        disk.gone.clear();
        disk.after = after.or(last).or(disk.after);
        let cursor = after.map(order);
        for (entry, delivery) in core::mem::take(&mut disk.late) {
            let passed = cursor.is_none_or(|cursor| order(entry) <= cursor);
            if passed && !shown.contains(&entry.number.0) {
                let places = disk.after.into_iter().chain([entry]);
                disk.after = places.max_by_key(|place| order(*place));
                deliveries.push(delivery);
            }
        }
        disk.more = after.is_some();
        disk.entries = disk.entries.saturating_sub(deliveries.len() as u64);
        if !disk.more {
            disk.entries = 0;
            disk.bytes = 0;
        }
        for delivery in deliveries {
            let bytes = delivery.message().cost_bytes() as u64;
            disk.bytes = disk.bytes.saturating_sub(bytes);
            let priority = delivery.record().map_or(0, |record| record.priority);
            queue.put_back(delivery, priority, &limits);
        }
        let now = queue.len() as u64 + disk.entries;
        self.clients.queued = (self.clients.queued + now).saturating_sub(before);
        if session.connection.is_some() {
            self.clients.tidy_disk(key);
        }
    }

    pub(super) fn is_moving(&self, key: SessionKey, number: u64) -> bool {
        let session = self.clients.sessions.get(key);
        let moving = &self.clients.writing.moving;
        session.is_some_and(|session| {
            let disk = session.disk.as_ref();
            moving.contains_key(&(session.number, number))
                || disk.is_some_and(|disk| disk.gone.contains(&number))
        })
    }

    /// The delivery of an entry that was read.
    pub(super) fn stored_delivery(
        &self,
        key: SessionKey,
        entry: &StoredEntry,
        has_flight: bool,
    ) -> Delivery {
        let queued = &entry.queued;
        let record = Record {
            number: entry.number.0,
            priority: queued.priority,
            is_shared: entry.is_shared,
            has_flight,
        };
        let delivery = Delivery::new(entry.message.clone(), queued.qos, queued.retain)
            .with_subscription_ids(&queued.subscription_ids)
            .with_record(record);
        let group = queued.group.and_then(|hash| self.group_of(key, hash.get()));
        match group {
            Some(group) => delivery.with_group(group),
            None => delivery,
        }
    }

    /// The shared subscription of a session with this hash, if it is still subscribed.
    fn group_of(&self, key: SessionKey, hash: u64) -> Option<u32> {
        let session = self.clients.sessions.get(key)?;
        let ids = session.subscriptions.as_slice().iter();
        let mut groups = ids.filter_map(|bits| SubscriptionId::from_bits(*bits).group());
        let group = groups.find(|group| self.index.group(*group).hash() == hash)?;
        Some(group.to_bits())
    }
}

/// Where an entry stands in its queue.
pub(super) fn key_of(entry: &StoredEntry) -> EntryKey {
    let place = entry.place();
    EntryKey {
        session: place.session,
        priority: place.priority,
        number: place.number,
    }
}
