//! A message arrives: it is checked, measured, and confirmed to its publisher's window.

use wire_message::{Instant, Qos};

use super::Crew;
use super::group::Source;
use super::member::Flags;
use super::publisher::correlation;
use crate::checker::{Checker, Sighting};
use crate::stamp::{Stamp, WILL};

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) payload: &'a [u8],
    /// Bytes of the packet.
    pub(super) bytes: u32,
    pub(super) qos: Qos,
    pub(super) dup: bool,
    pub(super) retain: bool,
    pub(super) correlation: Option<&'a [u8]>,
}

impl<'a> Arrival<'a> {
    /// A message with nothing but topic and payload.
    #[inline]
    pub(super) const fn plain(payload: &'a [u8], bytes: u32, qos: Qos) -> Self {
        Self {
            payload,
            bytes,
            qos,
            dup: false,
            retain: false,
            correlation: None,
        }
    }
}

impl Crew {
    /// Takes a message; whether it was whole and of this run.
    #[inline]
    pub(super) fn deliver(&mut self, local: u32, arrival: &Arrival<'_>, now: Instant) -> bool {
        let messages = &mut self.counters.tally.messages;
        messages.delivered += 1;
        messages.delivered_bytes += u64::from(arrival.bytes);
        let Some(stamp) = self.filler.read(arrival.payload, self.run.0) else {
            let (client, _) = self.number(local);
            self.checker.corrupt(client, arrival.payload.len());
            return false;
        };
        let end = self.members[local as usize].watches_end;
        let start = (local as usize)
            .checked_sub(1)
            .map_or(0, |at| self.members[at].watches_end);
        let watches = &self.watches[start as usize..end as usize];
        match Checker::find(watches, stamp.stream, &self.audience) {
            Some((watch, at)) if stamp.run == self.run.0 => {
                if watch.is_count {
                    self.checker.count(at, stamp.sequence);
                    self.arrived(local, &stamp, now);
                } else if self.check(local, at, arrival, &stamp) {
                    self.arrived(local, &stamp, now);
                }
                true
            }
            _ => self.deliver_other(local, arrival, &stamp, now),
        }
    }

    /// Checks a message of a stream that has an order; whether it is the first copy.
    #[inline]
    fn check(&mut self, local: u32, at: u32, arrival: &Arrival<'_>, stamp: &Stamp) -> bool {
        let epoch = self.members[local as usize].epoch;
        self.checker.is_next(at, stamp.sequence, epoch)
            || self.check_unusual(local, at, arrival, stamp)
    }

    /// Checks a message that is not the next one of its stream.
    #[cold]
    fn check_unusual(&mut self, local: u32, at: u32, arrival: &Arrival<'_>, stamp: &Stamp) -> bool {
        let member = &self.members[local as usize];
        let group = &self.groups[usize::from(member.group)];
        let (client, _) = self.number(local);
        let source = self.source(stamp.stream);
        let form =
            source.and_then(|(source, _)| self.groups[usize::from(source.group)].form.as_ref());
        let Some(form) = form else {
            return false;
        };
        // A stored copy, which a new subscription gets beside those that it waits for.
        if arrival.retain && form.retain {
            return false;
        }
        let once = [arrival.qos, form.qos].contains(&Qos::AtLeastOnce);
        let kept = group.keeps_session && arrival.qos != Qos::AtMostOnce;
        let sighting = Sighting {
            client,
            stream: stamp.stream,
            sequence: stamp.sequence,
            epoch: member.epoch,
            at_least_once: once,
            dup: arrival.dup,
            forgetful: !kept || member.flags.has(Flags::LATE),
        };
        self.checker.check_unusual(at, &sighting)
    }

    /// A message that no subscription of the client explains: an answer, a will, or a stray.
    #[cold]
    fn deliver_other(
        &mut self,
        local: u32,
        arrival: &Arrival<'_>,
        stamp: &Stamp,
        now: Instant,
    ) -> bool {
        let (client, _) = self.number(local);
        if stamp.run != self.run.0 {
            // What an earlier run left at the broker is nobody's fault.
            if !arrival.retain {
                let what = "a message of another run; does another generator use the same topics?";
                self.checker.stray(client, what);
            }
            return false;
        }
        let publisher = self.members[local as usize].publisher;
        if let Some(at) = publisher {
            let publisher = &mut self.publishers[at as usize];
            let form = self.groups[usize::from(publisher.group)].form.as_ref();
            if publisher.stream == stamp.stream && form.is_some_and(|form| form.asks) {
                let expected = correlation(stamp.stream, stamp.sequence);
                if arrival.correlation != Some(&expected) {
                    self.checker.corrupt(client, arrival.payload.len());
                    return false;
                }
                publisher.answers += 1;
                self.arrived(local, stamp, now);
                return true;
            }
        }
        if stamp.stream & WILL != 0 && self.plan.find_client(stamp.stream & !WILL).is_some() {
            self.counters.wills += 1;
            return true;
        }
        let what = format!("message {} of stream {}", stamp.sequence, stamp.stream);
        self.checker.stray(client, &what);
        false
    }

    /// The first copy of a message is there.
    #[inline]
    fn arrived(&mut self, local: u32, stamp: &Stamp, now: Instant) {
        self.counters.delivered += 1;
        let Some((source, index)) = self.source(stamp.stream) else {
            return;
        };
        let member = &self.members[local as usize];
        if member.flags.has(Flags::MEASURED) {
            // Nothing is late before it was asked for.
            let asked_at = member.asked_at;
            let since =
                |time: Instant| now.as_nanos().saturating_sub(time.max(asked_at).as_nanos());
            let tally = self.counters.tally_of(stamp.intended.max(asked_at));
            if source.is_closed {
                tally
                    .sent
                    .saturating_record(since(stamp.sent.unwrap_or(stamp.intended)));
            } else {
                tally.intended.saturating_record(since(stamp.intended));
                if let Some(sent) = stamp.sent {
                    tally.sent.saturating_record(since(sent));
                }
            }
        }
        if source.is_closed {
            self.confirm_copy(source, index, stamp, now);
        }
    }

    /// The group that publishes a stream, and its publisher's index.
    #[inline]
    pub(super) fn source(&self, stream: u32) -> Option<(Source, u32)> {
        self.sources.iter().find_map(|source| {
            let index = stream.wrapping_sub(source.first_stream);
            (index < source.clients).then_some((*source, index))
        })
    }
}
