//! What one shard tells another: answers, and how far it is durable what the other sent.

use rtrb::{Consumer, Producer, RingBuffer};
use shard_engine::Answer;
use shard_engine::limits::REQUESTS_PER_PEER_MAX;

/// What goes through the ring.
#[derive(Debug)]
pub(crate) enum Told {
    /// To a question of the receiver's.
    Answer(Answer),
    /// What the receiver's entries up to this one had the sender write is durable.
    Durable(u64),
}

/// Slots of the ring. As many as there may be answers are kept for those, so that what is durable
/// never takes the room of an answer.
const SLOTS: usize = 2 * REQUESTS_PER_PEER_MAX;

/// The sending end.
#[derive(Debug)]
pub(crate) struct Teller {
    ring: Producer<Told>,
    /// What is durable and found no room; the last says it all.
    waiting: Option<u64>,
}

/// A ring, empty.
pub(crate) fn ring() -> (Teller, Consumer<Told>) {
    let (ring, consumer) = RingBuffer::new(SLOTS);
    let waiting = None;
    (Teller { ring, waiting }, consumer)
}

impl Teller {
    pub(crate) fn answer(&mut self, answer: Answer) {
        assert!(
            self.ring.push(Told::Answer(answer)).is_ok(),
            "a shard asks no more than fits"
        );
    }

    /// Tells that entries up to `through` are durable, as [`Self::tell_waiting`] does.
    pub(crate) fn durable(&mut self, through: u64) -> bool {
        self.waiting = Some(through);
        self.tell_waiting()
    }

    /// Tells what is durable if there is room; whether something was told.
    pub(crate) fn tell_waiting(&mut self) -> bool {
        let Some(through) = self.waiting else {
            return false;
        };
        if self.ring.slots() <= REQUESTS_PER_PEER_MAX {
            return false;
        }
        // There is room, and nobody else pushes.
        _ = self.ring.push(Told::Durable(through));
        self.waiting = None;
        true
    }

    /// Whether something waits for room that there may be one day.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.is_some() && !self.ring.is_abandoned()
    }
}

#[cfg(test)]
mod tests {
    use shard_engine::RequestId;

    use super::*;

    fn answer(id: u32) -> Answer {
        Answer::Known(RequestId(id))
    }

    #[test]
    fn what_is_durable_leaves_room_for_all_answers() {
        let (mut teller, mut told) = ring();
        let mut durable = 0;
        while teller.durable(durable) {
            durable += 1;
            assert!(durable < 10_000, "the ring has an end");
        }
        assert!(teller.is_waiting());
        for id in 0..u32::try_from(REQUESTS_PER_PEER_MAX).unwrap() {
            teller.answer(answer(id));
        }
        for expected in 0..durable {
            assert!(matches!(told.pop(), Ok(Told::Durable(through)) if through == expected));
        }
        assert!(
            !teller.tell_waiting(),
            "no more room is left than answers may need"
        );
        assert!(matches!(told.pop(), Ok(Told::Answer(_))));
        assert!(teller.tell_waiting() && !teller.is_waiting());
        let last = core::iter::from_fn(|| told.pop().ok()).last();
        assert!(matches!(last, Some(Told::Durable(through)) if through == durable));
    }

    #[test]
    fn of_what_found_no_room_only_the_last_is_told() {
        let (mut teller, mut told) = ring();
        while teller.durable(1) {}
        assert!(!teller.durable(2) && !teller.durable(3));
        while told.pop().is_ok() {}
        assert!(teller.tell_waiting() && !teller.tell_waiting());
        assert!(matches!(told.pop(), Ok(Told::Durable(3))));
        assert!(told.pop().is_err());
    }

    #[test]
    fn nothing_waits_for_a_shard_that_has_ended() {
        let (mut teller, told) = ring();
        while teller.durable(1) {}
        assert!(teller.is_waiting());
        drop(told);
        assert!(!teller.is_waiting());
    }
}
