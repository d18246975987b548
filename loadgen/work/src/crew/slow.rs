//! Clients that read slowly: after each read they pause until their rate allows the next one.

use std::collections::{BTreeMap, BTreeSet};

use core::time::Duration;

use loadgen_plan::Reading;
use wire_message::Instant;

use super::Crew;
use super::member::Flags;
use crate::limits::READ_AHEAD;
use crate::{Action, Out};

/// Clients that pause, and when each may have read what it read.
#[derive(Debug, Default)]
pub(super) struct SlowReaders {
    read_until: BTreeMap<u32, Instant>,
    wakes: BTreeSet<(Instant, u32)>,
}

impl SlowReaders {
    pub(super) fn is_empty(&self) -> bool {
        self.read_until.is_empty()
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.wakes.first().map(|(wake, _)| *wake)
    }

    pub(super) fn forget(&mut self, local: u32) {
        if let Some(until) = self.read_until.remove(&local) {
            self.wakes.remove(&(until, local));
        }
    }
}

impl Crew {
    /// A client read `bytes`; it pauses if that was more than its rate allows.
    #[cold]
    pub(super) fn read_slowly(&mut self, local: u32, bytes: usize, now: Instant, out: &mut Out) {
        let group = self.members[local as usize].group;
        let Reading::BytesPerSecond(rate) = self.plan.groups[usize::from(group)].reading else {
            return;
        };
        let before = self.slow.read_until.get(&local).copied().unwrap_or(now);
        self.slow.wakes.remove(&(before, local));
        let nanos = bytes as u64 * 1_000_000_000 / rate.max(1);
        let until = before.max(now) + Duration::from_nanos(nanos);
        self.slow.read_until.insert(local, until);
        let (client, _) = self.number(local);
        let flags = &mut self.member(local).flags;
        let paused = flags.has(Flags::PAUSED);
        if until > now + READ_AHEAD || paused {
            flags.set(Flags::PAUSED, true);
            self.slow.wakes.insert((until, local));
            if !paused {
                out.actions.push(Action::Pause(client));
            }
        }
    }

    /// Lets those read again whose time has come.
    pub(super) fn let_read(&mut self, now: Instant, out: &mut Out) {
        while let Some((wake, local)) = self.slow.wakes.first().copied()
            && wake <= now
        {
            self.slow.wakes.pop_first();
            let (client, _) = self.number(local);
            self.member(local).flags.set(Flags::PAUSED, false);
            out.actions.push(Action::Resume(client));
        }
    }
}
