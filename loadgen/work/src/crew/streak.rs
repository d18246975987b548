//! Messages of one stream that arrive one behind the other: what was found out about the first of them
//! holds for the others, and what they have in common is counted once.

use wire_message::{Instant, Qos};

use super::Crew;
use super::deliver::Arrival;
use super::group::Source;
use crate::stamp::Stamp;

/// The streak that goes on among the bytes of one receipt, if there is one.
#[derive(Debug, Default)]
pub(super) struct Streak<'a>(Option<Known<'a>>);

/// What the messages of a streak have in common, and how many of them are not counted yet.
#[derive(Debug)]
struct Known<'a> {
    topic: &'a [u8],
    qos: Qos,
    stamp: Stamp,
    origin: Origin,
    /// The sequence number that comes next.
    next: u32,
    /// Messages before `next` that wait to be counted, and their bytes.
    messages: u32,
    bytes: u64,
}

/// Where a message came from, and where it is noted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin {
    pub(super) source: Source,
    /// The publisher's, in its group.
    pub(super) index: u32,
    /// The record of the stream at the client.
    pub(super) at: u32,
    /// The client's connection.
    pub(super) epoch: u16,
    /// Since when latencies of the client count; never without it.
    pub(super) asked_at: Option<Instant>,
}

impl<'a> Streak<'a> {
    /// Begins with a message that was in order and is counted.
    pub(super) fn begin(&mut self, arrival: &Arrival<'a>, stamp: &Stamp, origin: Origin) {
        self.0 = Some(Known {
            topic: arrival.topic,
            qos: arrival.qos,
            stamp: *stamp,
            origin,
            next: stamp.sequence.wrapping_add(1),
            messages: 0,
            bytes: 0,
        });
    }
}

impl Known<'_> {
    /// Whether a message is the next one and differs in nothing else.
    #[inline]
    fn is_continued_by(&self, arrival: &Arrival<'_>, stamp: &Stamp) -> bool {
        stamp.sequence == self.next
            && stamp.stream == self.stamp.stream
            && stamp.intended == self.stamp.intended
            && stamp.sent == self.stamp.sent
            && stamp.run == self.stamp.run
            && arrival.qos == self.qos
            && arrival.topic == self.topic
    }
}

impl Crew {
    /// Takes a message that continues the streak; whether it does.
    #[inline]
    pub(super) fn continue_streak(
        &mut self,
        streak: &mut Streak<'_>,
        arrival: &Arrival<'_>,
        stamp: &Stamp,
    ) -> bool {
        let Some(known) = &mut streak.0 else {
            return false;
        };
        let origin = &known.origin;
        let goes_on = known.is_continued_by(arrival, stamp)
            && self
                .checker
                .is_next(origin.at, stamp.sequence, origin.epoch);
        if goes_on {
            known.next = known.next.wrapping_add(1);
            known.messages += 1;
            known.bytes += u64::from(arrival.bytes);
        }
        goes_on
    }

    /// Counts, measures and confirms what the streak has gathered, and ends it.
    #[inline]
    pub(super) fn end_streak(&mut self, streak: &mut Streak<'_>, now: Instant) {
        let Some(known) = streak.0.take() else {
            return;
        };
        if known.messages == 0 {
            return;
        }
        let counts = &mut self.counters.tally.messages;
        counts.delivered += u64::from(known.messages);
        counts.delivered_bytes += known.bytes;
        let first = Stamp {
            sequence: known.next - known.messages,
            ..known.stamp
        };
        self.arrived(&known.origin, &first, known.messages, now);
    }

    /// Counts, measures and confirms messages that arrived for the first time: as many as `messages`
    /// from `first` on, with its times.
    #[inline]
    pub(super) fn arrived(&mut self, origin: &Origin, first: &Stamp, messages: u32, now: Instant) {
        self.counters.delivered += u64::from(messages);
        self.measure(origin, first, messages.into(), now);
        if origin.source.is_closed {
            let sequences = first.sequence..first.sequence.saturating_add(messages);
            self.confirm_copies(origin, first.stream, sequences, now);
        }
    }

    /// Records the latencies of `messages` with the times of `stamp`.
    #[inline]
    fn measure(&mut self, origin: &Origin, stamp: &Stamp, messages: u64, now: Instant) {
        let Some(asked_at) = origin.asked_at else {
            return;
        };
        // Nothing is late before it was asked for.
        let since = |time: Instant| now.as_nanos().saturating_sub(time.max(asked_at).as_nanos());
        let tally = self.counters.tally_of(stamp.intended.max(asked_at));
        if origin.source.is_closed {
            let sent = stamp.sent.unwrap_or(stamp.intended);
            tally.sent.saturating_record_n(since(sent), messages);
        } else {
            let intended = since(stamp.intended);
            tally.intended.saturating_record_n(intended, messages);
            if let Some(sent) = stamp.sent {
                tally.sent.saturating_record_n(since(sent), messages);
            }
        }
    }
}
