//! Messages that wait for a stored session: on the disk, and in memory as well while nothing
//! before them is on the disk only.

use std::collections::VecDeque;
use std::sync::Arc;

use shard_session::{Delivery, DropReason, Overflow, Pushed};
use store_model::{EntryKey, EntryPlace, Number, Operation, Read};
use wire_message::{Message, Qos};

use super::Disk;
use super::asks::Asked;
use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::deliver::Delivered;
use crate::limits::SURPLUS_MAX;
use crate::parcel::{Parcel, Wish};
use crate::session::Session;

impl Clients {
    /// Puts a message into a stored session's queue, by the queue's rules.
    pub(crate) fn enqueue_stored(
        &mut self,
        key: SessionKey,
        wish: &Wish<'_>,
        parcel: &mut Parcel<'_>,
    ) -> Delivered {
        let session = self.sessions.get(key);
        let is_present = session.is_some_and(|s| s.connection.is_some() && !s.is_paged());
        if wish.qos == Qos::AtMostOnce && is_present {
            // What a client misses because it is slow is not worth the disk.
            return self.enqueue_in_memory(key, wish.delivery(parcel)).0;
        }
        let record = self.next_record(parcel.message().topic);
        let delivery = wish.delivery(parcel).with_record(record);
        let Some(session) = self.sessions.get_mut(key) else {
            return Delivered::Done;
        };
        let number = session.number;
        let entry = EntryKey {
            session: number,
            priority: record.priority,
            number: Number(record.number),
        };
        if session.is_behind(entry) {
            return self.enqueue_on_disk(key, entry, delivery, wish, parcel);
        }
        let (delivered, kept) = self.enqueue_in_memory(key, delivery);
        if kept {
            let message = Arc::clone(parcel.owned());
            self.write_entry(number, record, wish, None, &message);
        }
        delivered
    }

    /// Puts a delivery into the queue in memory; whether it is there now. What is dropped for it
    /// leaves the disk too.
    pub(crate) fn enqueue_in_memory(
        &mut self,
        key: SessionKey,
        delivery: Delivery,
    ) -> (Delivered, bool) {
        let own = delivery.record();
        let Some(session) = self.sessions.get_mut(key) else {
            return (Delivered::Done, false);
        };
        let before = session.queue.len() as u64;
        let (online, number) = (session.connection.is_some(), session.number);
        let mut removed = Vec::new();
        let counters = &mut self.counters;
        let limits = &self.settings.mqtt.queue;
        let pushed = session
            .queue
            .push(delivery, online, limits, |dropped, reason| {
                counters.count_drop(reason);
                if dropped.record().is_some() && dropped.record() != own {
                    removed.push(dropped);
                }
            });
        self.queued = self.queued + session.queue.len() as u64 - before;
        for dropped in removed {
            self.write_removal(number, &dropped, None);
        }
        match pushed {
            Pushed::Refused => (Delivered::Refused, false),
            Pushed::Dropped => (Delivered::Done, false),
            Pushed::Queued => (Delivered::Done, true),
        }
    }

    fn enqueue_on_disk(
        &mut self,
        key: SessionKey,
        entry: EntryKey,
        delivery: Delivery,
        wish: &Wish<'_>,
        parcel: &mut Parcel<'_>,
    ) -> Delivered {
        let message = Arc::clone(parcel.owned());
        match self.make_room(key, entry.priority, &message, wish.qos) {
            Pushed::Queued => {}
            Pushed::Dropped => return Delivered::Done,
            Pushed::Refused => return Delivered::Refused,
        }
        let record = delivery.record().expect("it was given one");
        self.write_entry(entry.session, record, wish, None, &message);
        let Some(session) = self.sessions.get_mut(key) else {
            return Delivered::Done;
        };
        session.disk_mut().added(entry, delivery);
        self.queued += 1;
        Delivered::Done
    }

    /// Makes room for a message on the disk.
    fn make_room(&mut self, key: SessionKey, priority: u8, message: &Message, qos: Qos) -> Pushed {
        let limits = &self.settings.mqtt.queue;
        let Some(session) = self.sessions.get_mut(key) else {
            return Pushed::Dropped;
        };
        if qos == Qos::AtMostOnce && !limits.store_qos0 {
            self.counters.count_drop(DropReason::Qos0);
            return Pushed::Dropped;
        }
        let (overflow, messages_max) = (limits.overflow, u64::from(limits.messages_max));
        let bytes_max = limits.bytes_max;
        let (unread, bytes) = (session.unread, session.queue.bytes());
        let length = session.queue.len() as u64;
        let disk = session.disk_mut();
        let cost = message.cost_bytes() as u64;
        let ask = unread && !disk.is_measured && !disk.asks_oldest;
        let surplus = (length + disk.entries + 1).saturating_sub(messages_max);
        let bytes_over = (bytes + disk.bytes + cost).saturating_sub(bytes_max);
        let fits = surplus == 0 && bytes_over == 0;
        if ask {
            disk.asks_oldest = true;
            self.ask(key, Asked::Measure, |session| Read::Measure { session });
        }
        if fits {
            return Pushed::Queued;
        }
        let drops_oldest =
            overflow == Overflow::DropOldest && cost <= bytes_max && messages_max > 0;
        let is_far = surplus > SURPLUS_MAX || bytes_over > bytes_max;
        if drops_oldest && self.drop_oldest(key, priority, is_far) {
            return Pushed::Queued;
        }
        self.counters.count_drop(DropReason::Full);
        if overflow == Overflow::Refuse {
            Pushed::Refused
        } else {
            Pushed::Dropped
        }
    }

    /// Drops the oldest entry, now or when it is known which that is; false if too many are to be
    /// dropped already, or what is in flight is not known because the session is of an earlier run.
    fn drop_oldest(&mut self, key: SessionKey, priority: u8, is_far: bool) -> bool {
        let limits = &self.settings.mqtt.queue;
        let Some(session) = self.sessions.get_mut(key) else {
            return false;
        };
        let number = session.number;
        if let Some(oldest) = session.queue.drop_oldest(priority, limits) {
            self.counters.count_drop(DropReason::Full);
            self.queued -= 1;
            self.write_removal(number, &oldest, None);
            return true;
        }
        if session.unread {
            return false;
        }
        let disk = session.disk_mut();
        if disk.asked {
            // What is dropped now might be on its way from the disk.
            return !is_far;
        }
        if let Some(place) = disk.oldest.pop_front() {
            self.remove_dropped(key, place);
            return true;
        }
        if is_far {
            return false;
        }
        if !disk.asks_oldest {
            self.ask_oldest(key, priority);
        }
        true
    }

    /// Asks which entries are the oldest of those that are not above `priority`.
    fn ask_oldest(&mut self, key: SessionKey, priority: u8) {
        if let Some(session) = self.sessions.get_mut(key) {
            session.disk_mut().asks_oldest = true;
        }
        self.ask(key, Asked::Oldest, |session| Read::Oldest {
            session,
            priority,
        });
    }

    fn remove_dropped(&mut self, key: SessionKey, place: EntryPlace) {
        self.counters.count_drop(DropReason::Full);
        self.journal.push(Operation::Remove(place));
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        let disk = session.disk_mut();
        // Messages differ in size; what is left is a fair guess.
        disk.bytes -= disk.bytes / disk.entries.max(1);
        disk.entries = disk.entries.saturating_sub(1);
        self.queued = self.queued.saturating_sub(1);
    }

    /// The oldest entries of a queue that has too many, or too large ones.
    pub(super) fn oldest_answered(&mut self, key: SessionKey, oldest: Vec<EntryPlace>) {
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        let online = session.connection.is_some();
        let Some(disk) = session.disk.as_mut() else {
            return;
        };
        disk.asks_oldest = false;
        let flown = disk.flown;
        let waiting = oldest.into_iter().filter(|place| place.number.0 > flown);
        // If they are in memory by now, they are dropped there.
        disk.oldest = if online || disk.asked {
            VecDeque::new()
        } else {
            waiting.collect()
        };
        if disk.oldest.is_empty() {
            return;
        }
        while self.is_over(key) {
            let Some(place) = self.disk_of(key).and_then(|disk| disk.oldest.pop_front()) else {
                // More came while these were looked for.
                return self.ask_oldest(key, u8::MAX);
            };
            self.remove_dropped(key, place);
        }
    }

    /// Whether the queue of a session without a client is above one of its bounds.
    fn is_over(&self, key: SessionKey) -> bool {
        let limits = &self.settings.mqtt.queue;
        let disk = self
            .sessions
            .get(key)
            .and_then(|session| session.disk.as_ref());
        disk.is_some_and(|disk| {
            disk.entries > u64::from(limits.messages_max) || disk.bytes > limits.bytes_max
        })
    }

    /// How many entries a session has from an earlier run.
    pub(super) fn measured(&mut self, key: SessionKey, entries: u64, bytes: u64) {
        let Some(session) = self.sessions.get_mut(key) else {
            return;
        };
        let Some(disk) = session.disk.as_mut() else {
            return;
        };
        disk.asks_oldest = false;
        disk.is_measured = true;
        let more = entries.saturating_sub(disk.entries);
        disk.entries += more;
        disk.bytes = disk.bytes.max(bytes);
        self.queued += more;
    }
}

impl Clients {
    /// A session's other half, if there is something in it.
    pub(super) fn disk_of(&mut self, key: SessionKey) -> Option<&mut Disk> {
        self.sessions.get_mut(key)?.disk.as_deref_mut()
    }
}

impl Session {
    /// Whether an entry stands behind others that are on the disk only.
    fn is_behind(&self, entry: EntryKey) -> bool {
        if self.connection.is_none() {
            return true;
        }
        let Some(disk) = self.disk.as_ref() else {
            return false;
        };
        let is_passed = |after: EntryKey| order(entry) < order(after);
        disk.asked || disk.more && !disk.after.is_some_and(is_passed)
    }

    /// Whether something of its queue is on the disk only.
    fn is_paged(&self) -> bool {
        self.disk
            .as_ref()
            .is_some_and(|disk| disk.more || disk.asked)
    }

    /// Its other half, made if there is none.
    pub(crate) fn disk_mut(&mut self) -> &mut Disk {
        self.disk.get_or_insert_default()
    }
}

/// As keys sort.
pub(super) fn order(key: EntryKey) -> (u8, u64) {
    (u8::MAX - key.priority, key.number.0)
}
