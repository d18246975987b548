//! Messages go out.

use std::collections::VecDeque;
use std::sync::Arc;

use wire_message::{Instant, Qos};
use wire_mqtt::{AckKind, PacketId, ReasonCode, encode_ack};

use super::Crew;
use super::member::Phase;
use super::publisher::{Alias, Head, Ink, Outgoing};
use crate::Out;
use crate::limits::QUEUED_BYTES_MAX;
use crate::outflow::WaitsFor;

/// With this id the relay acknowledges all messages.
const RAW_PACKET_ID: Option<PacketId> = PacketId::new(1);

/// Bytes after which a publisher's queue is looked at again.
const ASSIGN_BYTES: usize = 64 * 1024;

impl Crew {
    /// Whether a publisher could send a message now.
    #[inline]
    pub(super) fn can_send(&self, at: usize) -> bool {
        let publisher = &self.publishers[at];
        let member = &self.members[publisher.member as usize];
        if member.phase != Phase::Ready || member.queued > QUEUED_BYTES_MAX {
            return false;
        }
        let outflow = publisher.outflow.as_ref();
        outflow.is_none_or(|outflow| outflow.has_room(publisher.receive_maximum))
    }

    /// Writes the next message of a publisher that can send; the caller assigns the bytes to it.
    #[inline]
    pub(super) fn send(&mut self, at: usize, intended: Instant, now: Instant, out: &mut Out) {
        let group = usize::from(self.publishers[at].group);
        if self.groups[group]
            .form
            .as_ref()
            .is_some_and(|form| form.has_sequence)
        {
            self.write_head(at, self.publishers[at].sequence);
        }
        self.send_run(at, 1, intended, now, out);
    }

    /// Writes the next `count` messages of a publisher that can send so many and whose head is written,
    /// or fewer if they are large; how many.
    #[inline]
    fn send_run(
        &mut self,
        at: usize,
        count: u32,
        intended: Instant,
        now: Instant,
        out: &mut Out,
    ) -> u32 {
        let publisher = &mut self.publishers[at];
        let group = &mut self.groups[usize::from(publisher.group)];
        let (Some(form), counters) = (&group.form, &mut self.counters) else {
            return 0;
        };
        let ink = Ink {
            filler: &self.filler,
            run: self.run.0,
            seed: self.plan.seed,
        };
        if form.qos == Qos::AtMostOnce {
            publisher.note_recent(now);
        }
        let (start, first) = (out.bytes.len(), publisher.sequence);
        // So that a backlog does not go out at once.
        while publisher.sequence - first < count && out.unassigned() <= ASSIGN_BYTES {
            let sequence = publisher.sequence;
            publisher.sequence += 1;
            let mut packet_id = None;
            if form.qos != Qos::AtMostOnce {
                let id = publisher.expect_acknowledgement(form.qos, sequence, intended, now);
                packet_id = Some(id).filter(|_| !self.plan.target.raw).or(RAW_PACKET_ID);
            }
            let message = Outgoing {
                sequence,
                intended,
                sent: now,
                packet_id,
                dup: false,
            };
            publisher.write(form, ink, &message, &mut out.bytes);
        }
        let sent = publisher.sequence - first;
        if let Some(window) = &mut publisher.window {
            window.sent(sent, now);
        }
        let messages = u64::from(sent);
        group.left = group.left.saturating_sub(messages);
        counters.expected += messages * (u64::from(publisher.copies) << u32::from(form.asks));
        if form.qos != Qos::AtMostOnce {
            counters.unacknowledged += messages;
        }
        counters.tally.messages.sent += messages;
        counters.tally.messages.sent_bytes += (out.bytes.len() - start) as u64;
        if out.unassigned() > ASSIGN_BYTES {
            let local = publisher.member;
            self.assign(local, now, out);
        }
        sent
    }

    /// Writes a message that was sent before.
    fn write_again(&mut self, at: usize, message: &Outgoing, out: &mut Out) {
        let publisher = &mut self.publishers[at];
        let form = self.groups[usize::from(publisher.group)].form.as_ref();
        if let Some(form) = form {
            let (run, seed) = (self.run.0, self.plan.seed);
            let ink = Ink {
                filler: &self.filler,
                run,
                seed,
            };
            publisher.write(form, ink, message, &mut out.bytes);
        }
    }

    /// Sets the head of a message whose topic is its own.
    fn write_head(&mut self, at: usize, sequence: u32) {
        let plan = Arc::clone(&self.plan);
        let publisher = &self.publishers[at];
        let group = usize::from(publisher.group);
        let mut place = self.place(publisher.member);
        place.sequence = sequence;
        if let Some(publishing) = &plan.groups[group].publish {
            let head = Head::new(publishing, &place, self.groups[group].version);
            self.publishers[at].head = head;
        }
    }

    /// The bytes that were written since the last call are for a member.
    #[inline]
    pub(super) fn assign(&mut self, local: u32, now: Instant, out: &mut Out) {
        let (client, _) = self.number(local);
        let bytes = out.assign(client);
        if bytes == 0 {
            return;
        }
        let member = &mut self.members[local as usize];
        member.last_sent = now;
        member.queued = member
            .queued
            .saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    /// Lets those send that may be able to.
    pub(super) fn send_listed(&mut self, now: Instant, out: &mut Out) {
        let mut listed = core::mem::take(&mut self.listed);
        for &at in &listed {
            let at = at as usize;
            let local = self.publishers[at].member;
            self.publishers[at].is_listed = false;
            self.send_owed(at, now, out);
            self.send_clears(at, now, out);
            self.fill_window(at, now, out);
            self.assign(local, now, out);
        }
        listed.clear();
        // Nothing was listed meanwhile: sending lists nobody.
        self.listed = listed;
    }

    /// Sends what fits in the window of a publisher.
    fn fill_window(&mut self, at: usize, now: Instant, out: &mut Out) {
        let group = &self.groups[usize::from(self.publishers[at].group)];
        let Some(form) = group.form.as_ref().filter(|_| group.publishing) else {
            return;
        };
        let (limit, alone) = (form.limit, form.has_sequence);
        while self.can_send(at) {
            let publisher = &self.publishers[at];
            let window = publisher.window.as_ref().map_or(0, |window| window.room());
            let left = limit.saturating_sub(publisher.sequence);
            let outflow = publisher
                .outflow
                .as_ref()
                .map_or(u32::from(publisher.receive_maximum), |outflow| {
                    outflow.room(publisher.receive_maximum)
                });
            let room = window.min(left).min(outflow);
            if room == 0 {
                return;
            }
            let sent = if alone {
                self.send(at, now, now, out);
                1
            } else {
                self.send_run(at, room, now, now, out)
            };
            if sent == 0 {
                return;
            }
            self.counters.tally.messages.scheduled += u64::from(sent);
        }
    }

    fn send_owed(&mut self, at: usize, now: Instant, out: &mut Out) {
        while self.publishers[at].owes() > 0 && self.can_send(at) {
            let due = self.publishers[at].owed.pop_front();
            if let Some(due) = due {
                self.counters.owed -= 1;
                self.send(at, due, now, out);
            }
        }
        if self.publishers[at].owes() == 0 {
            // Mostly it will stay empty for long.
            self.publishers[at].owed = VecDeque::new();
        }
    }

    /// What a publisher learns from CONNACK.
    pub(super) fn prepare_publisher(&mut self, at: u32, receive_maximum: u16, takes_aliases: bool) {
        let plan = Arc::clone(&self.plan);
        let publisher = &self.publishers[at as usize];
        let group = usize::from(publisher.group);
        let place = self.place(publisher.member);
        let version = self.groups[group].version;
        let publishing = plan.groups[group].publish.as_ref();
        let aliased = publishing.filter(|publishing| publishing.alias && takes_aliases);
        let alias = aliased.map(|publishing| Box::new(Alias::new(publishing, &place, version)));
        let publisher = &mut self.publishers[at as usize];
        publisher.receive_maximum = receive_maximum;
        publisher.alias = alias;
    }

    /// Sends again what the former connection left, oldest first.
    ///
    /// # Specification
    ///
    /// \[v5 4.4.0-1\], \[v311 4.4.0-1\].
    pub(super) fn send_again(&mut self, at: u32, now: Instant, out: &mut Out) {
        let at = at as usize;
        let Some(outflow) = &self.publishers[at].outflow else {
            return;
        };
        let version = self.groups[usize::from(self.publishers[at].group)].version;
        for sent in outflow.iter().collect::<Vec<_>>() {
            let packet_id = sent.packet_id();
            if sent.waits_for == WaitsFor::Pubcomp {
                let reason = ReasonCode::Success;
                encode_ack(AckKind::Pubrel, packet_id, reason, version, &mut out.bytes);
                continue;
            }
            let message = Outgoing {
                sequence: sent.sequence,
                intended: sent.intended,
                sent: sent.at,
                packet_id: Some(packet_id),
                dup: true,
            };
            let form = self.groups[usize::from(self.publishers[at].group)]
                .form
                .as_ref();
            if form.is_some_and(|form| form.has_sequence) {
                self.write_head(at, sent.sequence);
            }
            self.write_again(at, &message, out);
            self.has_resent = true;
        }
        let local = self.publishers[at].member;
        self.assign(local, now, out);
    }

    /// Publishers of the group remove what is retained of theirs.
    pub(super) fn begin_clearing(&mut self, group: u16) {
        let state = &self.groups[usize::from(group)];
        let Some(form) = &state.form else {
            return;
        };
        let has_sequence = form.has_sequence;
        let own = state.publishers..state.publishers + state.share;
        for at in own {
            let publisher = &mut self.publishers[at as usize];
            if self.members[publisher.member as usize].phase == Phase::Ready {
                publisher.clears = if has_sequence { publisher.sequence } else { 1 };
                self.counters.clears += u64::from(publisher.clears);
                self.list(at as usize);
            }
        }
    }

    /// Sends empty retained messages of QoS 0, one for each topic.
    fn send_clears(&mut self, at: usize, now: Instant, out: &mut Out) {
        while self.publishers[at].clears > 0 && self.can_send(at) {
            let publisher = &mut self.publishers[at];
            publisher.clears -= 1;
            let (sequence, local) = (publisher.clears, publisher.member);
            self.counters.clears -= 1;
            let group = &self.groups[usize::from(self.publishers[at].group)];
            let version = group.version;
            if group.form.as_ref().is_some_and(|form| form.has_sequence) {
                self.write_head(at, sequence);
            }
            self.publishers[at]
                .head
                .write_empty(version, &mut out.bytes);
            self.assign(local, now, out);
        }
    }
}
