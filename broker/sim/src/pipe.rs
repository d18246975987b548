//! One direction of a transport: bytes that take time and arrive in pieces of any size.

use core::time::Duration;
use std::collections::VecDeque;

use store_memory::Rng;
use wire_message::Instant;

/// Bytes on their way from a writer to a reader, in order, bounded.
#[derive(Debug)]
pub(crate) struct Pipe {
    pieces: VecDeque<(Instant, Vec<u8>)>,
    held: usize,
    capacity: usize,
    longest_delay: Duration,
    last_arrival: Instant,
    ends_at: Option<Instant>,
    reader_gone: bool,
    written: u64,
}

impl Pipe {
    /// A pipe that holds `capacity` bytes and delays each piece by up to `longest_delay`.
    pub(crate) const fn new(capacity: usize, longest_delay: Duration) -> Self {
        Self {
            pieces: VecDeque::new(),
            held: 0,
            capacity,
            longest_delay,
            last_arrival: Instant::ZERO,
            ends_at: None,
            reader_gone: false,
            written: 0,
        }
    }

    /// Takes as much of `bytes` as there is room for, sometimes less, and says how much.
    ///
    /// A pipe whose reader is gone takes everything: the kernel has not noticed yet.
    pub(crate) fn write(&mut self, bytes: &[u8], now: Instant, rng: &mut Rng) -> usize {
        let room = if self.reader_gone {
            usize::MAX
        } else {
            self.capacity - self.held
        };
        let mut size = bytes.len().min(room);
        if size > 1 && rng.chance(250) {
            size = 1 + rng.below(size);
        }
        self.written += size as u64;
        if self.reader_gone || size == 0 {
            return size;
        }
        self.last_arrival = self.last_arrival.max(now + rng.delay(self.longest_delay));
        self.pieces
            .push_back((self.last_arrival, bytes[..size].to_vec()));
        self.held += size;
        size
    }

    /// Moves up to `limit` bytes that have arrived to the end of `target`; says how many.
    pub(crate) fn read(&mut self, target: &mut Vec<u8>, limit: usize, now: Instant) -> usize {
        let mut moved = 0;
        while let Some((arrival, piece)) = self.pieces.front_mut() {
            let size = piece.len().min(limit - moved);
            if *arrival > now || size == 0 {
                break;
            }
            target.extend(piece.drain(..size));
            moved += size;
            if piece.is_empty() {
                self.pieces.pop_front();
            }
        }
        self.held -= moved;
        moved
    }

    /// The writer ends the stream; what it wrote still arrives.
    pub(crate) fn end(&mut self, now: Instant, rng: &mut Rng) {
        let arrival = self.last_arrival.max(now + rng.delay(self.longest_delay));
        self.ends_at.get_or_insert(arrival);
    }

    /// The stream breaks: what was on the way is lost, and the reader sees the end.
    pub(crate) fn break_off(&mut self, now: Instant) {
        self.leave();
        self.ends_at = Some(now);
    }

    /// The reader goes: what comes is lost.
    pub(crate) fn leave(&mut self) {
        self.pieces.clear();
        self.held = 0;
        self.reader_gone = true;
    }

    /// Whether the reader has read everything and the stream has ended.
    pub(crate) fn is_at_end(&self, now: Instant) -> bool {
        self.pieces.is_empty() && self.ends_at.is_some_and(|end| end <= now)
    }

    /// Bytes written since the start, also those that nobody reads.
    pub(crate) const fn written(&self) -> u64 {
        self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_bytes_arrive_in_order_and_the_end_after_them() {
        let mut rng = Rng::new(1);
        let mut pipe = Pipe::new(7, Duration::from_millis(3));
        let sent: Vec<u8> = (0..200).collect();
        let (mut position, mut got, mut now) = (0, Vec::new(), Instant::ZERO);
        while got.len() < sent.len() {
            position += pipe.write(&sent[position..], now, &mut rng);
            assert!(pipe.held <= 7, "more than the capacity is held");
            let limit = 1 + rng.below(5);
            pipe.read(&mut got, limit, now);
            now = now + Duration::from_micros(500);
        }
        assert_eq!(got, sent);
        pipe.end(now, &mut rng);
        assert!(pipe.is_at_end(now + Duration::from_millis(3)));
    }

    #[test]
    fn a_broken_stream_loses_what_was_on_the_way() {
        let mut rng = Rng::new(1);
        let mut pipe = Pipe::new(100, Duration::from_millis(3));
        assert!(pipe.write(b"abc", Instant::ZERO, &mut rng) > 0);
        pipe.break_off(Instant::ZERO);
        let mut got = Vec::new();
        assert!(pipe.write(b"def", Instant::ZERO, &mut rng) > 0);
        assert_eq!(pipe.read(&mut got, 10, Instant::from_secs(1)), 0);
        assert!(pipe.is_at_end(Instant::ZERO));
    }
}
