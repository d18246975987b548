//! The store beside the shards, and what is on its way between them.

use std::collections::VecDeque;

use store_memory::{Disk, FaultPlan, Image, MemoryStore, Opened, Rng};
use store_model::limits::{QUESTIONS_MAX, REQUESTS_MAX};
use store_model::{Batch, Event, Read, RequestId, Sequence, StoreState};
use wire_message::{Instant, Seed, ShardId};

use crate::plan::{End, StorePlan};
use crate::process::Process;
use crate::violation::{Checked, Violation, ensure};

/// Batches of a shard that wait when the store is called behind: far fewer than the ring takes.
const BEHIND: u64 = 32;

/// What is on its way from the store to one shard.
#[derive(Debug, Default)]
struct Side {
    submitted: Sequence,
    asked: usize,
    /// In order.
    events: VecDeque<(Instant, Event)>,
    /// In any order: several threads read.
    answers: Vec<(Instant, Event)>,
}

/// The store of a process.
#[derive(Debug)]
pub(crate) struct Storage {
    store: MemoryStore,
    opened: Opened,
    plan: StorePlan,
    sides: Vec<Side>,
    /// The last step found nothing to do.
    is_idle: bool,
}

impl Storage {
    /// Opens what is left on a disk.
    pub(crate) fn open(
        disk: Disk,
        plan: StorePlan,
        shards: usize,
        process: &Process,
        seed: u64,
    ) -> Result<Self, Violation> {
        let clock = process.clock();
        let (store, opened) = MemoryStore::open(disk, plan.faults, shards, clock, Seed(seed))
            .map_err(|error| Violation::new("contract", error.to_string()))?;
        Ok(Self {
            store,
            opened,
            plan,
            sides: (0..shards).map(|_| Side::default()).collect(),
            is_idle: false,
        })
    }

    /// What engines must know of the store.
    pub(crate) const fn opened(&self) -> Opened {
        self.opened
    }

    /// All records.
    pub(crate) fn image(&self) -> &Image {
        self.store.image()
    }

    /// How the store is.
    pub(crate) const fn state(&self) -> StoreState {
        self.store.state()
    }

    /// Groups that had to wait for room.
    pub(crate) const fn full(&self) -> u64 {
        self.store.stats().full
    }

    /// Whether it does not take what shards want written as fast as they do.
    pub(crate) fn is_behind(&self) -> bool {
        let shards = (0..).map(ShardId).zip(&self.sides);
        let waits =
            |(shard, side): (ShardId, &Side)| side.submitted.0 - self.store.written(shard).0;
        self.state() != StoreState::Healthy || shards.map(waits).any(|waits| waits > BEHIND)
    }

    /// Goes on for a while; true if anything was done.
    pub(crate) fn go_on(&mut self, rng: &mut Rng) -> bool {
        let mut has_moved = false;
        while rng.chance(self.plan.pace) {
            has_moved |= self.step();
        }
        has_moved
    }

    /// Does one thing; false if there is none.
    pub(crate) fn step(&mut self) -> bool {
        self.is_idle = !self.store.step();
        !self.is_idle
    }

    /// Nothing goes wrong any more, until the process ends.
    pub(crate) fn calm_down(&mut self) {
        let faults = FaultPlan {
            batches_max: REQUESTS_MAX,
            ..FaultPlan::calm(0)
        };
        self.store.change_plan(faults);
    }

    /// From now on writing fails.
    pub(crate) fn fail(&mut self) {
        let faults = FaultPlan {
            write_fails: 1000,
            ..self.plan.faults
        };
        self.store.change_plan(faults);
    }

    /// The process ends; what is left on the disk.
    pub(crate) fn end(self, end: End) -> Disk {
        match end {
            End::Killed => self.store.kill(),
            End::PowerLost => self.store.crash(),
            End::Stopped => self.store.close(),
        }
    }

    /// Takes a batch of `shard`'s.
    pub(crate) fn submit(&mut self, shard: ShardId, batch: Batch) -> Checked {
        let side = &mut self.sides[shard.index()];
        let expected = Sequence(side.submitted.0 + 1);
        ensure(batch.sequence == expected, "contract", || {
            format!(
                "shard {shard} submits {:?}, not {expected:?}",
                batch.sequence
            )
        })?;
        side.submitted = batch.sequence;
        self.is_idle = false;
        let refused = self.store.submit(shard, batch).is_err();
        ensure(!refused, "bounds", || {
            format!("shard {shard} submits too many batches")
        })?;
        self.check_ring(shard)
    }

    /// Takes a question of `shard`'s.
    pub(crate) fn ask(&mut self, shard: ShardId, request: RequestId, read: Read) -> Checked {
        let side = &mut self.sides[shard.index()];
        side.asked += 1;
        self.is_idle = false;
        ensure(side.asked <= QUESTIONS_MAX, "bounds", || {
            format!("shard {shard} asks {} questions at once", side.asked)
        })?;
        self.store.ask(shard, request, read);
        self.check_ring(shard)
    }

    /// The ring to the store holds what it has not taken.
    fn check_ring(&self, shard: ShardId) -> Checked {
        let side = &self.sides[shard.index()];
        let batches = side.submitted.0 - self.store.written(shard).0;
        let held = batches + side.asked as u64;
        ensure(held <= REQUESTS_MAX as u64, "bounds", || {
            format!("{held} requests of shard {shard} wait for the store")
        })
    }

    /// The next event that has come to `shard`.
    pub(crate) fn poll(&mut self, shard: ShardId, now: Instant, rng: &mut Rng) -> Option<Event> {
        let side = &mut self.sides[shard.index()];
        while let Some(event) = self.store.poll(shard) {
            let due = now + rng.delay(self.plan.event_delay);
            if let Event::Answer(..) = event {
                side.asked -= 1;
                side.answers.push((due, event));
            } else {
                let due = side.events.back().map_or(due, |(last, _)| due.max(*last));
                side.events.push_back((due, event));
            }
        }
        if let Some(place) = side.answers.iter().position(|(due, _)| *due <= now) {
            return Some(side.answers.swap_remove(place).1);
        }
        side.events
            .pop_front_if(|(due, _)| *due <= now)
            .map(|(_, event)| event)
    }

    /// Whether nothing waits in it.
    pub(crate) fn is_quiet(&self) -> bool {
        let is_told = |side: &Side| side.events.is_empty() && side.answers.is_empty();
        self.is_idle && self.sides.iter().all(is_told)
    }
}
