//! The store itself: one small thing at a time.

use std::convert::Infallible;
use std::sync::Arc;

use store_model::limits::BATCH_OPERATIONS_MAX;
use store_model::{
    Answer, Batch, Event, Family, MetaKey, Number, Read, Reader, RequestId, Sequence, StoreState,
    Upkeep, WallClock, Writer, check_format,
};
use wire_message::{Seed, ShardId};

use crate::log::Group;
use crate::rng::Rng;
use crate::side::Side;
use crate::start::{OpenError, Opened, create, meta};
use crate::{Disk, FaultPlan, Image};

/// What a store did, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Groups written.
    pub groups: u64,
    /// Of these, groups of upkeep.
    pub upkeep: u64,
    /// Syncs.
    pub syncs: u64,
    /// Groups for which there was no room at first.
    pub full: u64,
    /// Questions answered.
    pub answers: u64,
    /// Damaged records set aside.
    pub damaged: u64,
}

/// A store that runs one step at a time.
#[derive(Debug)]
pub struct MemoryStore {
    plan: FaultPlan,
    rng: Rng,
    clock: WallClock,
    writer: Writer,
    upkeep: Upkeep,
    sides: Vec<Side>,
    /// What reads see: everything that is written, synced or not.
    image: Arc<Image>,
    disk: Disk,
    state: StoreState,
    /// The step from which on what is written and not synced may be; [`None`] if all is.
    sync_from: Option<u64>,
    /// Whether somebody waits for a batch that is written and not synced.
    urgent: bool,
    /// The step at which there is room again.
    full_until: u64,
    step: u64,
    stats: Stats,
}

impl MemoryStore {
    /// Opens a disk for `shards` shards. A disk without a store gets one, keyed by `seed`.
    ///
    /// # Errors
    ///
    /// [`OpenError`].
    pub fn open(
        mut disk: Disk,
        plan: FaultPlan,
        shards: usize,
        clock: WallClock,
        seed: Seed,
    ) -> Result<(Self, Opened), OpenError> {
        let mut image = disk.recovered();
        // What was cut off is not to come back behind new groups.
        disk = Disk::holding(image.clone());
        if let Some(value) = image.value(Family::Meta, MetaKey::Format.as_bytes()) {
            check_format(value)?;
        } else {
            let mut group = Group::default();
            create(seed, &mut group);
            group.replay(&mut image);
            disk.write(&group);
            disk.sync();
        }
        let opened = Opened {
            first: meta(&image, MetaKey::Next).map(Number)?,
            seed: meta(&image, MetaKey::Seed).map(Seed)?,
        };
        let store = Self {
            plan,
            rng: Rng::new(plan.seed),
            clock,
            writer: Writer::new(clock, opened.first, plan.young_bodies_max),
            upkeep: Upkeep::default(),
            sides: (0..shards).map(|_| Side::default()).collect(),
            image: Arc::new(image),
            disk,
            state: StoreState::Healthy,
            sync_from: None,
            urgent: false,
            full_until: 0,
            step: 0,
            stats: Stats::default(),
        };
        Ok((store, opened))
    }

    /// Takes a batch of `shard`'s, whose sequence follows that of the one before.
    ///
    /// # Errors
    ///
    /// Gives the batch back if [`FaultPlan::batches_max`] wait already.
    ///
    /// # Panics
    ///
    /// If a batch was left out or is larger than
    /// [`BATCH_OPERATIONS_MAX`](store_model::limits::BATCH_OPERATIONS_MAX).
    pub fn submit(&mut self, shard: ShardId, batch: Batch) -> Result<(), Batch> {
        let most = self.plan.batches_max;
        let side = &mut self.sides[shard.index()];
        if side.batches.len() >= most {
            return Err(batch);
        }
        let expected = Sequence(side.submitted.0 + 1);
        assert_eq!(batch.sequence, expected, "batches come in order");
        let operations = batch.operations.len();
        assert!(operations <= BATCH_OPERATIONS_MAX, "{operations} at once");
        side.submitted = batch.sequence;
        side.batches.push_back(batch);
        Ok(())
    }

    /// Takes a question of `shard`'s; the answer comes as an event.
    pub fn ask(&mut self, shard: ShardId, request: RequestId, read: Read) {
        let side = &mut self.sides[shard.index()];
        side.questions.push_back((request, read, side.submitted));
    }

    /// The next event that has arrived at `shard`.
    pub fn poll(&mut self, shard: ShardId) -> Option<Event> {
        self.sides[shard.index()].poll(self.step)
    }

    /// Does one thing, by chance: writes a group, syncs, answers a question, keeps up. False if
    /// there is nothing to do and every event has arrived.
    pub fn step(&mut self) -> bool {
        self.step += 1;
        if self.state == StoreState::Full && self.step >= self.full_until {
            self.enter(StoreState::Healthy);
        }
        let mut choices: [Option<fn(&mut Self)>; 4] = [None; 4];
        if self.state == StoreState::Healthy {
            let waits = self.sides.iter().any(|side| !side.batches.is_empty());
            let writes = waits && !self.urgent;
            choices[0] = writes.then_some(Self::write_group as fn(&mut Self));
            let sync = self.urgent || self.sync_from.is_some_and(|from| self.step >= from);
            choices[1] = sync.then_some(Self::sync as fn(&mut Self));
            let due = !self.urgent && self.upkeep.is_due(&self.writer, !waits);
            choices[2] = due.then_some(Self::keep_up as fn(&mut Self));
        }
        let asked = self.sides.iter().any(Side::has_question);
        choices[3] = asked.then_some(Self::answer as fn(&mut Self));
        let possible: Vec<_> = choices.into_iter().flatten().collect();
        if let Some(last) = possible.len().checked_sub(1) {
            possible[self.rng.up_to(last)](self);
            return true;
        }
        let unsynced = self.state == StoreState::Healthy && self.sync_from.is_some();
        let waits = self.state == StoreState::Full || unsynced;
        waits || self.sides.iter().any(|side| side.is_waiting(self.step))
    }

    /// The power goes. What is left is what a start finds.
    #[must_use]
    pub fn crash(mut self) -> Disk {
        let garbles = self.rng.chance(self.plan.garbles);
        self.disk.lose(garbles, &mut self.rng);
        self.disk
    }

    /// The process is killed: what was written is left, synced or not, and nothing else.
    #[must_use]
    pub fn kill(self) -> Disk {
        self.disk
    }

    /// From now on other things go wrong. The seed stays, and so does a failure.
    pub const fn change_plan(&mut self, plan: FaultPlan) {
        self.plan = plan;
    }

    /// Writes and syncs everything that was submitted, unless the store has failed, whatever the
    /// plan says; the rest of the upkeep is for the next start.
    #[must_use]
    pub fn close(mut self) -> Disk {
        if self.state != StoreState::Failed {
            for index in 0..self.sides.len() {
                let count = self.sides[index].batches.len();
                self.write_batches(&[(index, count)]);
            }
            self.disk.sync();
        }
        self.disk
    }

    /// How the store is.
    #[must_use]
    pub const fn state(&self) -> StoreState {
        self.state
    }

    /// What reads see: everything that is written, synced or not.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// The last batch of `shard`'s that is written, synced or not.
    #[must_use]
    pub fn written(&self, shard: ShardId) -> Sequence {
        self.sides[shard.index()].written
    }

    /// What was done so far.
    #[must_use]
    pub const fn stats(&self) -> Stats {
        self.stats
    }

    fn write_group(&mut self) {
        if self.rng.chance(self.plan.write_fails) {
            // Part of it may be on the disk: the log ends with what a crash leaves of it.
            let picks = self.pick();
            self.write_batches(&picks);
            self.enter(StoreState::Failed);
            return;
        }
        if self.is_full() {
            return;
        }
        let picks = self.pick();
        self.write_batches(&picks);
    }

    /// Whether there is no room for the next group.
    fn is_full(&mut self) -> bool {
        if !self.rng.chance(self.plan.full) {
            return false;
        }
        self.stats.full += 1;
        self.full_until = self.step + 1 + self.rng.up_to(self.plan.full_steps_max) as u64;
        self.enter(StoreState::Full);
        true
    }

    /// How many batches of which shards make a group.
    fn pick(&mut self) -> Vec<(usize, usize)> {
        let mut picks = Vec::new();
        for (index, side) in self.sides.iter().enumerate() {
            let count = self.rng.up_to(side.batches.len());
            if count > 0 {
                picks.push((index, count));
            }
        }
        if picks.is_empty() {
            let first = self.sides.iter().position(|side| !side.batches.is_empty());
            picks.extend(first.map(|index| (index, 1)));
        }
        picks
    }

    fn write_batches(&mut self, picks: &[(usize, usize)]) {
        let mut group = Group::default();
        for &(index, count) in picks {
            let side = &mut self.sides[index];
            for batch in side.batches.drain(..count) {
                for operation in &batch.operations {
                    self.upkeep.note(operation);
                    self.writer.apply(operation, &mut group);
                }
                side.written = batch.sequence;
                self.urgent |= batch.urgent;
            }
        }
        self.write(group);
        if self.disk.is_synced() {
            // Batches of nothing are as durable as what is before them.
            self.tell_durable();
            self.urgent = false;
        }
    }

    fn write(&mut self, mut group: Group) {
        self.writer.finish_group(&mut group);
        if group.is_empty() {
            return;
        }
        self.stats.groups += 1;
        self.disk.write(&group);
        let lag = self.rng.up_to(self.plan.sync_steps_max) as u64;
        self.sync_from.get_or_insert(self.step + lag);
        group.replay(Arc::make_mut(&mut self.image));
    }

    fn sync(&mut self) {
        if self.rng.chance(self.plan.sync_fails) {
            self.enter(StoreState::Failed);
            return;
        }
        self.stats.syncs += 1;
        self.disk.sync();
        self.sync_from = None;
        self.urgent = false;
        self.tell_durable();
    }

    fn tell_durable(&mut self) {
        for index in 0..self.sides.len() {
            let side = &mut self.sides[index];
            if side.synced == side.written {
                continue;
            }
            side.synced = side.written;
            let through = side.written;
            self.tell(index, Event::Durable { through });
        }
    }

    fn keep_up(&mut self) {
        if self.is_full() {
            return;
        }
        self.stats.upkeep += 1;
        let mut group = Group::default();
        self.stats.damaged += self.upkeep.damaged().len() as u64;
        let image = self.image.as_ref();
        let Ok(()) = self.upkeep.write(image, &mut self.writer, &mut group);
        self.write(group);
    }

    fn answer(&mut self) {
        let first = self.rng.up_to(self.sides.len() - 1);
        for offset in 0..self.sides.len() {
            let index = (first + offset) % self.sides.len();
            let Some((request, read)) = self.sides[index].take_question() else {
                continue;
            };
            let answer = self.read(&read);
            self.stats.answers += 1;
            self.tell(index, Event::Answer(request, answer));
            return;
        }
    }

    fn read(&mut self, read: &Read) -> Answer {
        if self.rng.chance(self.plan.unreadable) {
            return Answer::Unreadable;
        }
        let mut reader = Reader::new(self.image.as_ref(), self.clock);
        let Ok(answer): Result<_, Infallible> = reader.answer(read);
        self.upkeep.found_damaged(reader.take_damaged());
        answer
    }

    fn tell(&mut self, index: usize, event: Event) {
        let due = self.step + self.rng.up_to(self.plan.delay_steps_max) as u64;
        self.sides[index].tell(event, due);
    }

    fn enter(&mut self, state: StoreState) {
        self.state = state;
        for index in 0..self.sides.len() {
            self.tell(index, Event::State(state));
        }
    }
}
