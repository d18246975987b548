//! The thread that writes: batches of all shards into one group, one sync, and the news of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use store_model::{StoreState, Upkeep, Writer as Records};
use tracing::{error, info, warn};

use crate::limits::{FULL_RETRY, GROUP_BYTES_MAX, TELL_RETRY, UPKEEP_REST};
use crate::readers::ReaderEnd;
use crate::side::{Side, Taken};
use crate::view::View;
use crate::{Database, Disk, DiskError, Group, Stats, WriteSync};

/// Longest sleep: it is woken for everything, so this is for nothing but good measure.
const IDLE: Duration = Duration::from_secs(10);

pub(crate) struct Writer<D> {
    database: Arc<Database>,
    line: Line<D>,
    records: Records,
    upkeep: Upkeep,
    /// When upkeep may go on after the disk could not be read.
    upkeep_from: Option<Instant>,
}

/// The way to the disk and back to the shards.
struct Line<D> {
    disk: D,
    sync_interval: Duration,
    sides: Vec<Side>,
    readers: Vec<ReaderEnd>,
    state: StoreState,
    /// Whether the store was stopped while a group waited for room.
    gave_up: bool,
    /// Since when something is written and not synced.
    unsynced: Option<Instant>,
    stop: Arc<AtomicBool>,
    stats: Arc<Mutex<Stats>>,
}

impl<D: Disk> Writer<D> {
    pub(crate) fn new(
        database: Arc<Database>,
        disk: D,
        records: Records,
        sync_interval: Duration,
        (sides, readers): (Vec<Side>, Vec<ReaderEnd>),
        (stop, stats): (Arc<AtomicBool>, Arc<Mutex<Stats>>),
    ) -> Self {
        let mut upkeep = Upkeep::new();
        upkeep.found_damaged(database.take_damaged());
        Self {
            database,
            line: Line {
                disk,
                sync_interval,
                sides,
                readers,
                state: StoreState::Healthy,
                gave_up: false,
                unsynced: None,
                stop,
                stats,
            },
            records,
            upkeep,
            upkeep_from: None,
        }
    }

    /// Works until the store is to stop and everything that was submitted is written.
    pub(crate) fn run(mut self) {
        loop {
            // Looked at first: what was submitted before is found below.
            let stops = self.line.is_stopping();
            let wrote = self.write_group();
            let kept_up = !stops && self.keep_up(!wrote);
            self.line.sync_if_due();
            let told = self.line.tell();
            if self.line.gave_up || stops && !wrote {
                break;
            }
            if !wrote && !kept_up {
                thread::park_timeout(self.line.patience(told));
            }
        }
        self.line.sync_rest();
        self.line.tell();
    }

    /// Takes what shards have sent and writes it as one group; false if there was nothing.
    fn write_group(&mut self) -> bool {
        let database = Arc::clone(&self.database);
        let mut group = database.group();
        let begun = Instant::now();
        let (batches, sync) = self.collect(&mut group);
        if batches == 0 {
            return false;
        }
        if self.line.state == StoreState::Failed {
            // Never written and never called durable.
            return true;
        }
        self.records.finish_group(&mut group);
        if self.line.commit(&group, sync) {
            let mut stats = self.line.stats();
            stats.groups += 1;
            stats.batches += batches;
            stats.group_bytes += group.size_bytes() as u64;
            stats.record_latency(begun.elapsed());
        }
        true
    }

    /// Takes batches of all shards in turn, until there are no more or the group is large enough.
    /// How many, and whether somebody waits for one of them.
    fn collect(&mut self, group: &mut Group<'_>) -> (u64, WriteSync) {
        let (mut batches, mut sync) = (0, WriteSync::Later);
        let mut goes_on = true;
        while goes_on && group.size_bytes() < GROUP_BYTES_MAX {
            goes_on = false;
            for shard in 0..self.line.sides.len() {
                match self.line.sides[shard].take() {
                    Some(Taken::Batch(batch)) => {
                        batches += 1;
                        if batch.urgent {
                            sync = WriteSync::Now;
                        }
                        if self.line.state != StoreState::Failed {
                            for operation in &batch.operations {
                                self.upkeep.note(operation);
                                self.records.apply(operation, group);
                            }
                        }
                    }
                    Some(Taken::Question(request, read)) => self.line.pass_on(shard, request, read),
                    Some(Taken::Waits) => {}
                    None => continue,
                }
                goes_on = true;
            }
        }
        (batches, sync)
    }

    /// Does a piece of the store's own work if some is due; false if not.
    fn keep_up(&mut self, is_idle: bool) -> bool {
        for reader in &mut self.line.readers {
            self.upkeep
                .found_damaged(std::iter::from_fn(|| reader.damaged()));
        }
        let rests = self.upkeep_from.is_some_and(|from| Instant::now() < from);
        let is_due = self.upkeep.is_due(&self.records, is_idle);
        if rests || !is_due || self.line.state != StoreState::Healthy {
            return false;
        }
        for (family, key) in self.upkeep.damaged() {
            let (family, key) = (family.name(), hex(key));
            warn!(family, key, "Damaged record set aside");
        }
        let damaged = self.upkeep.damaged().len() as u64;
        let database = Arc::clone(&self.database);
        let mut group = database.group();
        let view = View::of(&database);
        if let Err(error) = self.upkeep.write(&view, &mut self.records, &mut group) {
            error!(%error, "The store's own work rests");
            self.upkeep_from = Some(Instant::now() + UPKEEP_REST);
            return false;
        }
        if !group.is_empty() && self.line.write(&group, WriteSync::Later) {
            let mut stats = self.line.stats();
            stats.upkeep += 1;
            stats.damaged += damaged;
        }
        true
    }
}

impl<D: Disk> Line<D> {
    fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Writes a group of batches and passes on the questions that waited for it.
    fn commit(&mut self, group: &Group<'_>, sync: WriteSync) -> bool {
        if !group.is_empty() && !self.write(group, sync) {
            return false;
        }
        // Batches of nothing are as durable as what is before them.
        let is_synced = self.unsynced.is_none();
        for shard in 0..self.sides.len() {
            for (request, read) in self.sides[shard].note_written() {
                self.pass_on(shard, request, read);
            }
            if is_synced {
                self.sides[shard].note_durable();
            }
        }
        if sync == WriteSync::Now {
            self.sync_rest();
        }
        self.state != StoreState::Failed
    }

    /// Writes a group, again and again while there is no room. False if it is never written.
    fn write(&mut self, group: &Group<'_>, sync: WriteSync) -> bool {
        loop {
            match self.disk.write(group, sync) {
                Ok(()) => break,
                Err(error @ DiskError::Failed(_)) => {
                    self.fail(&error);
                    return false;
                }
                Err(error @ DiskError::Full(_)) => {
                    self.stats().full += 1;
                    if self.state != StoreState::Full {
                        warn!(%error, "The store waits for room");
                        self.enter(StoreState::Full);
                    }
                    self.wait_for_room();
                    // Nothing is written behind what was not.
                    self.gave_up = self.is_stopping();
                    if self.gave_up || self.state == StoreState::Failed {
                        return false;
                    }
                }
            }
        }
        if self.state == StoreState::Full {
            info!("The store has room again");
            self.enter(StoreState::Healthy);
        }
        match sync {
            WriteSync::Now => {
                self.stats().syncs += 1;
                self.unsynced = None;
            }
            WriteSync::Later => {
                self.unsynced.get_or_insert_with(Instant::now);
            }
        }
        true
    }

    /// Lets some time pass, in which questions are passed on that wait for nothing.
    fn wait_for_room(&mut self) {
        let until = Instant::now() + FULL_RETRY;
        loop {
            for shard in 0..self.sides.len() {
                while let Some((request, read)) = self.sides[shard].take_question() {
                    self.pass_on(shard, request, read);
                }
            }
            self.sync_if_due();
            let told = self.tell();
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_stopping() || self.state == StoreState::Failed {
                return;
            }
            thread::park_timeout(self.patience(told).min(left));
        }
    }

    fn pass_on(&self, shard: usize, request: store_model::RequestId, read: store_model::Read) {
        let readers = self.readers.len();
        self.readers[shard % readers].ask(shard / readers, request, read);
    }

    /// When to sync what is not, unless something urgent comes before.
    fn sync_due(&self) -> Option<Instant> {
        self.unsynced?.checked_add(self.sync_interval)
    }

    fn sync_if_due(&mut self) {
        if self.sync_due().is_some_and(|due| due <= Instant::now()) {
            self.sync_rest();
        }
    }

    fn sync_rest(&mut self) {
        if self.unsynced.is_none() || self.state == StoreState::Failed {
            return;
        }
        if let Err(error) = self.disk.sync() {
            self.fail(&error);
            return;
        }
        self.unsynced = None;
        self.stats().syncs += 1;
        for side in &mut self.sides {
            if side.is_unsynced() {
                side.note_durable();
            }
        }
    }

    fn fail(&mut self, error: &DiskError) {
        error!(%error, "The store has failed; nothing is durable until the next start");
        self.enter(StoreState::Failed);
    }

    fn enter(&mut self, state: StoreState) {
        self.state = state;
        self.stats().state = state;
        for side in &mut self.sides {
            side.note_state(state);
        }
    }

    /// Tells all shards what they do not know; false if some had no room for it.
    fn tell(&mut self) -> bool {
        let mut told = true;
        for side in &mut self.sides {
            told &= side.tell();
        }
        told
    }

    /// How long nothing has to be done if nobody wakes the thread.
    fn patience(&self, told: bool) -> Duration {
        let due = self.sync_due().filter(|_| self.state != StoreState::Failed);
        let due = due.map(|due| due.saturating_duration_since(Instant::now()));
        let retry = (!told).then_some(TELL_RETRY);
        due.into_iter().chain(retry).fold(IDLE, Duration::min)
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}
