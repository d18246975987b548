//! Open loops: messages are due by a timetable, and sent late rather than not at all.

use wire_message::Instant;

use super::Crew;
use super::member::Phase;
use crate::Out;
use crate::limits::{DUE_PER_TURN_MAX, OWED_MAX, TURN_BYTES_MAX};

impl Crew {
    /// Sends what is due, or notes that it is owed; a bounded part of it, the rest in the next turn.
    pub(super) fn follow_timetables(&mut self, now: Instant, out: &mut Out) {
        let mut left = DUE_PER_TURN_MAX;
        for at in 0..self.groups.len() {
            while left > 0
                && out.bytes.len() < TURN_BYTES_MAX
                && let Some(timetable) = &mut self.groups[at].timetable
                && let Some(due) = timetable.take_due(now)
            {
                left -= 1;
                if self.groups[at].online == 0 {
                    self.counters.tally.messages.scheduled += 1;
                    if self.may_owe() {
                        self.groups[at].owed.push_back(due);
                    }
                } else if let Some(publisher) = self.next_publisher(at) {
                    self.counters.tally.messages.scheduled += 1;
                    self.due(publisher, due, now, out);
                } else {
                    // All have reached their limit.
                    self.groups[at].timetable = None;
                }
            }
        }
    }

    /// Counts what was due by `now` and was not even looked at: the generator can't keep the rate.
    pub(super) fn count_overdue(&mut self, group: usize, now: Instant) {
        if let Some(timetable) = &self.groups[group].timetable {
            self.counters.tally.messages.scheduled += timetable.overdue(now);
        }
    }

    /// The publisher whose turn it is; none if all that are there have reached their limit.
    fn next_publisher(&mut self, group: usize) -> Option<usize> {
        let state = &mut self.groups[group];
        let limit = state.form.as_ref()?.limit;
        for _ in 0..state.share {
            let place = state.turn;
            state.turn = if place + 1 == state.share {
                0
            } else {
                place + 1
            };
            let at = (state.publishers + place) as usize;
            let publisher = &self.publishers[at];
            let owes = u32::try_from(publisher.owes()).unwrap_or(u32::MAX);
            let ready = self.members[publisher.member as usize].phase == Phase::Ready;
            if ready && publisher.sequence.saturating_add(owes) < limit {
                return Some(at);
            }
        }
        None
    }

    fn due(&mut self, at: usize, due: Instant, now: Instant, out: &mut Out) {
        if self.publishers[at].owes() == 0 && self.can_send(at) {
            let lag = now.as_nanos().saturating_sub(due.as_nanos());
            self.counters.tally.lag.saturating_record(lag);
            self.send(at, due, now, out);
            let local = self.publishers[at].member;
            self.assign(local, now, out);
        } else {
            self.owe(at, due);
        }
    }

    fn may_owe(&mut self) -> bool {
        let room = self.counters.owed < OWED_MAX as u64;
        self.counters.owed += u64::from(room);
        room
    }

    fn owe(&mut self, at: usize, due: Instant) {
        if self.may_owe() {
            self.publishers[at].owed.push_back(due);
        }
    }

    /// What was due while nobody of the group was there falls to the first who comes.
    pub(super) fn take_over_owed(&mut self, publisher: u32) {
        let publisher = &mut self.publishers[publisher as usize];
        let group = &mut self.groups[usize::from(publisher.group)];
        if !group.owed.is_empty() {
            publisher.owed.append(&mut group.owed);
        }
    }
}
