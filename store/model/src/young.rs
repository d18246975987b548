//! How many entries share the messages that were stored lately.

use std::collections::BTreeMap;

use crate::Number;

/// Numbers of holders that need no look at the disk.
///
/// A message whose receivers are all connected is acknowledged by all of them soon. Here the last
/// one is noticed, and the body goes in the same group: most bodies never leave the memory tables.
#[derive(Debug)]
pub(crate) struct Young {
    holders: BTreeMap<Number, u32>,
    max: usize,
}

/// What a release did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Released {
    /// It was the last: the body goes.
    Last,
    /// Others are left.
    Others,
    /// The message is not young: only a sweep can tell.
    Unknown,
}

impl Young {
    pub(crate) const fn new(max: usize) -> Self {
        Self {
            holders: BTreeMap::new(),
            max,
        }
    }

    pub(crate) fn stored(&mut self, number: Number, holders: u32) {
        if self.max == 0 {
            return;
        }
        if self.holders.len() >= self.max {
            self.holders.pop_first();
        }
        self.holders.insert(number, holders);
    }

    pub(crate) fn released(&mut self, number: Number) -> Released {
        let Some(holders) = self.holders.get_mut(&number) else {
            return Released::Unknown;
        };
        *holders = holders.saturating_sub(1);
        if *holders > 0 {
            return Released::Others;
        }
        self.holders.remove(&number);
        Released::Last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_holder_is_noticed_unless_the_message_was_forgotten() {
        let mut young = Young::new(2);
        young.stored(Number(1), 2);
        assert_eq!(young.released(Number(1)), Released::Others);
        assert_eq!(young.released(Number(1)), Released::Last);
        assert_eq!(young.released(Number(1)), Released::Unknown);
        for number in 2..5 {
            young.stored(Number(number), 1);
        }
        assert_eq!(young.released(Number(2)), Released::Unknown);
        assert_eq!(young.released(Number(4)), Released::Last);
    }
}
