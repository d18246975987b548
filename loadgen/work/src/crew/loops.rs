//! Closed loops: copies confirm messages, and windows let new ones out.

use core::ops::Range;

use wire_message::Instant;

use super::Crew;
use super::member::Phase;
use super::streak::Origin;
use crate::Credit;
use crate::limits::{QUEUED_BYTES_MAX, STALL, STALL_LOOK};

impl Crew {
    /// A copy of each of these messages arrived here.
    #[inline]
    pub(super) fn confirm_copies(
        &mut self,
        origin: &Origin,
        stream: u32,
        sequences: Range<u32>,
        now: Instant,
    ) {
        if self.worker.owns(origin.index) {
            let publisher = origin.source.publishers + self.worker.local(origin.index);
            self.confirm(publisher as usize, sequences, 1, now);
        } else {
            for sequence in sequences {
                *self.foreign.entry((stream, sequence)).or_default() += 1;
            }
        }
    }

    /// Copies arrived at clients of other workers.
    pub(super) fn take_credits(&mut self, credits: &[Credit], now: Instant) {
        for credit in credits {
            let source = self.source(credit.stream);
            let own = source.filter(|(_, index)| self.worker.owns(*index));
            if let Some((source, index)) = own {
                let publisher = source.publishers + self.worker.local(index);
                let sequences = credit.sequence..credit.sequence.saturating_add(1);
                self.confirm(publisher as usize, sequences, credit.copies, now);
            }
        }
    }

    /// Each of these messages of a publisher got `count` confirmations.
    #[inline]
    pub(super) fn confirm(&mut self, at: usize, sequences: Range<u32>, count: u32, now: Instant) {
        if let Some(window) = &mut self.publishers[at].window
            && window.confirm(sequences, count, now)
        {
            self.list(at);
        }
    }

    /// Notes that a publisher may be able to send.
    #[inline]
    pub(super) fn list(&mut self, at: usize) {
        let publisher = &mut self.publishers[at];
        if !publisher.is_listed {
            publisher.is_listed = true;
            self.listed
                .push(u32::try_from(at).expect("publishers are counted with 32 bits"));
        }
    }

    /// The transport took bytes.
    #[inline]
    pub(super) fn writable(&mut self, local: u32, left: usize) {
        let member = &mut self.members[local as usize];
        member.queued = u32::try_from(left).unwrap_or(u32::MAX);
        let Some(at) = member.publisher else {
            return;
        };
        if member.queued > QUEUED_BYTES_MAX / 2 {
            return;
        }
        let publisher = &mut self.publishers[at as usize];
        let mut waits = publisher.owes() > 0 || publisher.clears > 0;
        if let Some(window) = &mut publisher.window {
            // Nobody confirms these messages but the transport.
            if left == 0 && window.is_blind() {
                window.reopen();
            }
            waits |= window.has_room();
        }
        if waits {
            self.list(at as usize);
        }
    }

    /// Opens windows anew that have stood still.
    pub(super) fn look_for_stalls(&mut self, now: Instant) {
        if self.stall_look == Instant::ZERO || self.stall_look > now {
            return;
        }
        let before = now - STALL;
        let mut is_open = false;
        for at in 0..self.publishers.len() {
            let publisher = &mut self.publishers[at];
            let Some(window) = &mut publisher.window else {
                continue;
            };
            is_open |= window.is_open() || self.groups[usize::from(publisher.group)].publishing;
            let ready = self.members[publisher.member as usize].phase == Phase::Ready;
            if ready && !window.is_blind() && window.stands_since(before) {
                window.reopen();
                self.counters.stalls += 1;
                self.list(at);
            }
        }
        self.stall_look = if is_open {
            now + STALL_LOOK
        } else {
            Instant::ZERO
        };
    }
}
