//! Sets of numbers that mostly stand in a row.

/// Numbers in increasing order, as runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamSet {
    /// The first run stands here, because mostly it is the only one.
    first: Run,
    more: Vec<Run>,
}

/// Numbers in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Run {
    start: u32,
    len: u32,
    /// Numbers of the set below `start`.
    before: u32,
}

impl StreamSet {
    /// Adds `len` numbers from `start` on; whether none of them is below one that was added.
    #[must_use]
    pub(crate) fn push(&mut self, start: u32, len: u32) -> bool {
        let last = self.more.last_mut().unwrap_or(&mut self.first);
        if last.len == 0 {
            *last = Run {
                start,
                len,
                before: 0,
            };
            return true;
        }
        let end = last.start + last.len;
        let before = last.before + last.len;
        match start {
            _ if start < end => return false,
            _ if start == end => last.len += len,
            _ => self.more.push(Run { start, len, before }),
        }
        true
    }

    /// How many numbers there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        let last = self.more.last().unwrap_or(&self.first);
        last.before + last.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.len == 0
    }

    /// How many numbers of the set are below `number`, if it is in the set.
    #[must_use]
    #[inline]
    pub fn rank(&self, number: u32) -> Option<u32> {
        let offset = number.wrapping_sub(self.first.start);
        if offset < self.first.len {
            return Some(offset);
        }
        if self.more.is_empty() {
            return None;
        }
        let at = self.more.partition_point(|run| run.start <= number);
        let run = self.more.get(at.checked_sub(1)?)?;
        let offset = number - run.start;
        (offset < run.len).then_some(run.before + offset)
    }

    /// The only run, as start and length, if there is no second one.
    #[must_use]
    pub fn single_run(&self) -> Option<(u32, u32)> {
        self.more
            .is_empty()
            .then_some((self.first.start, self.first.len))
    }

    /// The numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.runs().flat_map(|(start, len)| start..start + len)
    }

    /// The runs, as start and length, in order.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let runs = core::iter::once(&self.first).chain(&self.more);
        runs.map(|run| (run.start, run.len))
    }

    /// The smallest number that is in both sets.
    pub(crate) fn first_in_both(&self, other: &Self) -> Option<u32> {
        let (mut left, mut right) = (self.runs().peekable(), other.runs().peekable());
        loop {
            let (&(a, a_len), &(b, b_len)) = (left.peek()?, right.peek()?);
            let start = a.max(b);
            let (a_end, b_end) = (a + a_len, b + b_len);
            if start < a_end.min(b_end) {
                return Some(start);
            }
            if a_end <= b_end {
                left.next();
            } else {
                right.next();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set(numbers: &BTreeSet<u32>) -> StreamSet {
        let mut set = StreamSet::default();
        for &number in numbers {
            assert!(set.push(number, 1), "in order");
        }
        set
    }

    proptest! {
        #[test]
        fn a_set_of_runs_is_a_set(
            left in prop::collection::btree_set(0..60_u32, 0..40),
            right in prop::collection::btree_set(0..60_u32, 0..40),
        ) {
            let (ours, theirs) = (set(&left), set(&right));
            prop_assert_eq!(ours.len() as usize, left.len());
            prop_assert_eq!(&ours.iter().collect::<BTreeSet<_>>(), &left);
            for number in 0..61 {
                let rank = left.iter().position(|&other| other == number);
                prop_assert_eq!(ours.rank(number).map(|rank| rank as usize), rank);
            }
            prop_assert_eq!(ours.first_in_both(&theirs), left.intersection(&right).next().copied());
        }
    }

    #[test]
    fn numbers_out_of_order_are_refused() {
        let mut set = StreamSet::default();
        assert!(set.push(5, 3) && !set.push(7, 1) && !set.push(0, 1) && set.push(8, 1));
        assert_eq!(set.single_run(), Some((5, 4)));
    }
}
