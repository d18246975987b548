//! What is not an engine and not a client: time, chance, transports, rings, and the record of it.

use core::fmt::Arguments;

use wire_message::Instant;

use crate::defect::Defect;
use crate::history::History;
use crate::links::Links;
use crate::plan::Plan;
use crate::rings::Rings;
use crate::rng::Rng;
use crate::stats::Stats;
use crate::trace::Trace;
use crate::watch::Watches;

/// The world around engines and clients.
#[derive(Debug)]
pub(crate) struct Outside {
    /// The clock.
    pub(crate) now: Instant,
    /// Chance.
    pub(crate) rng: Rng,
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
    /// Whether the broker was told to stop.
    pub(crate) is_stopping: bool,
    /// Bytes, packets and entries that moved: when nothing moves any more, all is quiet.
    pub(crate) moved: u64,
}

impl Outside {
    /// The world before the first event.
    pub(crate) fn new(plan: Plan, is_traced: bool) -> Self {
        Self {
            now: Instant::from_secs(1),
            rng: Rng::new(plan.seed.wrapping_mul(0x9e37_79b9) ^ 0xabcd),
            links: Links::default(),
            rings: Rings::new(plan.shards, plan.ring_entries, plan.ring_delay),
            history: History::default(),
            watches: Watches::default(),
            trace: Trace::new(is_traced),
            stats: Stats::default(),
            is_stopping: false,
            moved: 0,
            plan,
        }
    }

    /// Notes a line for whoever replays the run.
    pub(crate) fn note(&mut self, text: Arguments<'_>) {
        self.trace.line(self.now, text);
    }

    /// Whether the injected defect is `defect` and strikes now.
    pub(crate) fn strikes(&mut self, defect: Defect, per_mille: u32) -> bool {
        self.plan.defect == Some(defect) && self.rng.chance(per_mille)
    }
}
