//! One hierarchical timing wheel.

mod level;
#[cfg(test)]
mod tests;

use level::{Level, SLOT_BITS, SLOTS};
use wire_message::Instant;

/// A tick is 2^23 ns, 8.4 ms: near the 10 ms wanted, and a shift instead of a division.
const TICK_BITS: u32 = 23;

/// Five levels of 256 slots reach 2^40 ticks: 292 years of the process's clock.
const LEVELS: usize = 5;

const TICK_MAX: u64 = (1 << (SLOT_BITS * 5)) - 1;

/// An appointment, 16 bytes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    tick: u64,
    token: u64,
}

const _: () = assert!(size_of::<Entry>() == 16);

/// Appointments of one shard: a token comes back when its time has come.
///
/// A tick is 8.4 ms (2^23 ns): a token never comes early, and at most one tick late if it is asked
/// for in time. Scheduling, and each token that comes back, cost O(1) amortised: a token is moved
/// at most once for each of the four upper levels (2.1 s, 9.2 min, 39 h, 1.1 years a slot).
/// Tokens come in order of their tick; those of one tick in any, though repeatable, order.
///
/// There is no cancel. An owner keeps the true time and, when an entry comes early for it,
/// schedules the rest; a keep-alive therefore costs nothing per packet.
///
/// An entry takes 16 bytes, 17 with its share of the block that holds it.
#[derive(Debug)]
pub struct Wheel {
    levels: [Level; LEVELS],
    /// Everything before this tick has been given out.
    current: u64,
    /// The upper level whose current slot is being spread over the lower ones; 0 if none is.
    spreading: usize,
    len: usize,
    spare: Vec<Vec<Entry>>,
}

impl Wheel {
    /// A wheel without appointments that has come to `now`.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            levels: core::array::from_fn(|_| Level::new()),
            current: (now.as_nanos() >> TICK_BITS).min(TICK_MAX),
            spreading: 0,
            len: 0,
            spare: Vec::new(),
        }
    }

    /// Number of appointments.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no appointment.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Asks for `token` to come back at `at`, or at once if that is past.
    ///
    /// Times later than 292 years after the clock's start count as that.
    pub fn schedule(&mut self, at: Instant, token: u64) {
        let tick = at
            .as_nanos()
            .div_ceil(1 << TICK_BITS)
            .clamp(self.current, TICK_MAX);
        self.place(Entry { tick, token });
        self.len += 1;
    }

    /// The next token that is due at `now`, or `None` if none is or `budget` has come to zero.
    ///
    /// A token costs 1 of the budget; so does each entry that moves to a lower level on the way,
    /// so that a turn's work is bounded however many entries stand together. What is left over is
    /// due at once: [`Wheel::next_due`] says so. The caller may schedule between two calls.
    pub fn poll(&mut self, now: Instant, budget: &mut usize) -> Option<u64> {
        let now = now.as_nanos() >> TICK_BITS;
        while *budget > 0 {
            let slot = slot_of(self.current, 0);
            if self.current <= now
                && let Some(entry) = self.levels[0].pop(slot, &mut self.spare)
            {
                *budget -= 1;
                self.len -= 1;
                return Some(entry.token);
            }
            if self.spreading > 0 {
                *budget -= 1;
                self.spread_one();
                continue;
            }
            match self.next_slot() {
                Some((level, tick)) if tick <= now => {
                    self.current = tick;
                    self.spreading = level;
                }
                Some(_) | None => {
                    // No slot starts in between, so nothing has to move.
                    self.current = self.current.max(now.min(TICK_MAX));
                    return None;
                }
            }
        }
        None
    }

    /// When to call [`Wheel::poll`] next; `None` if there is no appointment.
    ///
    /// Never later than the next token is due. It may be earlier, when entries must move to a lower
    /// level first: once for every 2.1 s in which nothing is due, at most.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        let tick = if self.spreading > 0 || !self.levels[0].is_slot_empty(slot_of(self.current, 0))
        {
            self.current
        } else {
            self.next_slot()?.1
        };
        Some(Instant::from_nanos(tick << TICK_BITS))
    }

    /// Moves one entry of the slot being spread to the level where it belongs now.
    fn spread_one(&mut self) {
        let level = self.spreading;
        let slot = slot_of(self.current, level);
        match self.levels[level].pop(slot, &mut self.spare) {
            Some(entry) => self.place(entry),
            None => self.spreading = 0,
        }
    }

    /// Puts an entry on the lowest level that can tell it from the current tick.
    fn place(&mut self, entry: Entry) {
        let differing = (entry.tick ^ self.current) | 1;
        let level = (differing.ilog2() / SLOT_BITS) as usize;
        self.levels[level].push(slot_of(entry.tick, level), entry, &mut self.spare);
    }

    /// The next slot in use after the current ones, and the tick at which it starts.
    fn next_slot(&self) -> Option<(usize, u64)> {
        // A level's slots all lie within one slot of the level above: the lowest level comes first.
        self.levels.iter().enumerate().find_map(|(number, level)| {
            let slot = level.next_after(slot_of(self.current, number))?;
            let shift = SLOT_BITS * u32::try_from(number).expect("there are five levels");
            let above = self.current >> shift >> SLOT_BITS << SLOT_BITS;
            Some((number, (above | slot as u64) << shift))
        })
    }
}

/// A level's slot number is one byte of the tick.
const fn slot_of(tick: u64, level: usize) -> usize {
    tick.to_le_bytes()[level] as usize
}

const _: () = assert!(SLOTS == 1 << u8::BITS, "a byte of the tick names a slot");
