//! The window of a closed loop.

use core::ops::Range;

use wire_message::Instant;

/// The messages of one publisher that have not arrived everywhere.
///
/// A message is confirmed by each copy that arrives, and with QoS 1 and 2 by the broker's
/// acknowledgement; when all confirmations are there and those of its predecessors, its place is
/// free again.
#[derive(Debug)]
pub(crate) struct Window {
    /// Confirmations of the messages from `base` on; the place of a message is its sequence number
    /// modulo the length, a power of two.
    counts: Box<[u32]>,
    /// Messages that may be under way.
    size: u32,
    /// Confirmations that each message needs.
    needed: u32,
    /// The oldest message that is not confirmed.
    base: u32,
    /// The next message.
    next: u32,
    /// When the window last moved.
    moved_at: Instant,
}

impl Window {
    pub(crate) fn new(messages: u32, needed: u32) -> Self {
        Self {
            counts: vec![0; messages.next_power_of_two() as usize].into_boxed_slice(),
            size: messages,
            needed,
            base: 0,
            next: 0,
            moved_at: Instant::ZERO,
        }
    }

    /// Whether another message fits.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// How many messages fit.
    #[inline]
    pub(crate) fn room(&self) -> u32 {
        self.size - (self.next - self.base)
    }

    /// Whether messages are under way.
    pub(crate) fn is_open(&self) -> bool {
        self.base < self.next
    }

    /// Notes that the next `messages` were sent.
    pub(crate) fn sent(&mut self, messages: u32, now: Instant) {
        if self.base == self.next {
            self.moved_at = now;
        }
        self.next += messages;
    }

    /// Counts `count` confirmations of each of the messages `sequences`; whether places became free.
    #[inline]
    pub(crate) fn confirm(&mut self, sequences: Range<u32>, count: u32, now: Instant) -> bool {
        // What was given up may still come.
        let first = sequences.start.max(self.base);
        let end = sequences.end.min(self.next);
        if first >= end {
            return false;
        }
        self.moved_at = now;
        let mask = self.counts.len() - 1;
        for sequence in first..end {
            self.counts[sequence as usize & mask] += count;
        }
        let before = self.base;
        while self.base < self.next {
            let oldest = &mut self.counts[self.base as usize & mask];
            if *oldest < self.needed {
                break;
            }
            *oldest = 0;
            self.base += 1;
        }
        self.base > before
    }

    /// Whether the window has not moved since `earlier` though messages are under way.
    pub(crate) fn stands_since(&self, earlier: Instant) -> bool {
        self.is_open() && self.moved_at <= earlier
    }

    /// Gives up what is under way.
    pub(crate) fn reopen(&mut self) {
        self.counts.fill(0);
        self.base = self.next;
    }

    /// Whether nothing confirms messages, so that only the transport can close the loop.
    pub(crate) fn is_blind(&self) -> bool {
        self.needed == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_secs(9);

    #[test]
    fn a_place_is_free_when_all_copies_of_the_oldest_message_arrived() {
        let mut window = Window::new(2, 3);
        window.sent(1, NOW);
        window.sent(1, NOW);
        assert!(!window.has_room());
        assert!(!window.confirm(1..2, 3, NOW) && !window.has_room());
        assert!(!window.confirm(0..1, 2, NOW) && !window.has_room());
        assert!(window.confirm(0..1, 1, NOW));
        assert!(window.has_room() && !window.is_open());
        // The places are as good as new.
        window.sent(1, NOW);
        assert!(!window.confirm(2..3, 2, NOW) && window.confirm(2..3, 1, NOW));
    }

    #[test]
    fn a_window_has_its_size_whether_or_not_that_is_a_power_of_two() {
        for size in 1..20 {
            let mut window = Window::new(size, 1);
            for sequence in 0..100 {
                let mut sent = 0;
                while window.has_room() {
                    window.sent(1, NOW);
                    sent += 1;
                }
                assert_eq!(sent, if sequence == 0 { size } else { 1 });
                assert!(window.confirm(sequence..sequence + 1, 1, NOW));
            }
        }
    }

    #[test]
    fn a_run_of_messages_is_confirmed_as_far_as_it_is_under_way() {
        let mut window = Window::new(4, 2);
        window.sent(4, NOW);
        assert!(!window.confirm(0..4, 1, NOW) && !window.has_room());
        assert!(window.confirm(0..3, 1, NOW) && window.room() == 3);
        window.sent(1, NOW);
        // The first three are over, the last two not sent.
        assert!(window.confirm(0..7, 1, NOW) && window.room() == 3);
        assert!(window.confirm(4..5, 1, NOW) && !window.is_open());
    }

    #[test]
    fn a_window_that_stands_still_is_opened_anew_and_late_copies_do_no_harm() {
        let mut window = Window::new(1, 1);
        window.sent(1, NOW);
        assert!(window.stands_since(NOW) && !window.stands_since(Instant::from_secs(8)));
        window.reopen();
        assert!(window.has_room() && !window.stands_since(NOW));
        window.sent(1, NOW);
        assert!(!window.confirm(0..1, 1, NOW) && !window.has_room());
        assert!(!window.confirm(7..8, 1, NOW));
        assert!(window.confirm(1..2, 1, NOW));
    }
}
