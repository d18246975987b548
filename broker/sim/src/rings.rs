//! The rings between shards: bounded, in order, with a delay.

use core::time::Duration;
use std::collections::VecDeque;

use shard_engine::{Answer, Entry};
use store_memory::Rng;
use wire_message::{Instant, ShardId};

use crate::links::LinkId;

/// What travels with [`Entry::Adopt`] and only drivers know.
#[derive(Debug)]
pub(crate) struct Cargo {
    /// The transport.
    pub(crate) link: LinkId,
    /// Bytes from the client that were read and not consumed.
    pub(crate) rest: Vec<u8>,
}

/// What goes the other way.
#[derive(Debug)]
pub(crate) enum Told {
    /// An answer.
    Answer(Answer),
    /// Everything that entries up to this one had written is durable.
    Durable(u64),
}

/// An entry with its cargo, if it has any.
pub(crate) type Slot = (Entry, Option<Box<Cargo>>);

/// Something on its way, and when it arrives.
type Moving<T> = VecDeque<(Instant, T)>;

/// All rings between `shards` shards.
#[derive(Debug)]
pub(crate) struct Rings {
    shards: usize,
    capacity: usize,
    longest_delay: Duration,
    entries: Vec<Moving<Slot>>,
    answers: Vec<Moving<Told>>,
    /// What is durable and was not told.
    durable: Vec<Option<u64>>,
}

impl Rings {
    /// Empty rings of `capacity` entries each.
    pub(crate) fn new(shards: usize, capacity: usize, longest_delay: Duration) -> Self {
        let pairs = shards * shards;
        Self {
            shards,
            capacity,
            longest_delay,
            entries: (0..pairs).map(|_| VecDeque::new()).collect(),
            answers: (0..pairs).map(|_| VecDeque::new()).collect(),
            durable: vec![None; pairs],
        }
    }

    const fn pair(&self, from: ShardId, to: ShardId) -> usize {
        from.index() * self.shards + to.index()
    }

    /// Free slots in the ring of entries.
    pub(crate) fn room(&self, from: ShardId, to: ShardId) -> usize {
        self.capacity
            .saturating_sub(self.entries[self.pair(from, to)].len())
    }

    /// Adds an entry; says how many the ring holds now.
    pub(crate) fn push(
        &mut self,
        from: ShardId,
        to: ShardId,
        slot: Slot,
        now: Instant,
        rng: &mut Rng,
    ) -> usize {
        let (pair, delay) = (self.pair(from, to), self.longest_delay);
        put(&mut self.entries[pair], slot, now + rng.delay(delay))
    }

    /// Adds an answer; says how many answers the ring holds now.
    pub(crate) fn answer(
        &mut self,
        from: ShardId,
        to: ShardId,
        answer: Answer,
        now: Instant,
        rng: &mut Rng,
    ) -> usize {
        let (pair, delay) = (self.pair(from, to), self.longest_delay);
        put(
            &mut self.answers[pair],
            Told::Answer(answer),
            now + rng.delay(delay),
        );
        let is_answer = |(_, told): &&(Instant, Told)| matches!(told, Told::Answer(_));
        self.answers[pair].iter().filter(is_answer).count()
    }

    /// Keeps what is durable until it is told; only the last counts.
    pub(crate) fn keep_durable(&mut self, from: ShardId, to: ShardId, through: u64) {
        let pair = self.pair(from, to);
        self.durable[pair] = Some(through);
    }

    /// Tells `to` what is durable, if there is anything new.
    pub(crate) fn tell_durable(&mut self, from: ShardId, to: ShardId, now: Instant, rng: &mut Rng) {
        let (pair, delay) = (self.pair(from, to), self.longest_delay);
        if let Some(through) = self.durable[pair].take() {
            let told = Told::Durable(through);
            put(&mut self.answers[pair], told, now + rng.delay(delay));
        }
    }

    /// The next entry that has arrived.
    pub(crate) fn next_entry(&mut self, from: ShardId, to: ShardId, now: Instant) -> Option<Slot> {
        let pair = self.pair(from, to);
        take(&mut self.entries[pair], now)
    }

    /// The next answer that has arrived.
    pub(crate) fn next_answer(&mut self, from: ShardId, to: ShardId, now: Instant) -> Option<Told> {
        let pair = self.pair(from, to);
        take(&mut self.answers[pair], now)
    }

    /// Exchanges the last two entries of a ring, if both satisfy `fit`.
    pub(crate) fn swap_last(
        &mut self,
        from: ShardId,
        to: ShardId,
        fit: impl Fn(&Entry) -> bool,
    ) -> bool {
        let pair = self.pair(from, to);
        let ring = &mut self.entries[pair];
        let Some(before) = ring.len().checked_sub(2) else {
            return false;
        };
        if !fit(&ring[before].1.0) || !fit(&ring[before + 1].1.0) {
            return false;
        }
        ring.swap(before, before + 1);
        true
    }

    /// Whether nothing is on the way.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.iter().all(VecDeque::is_empty)
            && self.answers.iter().all(VecDeque::is_empty)
            && self.durable.iter().all(Option::is_none)
    }
}

fn put<T>(ring: &mut Moving<T>, item: T, arrival: Instant) -> usize {
    let arrival = ring.back().map_or(arrival, |(last, _)| arrival.max(*last));
    ring.push_back((arrival, item));
    ring.len()
}

fn take<T>(ring: &mut Moving<T>, now: Instant) -> Option<T> {
    if ring.front()?.0 > now {
        return None;
    }
    ring.pop_front().map(|(_, item)| item)
}
