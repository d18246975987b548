//! Which messages of a stream arrived, where their order does not matter.

/// Messages of a stream whose arrival is remembered one by one; each has a bit.
///
/// Full: further ones count as they come, and duplicates among them are not told.
const SEQUENCES_MAX: u32 = 1 << 28;

/// Which messages of a stream arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    /// The first 64 messages stand here, because often there are no more.
    first: u64,
    more: Box<[u64]>,
    beyond: u32,
}

impl Bits {
    /// Notes message `sequence`; whether it is new.
    #[inline]
    pub(crate) fn insert(&mut self, sequence: u32) -> bool {
        let (at, bit) = (sequence / 64, 1 << (sequence % 64));
        let word = match at.checked_sub(1) {
            None => &mut self.first,
            Some(at) => {
                let at = at as usize;
                if at >= self.more.len() && !self.grow(at, sequence) {
                    return true;
                }
                &mut self.more[at]
            }
        };
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    #[cold]
    fn grow(&mut self, at: usize, sequence: u32) -> bool {
        if sequence >= SEQUENCES_MAX {
            self.beyond = self.beyond.saturating_add(1);
            return false;
        }
        let mut more = core::mem::take(&mut self.more).into_vec();
        more.resize((at + 1).next_power_of_two(), 0);
        self.more = more.into_boxed_slice();
        true
    }

    /// How many messages arrived.
    pub(crate) fn len(&self) -> u64 {
        let ones = |word: &u64| u64::from(word.count_ones());
        ones(&self.first) + self.more.iter().map(ones).sum::<u64>() + u64::from(self.beyond)
    }

    /// A bit for each message, without the zeros at the end.
    pub(crate) fn words(&self) -> Vec<u64> {
        let mut words = vec![self.first];
        words.extend_from_slice(&self.more);
        let end = words.iter().rposition(|word| *word != 0);
        words.truncate(end.map_or(0, |at| at + 1));
        words
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bits_are_a_set(numbers in prop::collection::vec(0..3000_u32, 0..400)) {
            let (mut bits, mut set) = (Bits::default(), BTreeSet::new());
            for number in numbers {
                prop_assert_eq!(bits.insert(number), set.insert(number));
            }
            prop_assert_eq!(bits.len(), set.len() as u64);
            let words = bits.words();
            let has = |number: &u32| {
                let word = words.get(*number as usize / 64);
                word.is_some_and(|word| word >> (number % 64) & 1 == 1)
            };
            let found = (0..3000).filter(has).collect::<BTreeSet<_>>();
            prop_assert_eq!(found, set);
            prop_assert!(words.last() != Some(&0));
        }
    }

    #[test]
    fn numbers_without_end_take_no_memory_without_end() {
        let mut bits = Bits::default();
        assert!(bits.insert(u32::MAX) && bits.insert(7));
        assert_eq!((bits.len(), bits.more.len()), (2, 0));
    }
}
