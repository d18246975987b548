//! The broker's process ends, in one way or another, and the next one begins with what is left.

use core::time::Duration;
use std::sync::Arc;

use shard_topics::Epochs;
use store_memory::Disk;
use store_model::{Family, StoreState};
use wire_message::ShardId;

use super::World;
use crate::defect::Defect;
use crate::driver::Driver;
use crate::outside::Outside;
use crate::plan::End;
use crate::property::check_entries;
use crate::rings::Rings;
use crate::storage::Storage;
use crate::violation::{Checked, Violation, ensure};

/// Steps in which the store does all that is left to do.
const REST_STEPS_MAX: usize = 10_000;

/// Shards at the most.
const SHARDS_MAX: usize = 4;

impl World {
    /// How the process is to end before step `number`, if it is.
    pub(super) fn end_due(&mut self, number: usize) -> Option<End> {
        let outside = &mut self.outside;
        let ends = &mut outside.plan.store.as_mut()?.ends;
        let due = ends.first().filter(|(step, _)| *step <= number).copied();
        if let Some((_, end)) = due {
            ends.remove(0);
            return Some(end);
        }
        // Somebody sees that the disk has failed.
        let has_failed = outside.storage.as_ref()?.state() == StoreState::Failed;
        (has_failed && outside.rng.chance(3)).then_some(End::Killed)
    }

    /// The process ends, and another one begins.
    pub(super) fn restart(&mut self, end: End) -> Checked {
        let storage = self.outside.storage.as_ref();
        let has_failed = storage.is_some_and(|storage| storage.state() == StoreState::Failed);
        let end = match end {
            End::Stopped if has_failed => End::Killed,
            End::Killed | End::PowerLost | End::Stopped => end,
        };
        if end == End::Stopped {
            self.stop()?;
        }
        let Some(disk) = self.end(end)? else {
            return Ok(());
        };
        let longest = self.outside.rng.pick(&[1, 100, 20_000]);
        let outside = &mut self.outside;
        outside.now = outside.now + outside.rng.delay(Duration::from_millis(longest));
        self.start(disk)
    }

    /// The process ends; what it leaves, if anything lasts.
    fn end(&mut self, end: End) -> Result<Option<Disk>, Violation> {
        self.past = self.counters()?;
        check_entries(&self.outside.history, &self.outside)?;
        self.drivers.clear();
        let outside = &mut self.outside;
        outside.note(format_args!("the process ends: {end:?}"));
        let now = outside.now;
        outside.links.end_of_process(now, &mut outside.rng);
        outside.watches.end_of_process();
        outside.history.end_process(now);
        let ended = match end {
            End::Killed => &mut outside.stats.killed,
            End::PowerLost => &mut outside.stats.power_lost,
            End::Stopped => &mut outside.stats.stopped,
        };
        *ended += 1;
        let storage = outside.storage.take();
        Ok(storage.map(|storage| {
            outside.stats.disk_full += storage.full();
            storage.end(end)
        }))
    }

    /// A process begins with what is on the disk.
    pub(super) fn start(&mut self, disk: Disk) -> Checked {
        let outside = &mut self.outside;
        outside.is_stopping = false;
        outside.is_calm = false;
        if outside.history.process() > 0 {
            let is_clock_new = outside.rng.chance(500);
            outside.process = outside.process.next(outside.now, is_clock_new);
            let before = outside.plan.shards;
            let other = 1 + outside.rng.below(SHARDS_MAX);
            outside.plan.shards = outside.rng.pick(&[before, before, other]);
            outside.stats.shards_changed += u64::from(before != outside.plan.shards);
        }
        let shards = outside.plan.shards;
        outside.rings = Rings::new(shards, outside.plan.ring_entries, outside.plan.ring_delay);
        if let Some(store) = &mut outside.plan.store {
            store.renew(outside.rng.number());
            let (process, seed) = (&outside.process, outside.plan.seed);
            let storage = Storage::open(disk, store.clone(), shards, process, seed)?;
            outside.storage = Some(storage);
        }
        let process = outside.process;
        outside.note(format_args!("{process:?} begins with {shards} shards"));
        self.drivers = drivers(outside);
        let Some(storage) = &outside.storage else {
            return Ok(());
        };
        let (image, seed) = (storage.image().clone(), storage.opened().seed);
        self.restore(&image, seed)
    }

    /// When all sessions have ended, nothing of them is left on the disk.
    pub(super) fn look_at_the_rest(&mut self) -> Checked {
        let Some(storage) = &mut self.outside.storage else {
            return Ok(());
        };
        for _ in 0..REST_STEPS_MAX {
            if !storage.step() {
                break;
            }
        }
        // A receipt may be left of a message that was on its way when its publisher's session ended.
        let families = [
            Family::Sessions,
            Family::Queue,
            Family::Bodies,
            Family::Holders,
            Family::Flight,
            Family::Delayed,
            Family::Dropped,
            Family::Quarantine,
        ];
        for family in families {
            let left: Vec<_> = storage.image().prefixed(family, &[]).take(3).collect();
            ensure(left.is_empty(), "leaks", || {
                format!("{family:?} on the disk still has {left:02x?}")
            })?;
        }
        Ok(())
    }
}

/// Shards without connections.
fn drivers(outside: &mut Outside) -> Vec<Driver> {
    let opened = outside.storage.as_ref().map(Storage::opened);
    let shards = outside.plan.shards;
    let common = Arc::new(Epochs::new(shards));
    let driver = |index| {
        let shard = ShardId(u8::try_from(index).expect("few shards"));
        let is_stale = outside.plan.defect == Some(Defect::RoutesStale);
        let epochs = if is_stale {
            Arc::new(Epochs::new(shards))
        } else {
            common.clone()
        };
        Driver::new(shard, epochs, opened, outside)
    };
    (0..shards).map(driver).collect()
}
