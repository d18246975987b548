//! Numbers that name what is stored, each given once.

use wire_message::{SHARDS_MAX, ShardId};

/// Names a session, a message or a delayed message; no two things ever stored share one.
///
/// Also orders: of two numbers that one shard gave, the later is larger, and every number is larger
/// than all that were stored when the process started. So the numbers of a session's entries are
/// their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(pub u64);

/// Gives numbers to what one shard stores.
///
/// Shards take turns: a shard's numbers are those that leave its own number when divided by
/// [`SHARDS_MAX`]. They last for 2^56 things.
#[derive(Clone, Copy, Debug)]
pub struct Numbers(u64);

const STEP: u64 = SHARDS_MAX as u64;

impl Numbers {
    /// The numbers of `shard`, none of them below `first`, which the store gave when it opened.
    #[must_use]
    pub const fn new(first: Number, shard: ShardId) -> Self {
        Self(first.0.div_ceil(STEP) * STEP + shard.0 as u64)
    }

    /// The next number.
    pub const fn take(&mut self) -> Number {
        let number = Number(self.0);
        self.0 += STEP;
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_shards_differ_and_none_is_below_the_first() {
        for first in [0, 1, 255, 256, 257, 1 << 40] {
            let mut seen = std::collections::BTreeSet::new();
            for shard in [0, 1, 7, 255] {
                let mut numbers = Numbers::new(Number(first), ShardId(shard));
                let mut last = None;
                for _ in 0..100 {
                    let number = numbers.take();
                    assert!(number.0 >= first && Some(number) > last);
                    assert!(seen.insert(number), "{number:?} was given twice");
                    last = Some(number);
                }
            }
        }
    }
}
