//! A message arrives: it is checked, measured, and confirmed to its publisher's window.

use loadgen_plan::{Place, topic_mark};
use wire_message::{Instant, Qos};
use wire_mqtt::PlainPublish;

use super::Crew;
use super::group::{GroupState, Source};
use super::member::Flags;
use super::publisher::correlation;
use super::streak::{Origin, Streak};
use crate::checker::{Checker, Sighting};
use crate::stamp::{Stamp, WILL};

/// Of messages with topics of their own, one in so many is compared with its topic.
const TOPICS_APART: u32 = 64;

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) topic: &'a [u8],
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
    pub(super) const fn plain(plain: &PlainPublish<'a>, bytes: u32) -> Self {
        Self {
            topic: plain.topic,
            payload: plain.payload,
            bytes,
            qos: plain.qos,
            dup: false,
            retain: false,
            correlation: None,
        }
    }
}

impl Crew {
    /// Takes a message; whether it is to be answered if it is a request: it was whole, of this run,
    /// and came for the first time, or again because the first answer may be lost.
    #[inline]
    pub(super) fn deliver<'a>(
        &mut self,
        local: u32,
        arrival: &Arrival<'a>,
        streak: &mut Streak<'a>,
        now: Instant,
    ) -> bool {
        let stamp = self.filler.read(arrival.payload, self.run.0);
        if let Some(stamp) = &stamp
            && self.continue_streak(streak, arrival, stamp)
        {
            return true;
        }
        self.end_streak(streak, now);
        let messages = &mut self.counters.tally.messages;
        messages.delivered += 1;
        messages.delivered_bytes += u64::from(arrival.bytes);
        let Some(stamp) = stamp else {
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
                if self.audience.topic_mark(stamp.stream) != topic_mark(arrival.topic)
                    && !self.has_own_topic(arrival, &stamp)
                {
                    self.misrouted(local, arrival, &stamp);
                    return false;
                }
                let is_first = if watch.is_count {
                    self.count(local, at, arrival, &stamp)
                } else {
                    self.check(local, at, arrival, &stamp)
                };
                if is_first && let Some(origin) = self.origin(local, at, stamp.stream) {
                    self.check_qos(
                        local,
                        arrival,
                        &origin,
                        (watch.qos, watch.is_shared),
                        &stamp,
                    );
                    self.arrived(&origin, &stamp, 1, now);
                    if !watch.is_count && !arrival.dup {
                        streak.begin(arrival, &stamp, origin);
                    }
                }
                is_first || arrival.dup
            }
            _ => self.deliver_other(local, arrival, &stamp, now),
        }
    }

    /// Whether a message came under the topic that is its own; one in 64 is looked at.
    #[cold]
    fn has_own_topic(&self, arrival: &Arrival<'_>, stamp: &Stamp) -> bool {
        if self.audience.topic_mark(stamp.stream) != 0 {
            return false;
        }
        if !stamp.sequence.is_multiple_of(TOPICS_APART) {
            return true;
        }
        let Some((group, index)) = self.plan.find_stream(stamp.stream) else {
            return false;
        };
        let group = &self.plan.groups[usize::from(group)];
        let place = Place {
            index,
            number: group.first + index,
            run: self.run,
            seed: self.plan.seed,
            sequence: stamp.sequence,
        };
        let topic = group.publish.as_ref().map(|of| of.topic.text(&place));
        topic.is_some_and(|topic| topic.as_bytes() == arrival.topic)
    }

    /// Notes a message that came under another topic than it was published to.
    #[cold]
    fn misrouted(&mut self, local: u32, arrival: &Arrival<'_>, stamp: &Stamp) {
        let (client, _) = self.number(local);
        let topic = String::from_utf8_lossy(arrival.topic);
        let Stamp {
            stream, sequence, ..
        } = stamp;
        let what = format!("message {sequence} of stream {stream} under the topic {topic:.80}");
        self.checker.stray(client, &what);
    }

    /// Notes a message that came with another QoS than was asked for.
    #[cold]
    fn downgraded(&mut self, local: u32, arrival: &Arrival<'_>, asked: Qos, stamp: &Stamp) {
        let (client, _) = self.number(local);
        let Stamp {
            stream, sequence, ..
        } = stamp;
        let (got, asked) = (arrival.qos.bits(), asked.bits());
        let what = format!("message {sequence} of stream {stream} with QoS {got}, not {asked}");
        self.checker.downgraded(client, &what, 1);
    }

    /// Checks a message of a stream that has an order; whether it is the first copy.
    #[inline]
    fn check(&mut self, local: u32, at: u32, arrival: &Arrival<'_>, stamp: &Stamp) -> bool {
        let epoch = self.members[local as usize].epoch;
        self.checker.is_next(at, stamp.sequence, epoch)
            || self.check_unusual(local, at, arrival, stamp)
    }

    /// Notes a message of a stream without an order; whether it is the first copy.
    #[inline]
    fn count(&mut self, local: u32, at: u32, arrival: &Arrival<'_>, stamp: &Stamp) -> bool {
        let is_first = self.checker.count(at, stamp.sequence);
        if !is_first && let Some(sighting) = self.sighting(local, arrival, stamp) {
            self.checker.came_again(&sighting);
        }
        is_first
    }

    /// Checks a message that is not the next one of its stream.
    #[cold]
    fn check_unusual(&mut self, local: u32, at: u32, arrival: &Arrival<'_>, stamp: &Stamp) -> bool {
        let sighting = self.sighting(local, arrival, stamp);
        sighting.is_some_and(|sighting| self.checker.check_unusual(at, &sighting))
    }

    /// A message as the checker must know it; nothing if it does not count at all.
    #[cold]
    fn sighting(&self, local: u32, arrival: &Arrival<'_>, stamp: &Stamp) -> Option<Sighting> {
        let member = &self.members[local as usize];
        let group = &self.groups[usize::from(member.group)];
        let (client, _) = self.number(local);
        let (source, _) = self.source(stamp.stream)?;
        let publishers = &self.groups[usize::from(source.group)];
        let form = publishers.form.as_ref()?;
        // A stored copy, which a new subscription gets beside those that it waits for.
        if arrival.retain && form.retain && !form.has_sequence {
            return None;
        }
        let once = [arrival.qos, form.qos].contains(&Qos::AtLeastOnce);
        let kept = group.keeps_session && arrival.qos != Qos::AtMostOnce;
        Some(Sighting {
            client,
            stream: stamp.stream,
            sequence: stamp.sequence,
            epoch: member.epoch,
            may_repeat: once && (arrival.dup || self.may_be_resent(publishers)),
            dup: arrival.dup,
            ordered: true,
            forgetful: !kept || member.flags.has(Flags::LATE),
        })
    }

    /// Whether a connection was lost since messages go, so that those of QoS 1 may come again
    /// unmarked: from the publisher, to another of a shared group, or as a second answer.
    fn may_be_resent(&self, publishers: &GroupState) -> bool {
        // What happened to clients of other workers is not known here.
        let elsewhere = self.worker.count > 1
            && (publishers.keeps_session || self.plan.groups.iter().any(|of| of.churn.is_some()));
        self.has_departed || self.has_resent || elsewhere
    }

    /// Checks an answer; whether it is the first one.
    fn check_answer(&mut self, local: u32, at: u32, arrival: &Arrival<'_>, stamp: &Stamp) -> bool {
        let epoch = self.members[local as usize].epoch;
        if self.checker.is_next(at, stamp.sequence, epoch) {
            return true;
        }
        let Some(sighting) = self.sighting(local, arrival, stamp) else {
            return false;
        };
        // Those of a shared group answer without regard to each other.
        let mut ids = self.audience.of_stream(stamp.stream).iter();
        let ordered = ids.all(|id| !self.audience.entry(*id).shared);
        let sighting = Sighting {
            ordered,
            forgetful: false,
            ..sighting
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
                if publisher.answer_mark != topic_mark(arrival.topic) {
                    self.misrouted(local, arrival, stamp);
                    return false;
                }
                if arrival.correlation != Some(&expected) {
                    self.checker.corrupt(client, arrival.payload.len());
                    return false;
                }
                let is_first = if let Some(at) = publisher.answer_at {
                    self.check_answer(local, at, arrival, stamp)
                } else {
                    publisher.answers += 1;
                    true
                };
                if is_first && let Some(origin) = self.origin(local, 0, stamp.stream) {
                    self.arrived(&origin, stamp, 1, now);
                }
                return is_first;
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

    /// Notes a first copy that came with another QoS than it should; `asked` is the highest QoS that
    /// its subscription asked for, and whether that is one of a shared group.
    #[inline]
    fn check_qos(
        &mut self,
        local: u32,
        arrival: &Arrival<'_>,
        origin: &Origin,
        asked: (Qos, bool),
        stamp: &Stamp,
    ) {
        let (highest, is_shared) = asked;
        // [v5 3.8.4-8]; members of a shared group may have asked for more than the least of them.
        let asked = origin.source.qos.min(highest);
        if arrival.qos != asked && (arrival.qos < asked || !is_shared) {
            self.downgraded(local, arrival, asked, stamp);
        }
    }

    /// Where a message of `stream` comes from that the client notes at `at`.
    #[inline]
    fn origin(&self, local: u32, at: u32, stream: u32) -> Option<Origin> {
        let (source, index) = self.source(stream)?;
        let member = &self.members[local as usize];
        let is_measured = member.flags.has(Flags::MEASURED);
        Some(Origin {
            source,
            index,
            at,
            epoch: member.epoch,
            asked_at: is_measured.then_some(member.asked_at),
        })
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
