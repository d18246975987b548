//! What is not an engine and not a client: time, chance, transports, rings, and the record of it.

use core::fmt::Arguments;
use core::time::Duration;

use store_memory::Rng;
use wire_message::Instant;

use crate::defect::Defect;
use crate::history::History;
use crate::links::Links;
use crate::plan::Plan;
use crate::process::Process;
use crate::rings::Rings;
use crate::stats::Stats;
use crate::storage::Storage;
use crate::trace::Trace;
use crate::watch::Watches;

/// Time that shards take to see that the disk has caught up.
pub(crate) const DISK_GRACE: Duration = Duration::from_secs(2);

/// The world around engines and clients.
#[derive(Debug)]
pub(crate) struct Outside {
    /// The clock.
    pub(crate) now: Instant,
    /// The broker's process.
    pub(crate) process: Process,
    /// Its store, if it has one.
    pub(crate) storage: Option<Storage>,
    /// Chance.
    pub(crate) rng: Rng,
    /// Until when what was held for the disk may be dropped.
    behind_until: Instant,
    /// What kind of run this is.
    pub(crate) plan: Plan,
    /// The transports.
    pub(crate) links: Links,
    /// The rings.
    pub(crate) rings: Rings,
    /// What the clients saw.
    pub(crate) history: History,
    /// What the engines send.
    pub(crate) watches: Watches,
    /// What happened last.
    pub(crate) trace: Trace,
    /// How often.
    pub(crate) stats: Stats,
    /// Whether faults have ended and everybody has all.
    pub(crate) is_calm: bool,
    /// Whether the broker was told to stop.
    pub(crate) is_stopping: bool,
    /// Bytes, packets and entries that moved: when nothing moves any more, all is quiet.
    pub(crate) moved: u64,
}

impl Outside {
    /// The world before the first event.
    pub(crate) fn new(plan: Plan, is_traced: bool) -> Self {
        let now = Instant::from_secs(1);
        Self {
            now,
            process: Process::first(now),
            behind_until: now,
            storage: None,
            rng: Rng::new(plan.seed.wrapping_mul(0x9e37_79b9) ^ 0xabcd),
            links: Links::default(),
            rings: Rings::new(plan.shards, plan.ring_entries, plan.ring_delay),
            history: History::default(),
            watches: Watches::default(),
            trace: Trace::new(is_traced),
            stats: Stats::default(),
            is_calm: false,
            is_stopping: false,
            moved: 0,
            plan,
        }
    }

    /// The time of the process's clock.
    pub(crate) const fn time(&self) -> Instant {
        self.process.time(self.now)
    }

    /// Notes a line for whoever replays the run.
    pub(crate) fn note(&mut self, text: Arguments<'_>) {
        self.trace.line(self.now, text);
    }

    /// Whether the disk may not take what a client wants stored, or not give it back, for now.
    pub(crate) const fn may_disk_fail(&self) -> bool {
        self.storage.is_some() && !self.is_calm
    }

    /// Whether the disk could not keep up, now or a short time ago.
    pub(crate) fn is_disk_behind(&mut self) -> bool {
        let grace = self.plan.settings.store_wait_max + DISK_GRACE;
        if self.storage.as_ref().is_some_and(Storage::is_behind) {
            self.behind_until = self.now + grace;
        }
        self.now < self.behind_until
    }

    /// Whether the injected defect is `defect` and strikes now.
    pub(crate) fn strikes(&mut self, defect: Defect, per_mille: u32) -> bool {
        self.plan.defect == Some(defect) && self.rng.chance(per_mille)
    }
}
