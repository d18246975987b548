//! Messages that wait for a client, or for room in its window.

mod limits;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

pub use limits::{Overflow, Priorities, QueueLimits};
use wire_message::{Instant, Qos};

use crate::Delivery;

/// What became of a delivery given to [`Queue::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It is dropped, and was told as such.
    Dropped,
    /// It waits.
    Queued,
    /// The queue is full and its policy is [`Overflow::Refuse`]: dropped, and told as such; the
    /// client, if connected, is to be disconnected with 0x97.
    Refused,
}

/// Why a delivery left a queue, or did not enter it, without being sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Its message's time is over.
    Expired,
    /// The queue is full.
    Full,
    /// Quality of service 0 is not kept for an absent client.
    Qos0,
}

/// The deliveries that wait, in order; eight bytes while there is none.
///
/// First in, first out within a priority; higher priorities first. Bounded in messages and bytes
/// by [`QueueLimits`], which the caller passes, so that a change of settings applies to all
/// sessions at once. Every delivery that is dropped is given to the caller with its reason.
#[derive(Debug, Default)]
pub struct Queue(Option<Box<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    /// Everything without a priority of its own.
    ordinary: VecDeque<Delivery>,
    /// The others by descending priority; a line without deliveries is taken out.
    special: Vec<Line>,
    len: u32,
    bytes: u64,
}

#[derive(Debug)]
struct Line {
    priority: u8,
    deliveries: VecDeque<Delivery>,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Number of deliveries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |waiting| waiting.len as usize)
    }

    /// Whether nothing waits.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// Bytes of the messages that wait, as [`wire_message::Message::cost_bytes`] counts them; a
    /// message that waits in several queues counts in each.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.as_ref().map_or(0, |waiting| waiting.bytes)
    }

    /// Adds a delivery. `online` says whether the client is there, and so whether quality of
    /// service 0 is kept whatever the policy.
    ///
    /// `dropped` gets every delivery that is dropped for it, the new one included.
    pub fn push(
        &mut self,
        delivery: Delivery,
        online: bool,
        limits: &QueueLimits,
        mut dropped: impl FnMut(Delivery, DropReason),
    ) -> Pushed {
        if delivery.qos() == Qos::AtMostOnce && !online && !limits.store_qos0 {
            dropped(delivery, DropReason::Qos0);
            return Pushed::Dropped;
        }
        let priority = limits.priorities.of(delivery.message().topic());
        let bytes = cost(&delivery);
        while !self.has_room(bytes, limits) {
            let victim = match limits.overflow {
                Overflow::DropOldest if bytes <= limits.bytes_max && limits.messages_max > 0 => {
                    self.take_oldest(priority, limits)
                }
                Overflow::DropNewest | Overflow::DropOldest => None,
                Overflow::Refuse => {
                    dropped(delivery, DropReason::Full);
                    return Pushed::Refused;
                }
            };
            let Some(victim) = victim else {
                dropped(delivery, DropReason::Full);
                return Pushed::Dropped;
            };
            dropped(victim, DropReason::Full);
        }
        let waiting = self.0.get_or_insert_default();
        waiting.len += 1;
        waiting.bytes += bytes;
        waiting.line(priority, limits).push_back(delivery);
        Pushed::Queued
    }

    /// The delivery that [`Queue::pop`] would give out if its message's time were not over.
    #[must_use]
    pub fn peek(&self, limits: &QueueLimits) -> Option<&Delivery> {
        let waiting = self.0.as_ref()?;
        waiting.lines(limits).find_map(VecDeque::front)
    }

    /// Takes the next delivery out; `dropped` gets those whose time is over.
    ///
    /// # Specification
    ///
    /// \[v5 3.3.2-5\].
    pub fn pop(
        &mut self,
        limits: &QueueLimits,
        now: Instant,
        mut dropped: impl FnMut(Delivery, DropReason),
    ) -> Option<Delivery> {
        self.expire(limits, now, &mut dropped);
        let delivery = self.0.as_mut()?.pop(limits)?;
        self.forget(&delivery);
        Some(delivery)
    }

    /// Drops what [`Queue::pop`] would pass over because its time is over, so that
    /// [`Queue::peek`] shows what would be given out.
    pub fn expire(
        &mut self,
        limits: &QueueLimits,
        now: Instant,
        mut dropped: impl FnMut(Delivery, DropReason),
    ) {
        let is_over = |delivery: &Delivery| delivery.message().expiry().is_past(now);
        while self.peek(limits).is_some_and(is_over) {
            let Some(delivery) = self.0.as_mut().and_then(|waiting| waiting.pop(limits)) else {
                return;
            };
            self.forget(&delivery);
            dropped(delivery, DropReason::Expired);
        }
    }

    /// Takes out, in order, all deliveries that `matches` picks: those of a shared subscription
    /// when its member goes, to give them to another member.
    pub fn take_all(
        &mut self,
        limits: &QueueLimits,
        mut matches: impl FnMut(&Delivery) -> bool,
    ) -> Vec<Delivery> {
        let mut taken = Vec::new();
        let Some(waiting) = self.0.as_mut() else {
            return taken;
        };
        for line in waiting.lines_mut(limits) {
            for delivery in core::mem::take(line) {
                if matches(&delivery) {
                    taken.push(delivery);
                } else {
                    line.push_back(delivery);
                }
            }
        }
        waiting.special.retain(|line| !line.deliveries.is_empty());
        for delivery in &taken {
            self.forget(delivery);
        }
        taken
    }

    /// Forgets that deliveries came through `group`, because the client left it.
    pub fn forget_group(&mut self, group: u32, limits: &QueueLimits) {
        let lines = self
            .0
            .iter_mut()
            .flat_map(|waiting| waiting.lines_mut(limits));
        for delivery in lines
            .flatten()
            .filter(|delivery| delivery.group() == Some(group))
        {
            delivery.forget_group();
        }
    }

    /// Puts back, at the end of its line, a delivery that was queued before, whatever the bounds.
    pub fn put_back(&mut self, delivery: Delivery, priority: u8, limits: &QueueLimits) {
        let waiting = self.0.get_or_insert_default();
        waiting.len += 1;
        waiting.bytes += cost(&delivery);
        waiting.line(priority, limits).push_back(delivery);
    }

    /// Takes out the oldest delivery of the lowest priority, unless that is above `priority`.
    pub fn drop_oldest(&mut self, priority: u8, limits: &QueueLimits) -> Option<Delivery> {
        self.take_oldest(priority, limits)
    }

    fn has_room(&self, bytes: u64, limits: &QueueLimits) -> bool {
        let len = self.0.as_ref().map_or(0, |waiting| waiting.len);
        len < limits.messages_max && self.bytes().saturating_add(bytes) <= limits.bytes_max
    }

    /// The oldest delivery of the lowest priority, unless that is above `priority`.
    fn take_oldest(&mut self, priority: u8, limits: &QueueLimits) -> Option<Delivery> {
        let waiting = self.0.as_mut()?;
        let lowest = waiting.special.last().filter(|line| {
            waiting.ordinary.is_empty() || line.priority < limits.priorities.ordinary()
        });
        let victim = match lowest.map(|line| line.priority) {
            Some(lowest) if lowest <= priority => waiting.pop_special(waiting.special.len() - 1),
            None if limits.priorities.ordinary() <= priority => waiting.ordinary.pop_front(),
            Some(_) | None => None,
        }?;
        self.forget(&victim);
        Some(victim)
    }

    /// Takes a delivery that has left its line out of the sums.
    fn forget(&mut self, delivery: &Delivery) {
        let waiting = self.0.as_mut().expect("a delivery was taken out of it");
        waiting.len -= 1;
        waiting.bytes -= cost(delivery);
        if waiting.len == 0 {
            self.0 = None;
        }
    }
}

impl Waiting {
    fn line(&mut self, priority: u8, limits: &QueueLimits) -> &mut VecDeque<Delivery> {
        if priority == limits.priorities.ordinary() {
            return &mut self.ordinary;
        }
        let position = self
            .special
            .partition_point(|line| line.priority > priority);
        if self
            .special
            .get(position)
            .is_none_or(|line| line.priority != priority)
        {
            self.special.insert(
                position,
                Line {
                    priority,
                    deliveries: VecDeque::new(),
                },
            );
        }
        &mut self.special[position].deliveries
    }

    /// Lines above the ordinary one come first in `special`.
    fn above(&self, limits: &QueueLimits) -> usize {
        let ordinary = limits.priorities.ordinary();
        self.special
            .partition_point(|line| line.priority > ordinary)
    }

    fn lines(&self, limits: &QueueLimits) -> impl Iterator<Item = &VecDeque<Delivery>> {
        let (above, below) = self.special.split_at(self.above(limits));
        let above = above.iter().map(|line| &line.deliveries);
        let below = below.iter().map(|line| &line.deliveries);
        above.chain([&self.ordinary]).chain(below)
    }

    fn lines_mut(&mut self, limits: &QueueLimits) -> impl Iterator<Item = &mut VecDeque<Delivery>> {
        let above = self.above(limits);
        let (above, below) = self.special.split_at_mut(above);
        let above = above.iter_mut().map(|line| &mut line.deliveries);
        let below = below.iter_mut().map(|line| &mut line.deliveries);
        above.chain([&mut self.ordinary]).chain(below)
    }

    fn pop(&mut self, limits: &QueueLimits) -> Option<Delivery> {
        if self.above(limits) > 0 {
            return self.pop_special(0);
        }
        match self.ordinary.pop_front() {
            Some(delivery) => Some(delivery),
            None if self.special.is_empty() => None,
            None => self.pop_special(0),
        }
    }

    fn pop_special(&mut self, position: usize) -> Option<Delivery> {
        let line = &mut self.special[position].deliveries;
        let delivery = line.pop_front();
        if line.is_empty() {
            self.special.remove(position);
        }
        delivery
    }
}

fn cost(delivery: &Delivery) -> u64 {
    delivery.message().cost_bytes() as u64
}
