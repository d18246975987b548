//! Pings, by a scan that comes by each client several times in its keep alive.

use core::time::Duration;

use loadgen_plan::Plan;
use wire_message::Instant;

use super::Crew;
use super::member::{Flags, Phase};
use crate::Out;
use crate::limits::SCAN_STEP;

/// Visits in one keep alive.
const VISITS: u32 = 4;

/// Where the scan is.
#[derive(Debug)]
pub(super) struct Scan {
    /// Time for all clients; none if no client has a keep alive.
    round: Option<Duration>,
    next_at: Option<Instant>,
    cursor: u32,
}

impl Scan {
    pub(super) fn new(plan: &Plan) -> Self {
        let times = plan.groups.iter().map(|group| group.connect.keep_alive_s);
        let shortest = times.filter(|&time| time > 0).min();
        let shortest = shortest.filter(|_| !plan.target.raw);
        Self {
            round: shortest.map(|time| Duration::from_secs(time.into()) / VISITS),
            next_at: None,
            cursor: 0,
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next_at
    }
}

impl Crew {
    /// Visits the next clients, and pings those that have been silent.
    pub(super) fn scan(&mut self, now: Instant, out: &mut Out) {
        let Some(round) = self.scan.round else {
            return;
        };
        let due = *self.scan.next_at.get_or_insert(now);
        if due > now {
            return;
        }
        let step = round.min(SCAN_STEP);
        let steps = round.as_nanos() / step.as_nanos();
        let steps = u32::try_from(steps).unwrap_or(u32::MAX);
        let all = u32::try_from(self.members.len()).expect("clients are counted with 32 bits");
        for _ in 0..all.div_ceil(steps) {
            let local = self.scan.cursor;
            self.scan.cursor = if local + 1 >= all { 0 } else { local + 1 };
            self.visit(local, now, out);
        }
        // A late scan does not hurry: clients have time to spare.
        self.scan.next_at = Some(now + step);
    }

    fn visit(&mut self, local: u32, now: Instant, out: &mut Out) {
        let member = self.member(local);
        if member.phase != Phase::Ready || member.keep_alive_s == 0 {
            return;
        }
        if member.flags.has(Flags::PINGED) {
            member.unanswered += 1;
            // More than a keep alive without an answer.
            if u32::from(member.unanswered) > VISITS {
                self.lost(local, out);
            }
            return;
        }
        let keep_alive = Duration::from_secs(member.keep_alive_s.into());
        if now.since(member.last_sent) >= keep_alive / 2 {
            member.flags.set(Flags::PINGED, true);
            // It is connected, and PINGREQ always fits.
            let _ = member.client.ping(now, &mut out.bytes);
            self.assign(local, now, out);
        }
    }
}
