//! How much longer than asked a sleep lasts, so that the next one can be asked to be shorter.

use std::time::Duration;

use wire_message::Instant;

use crate::limits::OVERSLEEP_MAX;

/// Share of a longer oversleep that is believed at once: waking up takes the same time again and again,
/// and what comes on top comes from others who want the processor.
const BELIEF: u32 = 64;

/// What waking up usually takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Oversleep(Duration);

impl Oversleep {
    /// What waking up usually takes.
    pub(super) fn usual(self) -> Duration {
        self.0
    }

    /// A sleep that should have lasted until `end` was over at `now`; one that ended early, because
    /// something happened, teaches nothing.
    pub(super) fn learn(&mut self, end: Instant, now: Instant) {
        if now < end {
            return;
        }
        let over = now.since(end).min(OVERSLEEP_MAX);
        if over < self.0 {
            self.0 = over;
        } else {
            self.0 += over.saturating_sub(self.0) / BELIEF;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_oversleep_is_learnt_and_a_rare_one_hardly_matters() {
        let mut oversleep = Oversleep::default();
        let end = Instant::from_secs(1);
        let micros = Duration::from_micros;
        for _ in 0..1000 {
            oversleep.learn(end, end + micros(20));
        }
        let learnt = oversleep.usual();
        assert!((micros(19)..=micros(20)).contains(&learnt), "{learnt:?}");
        oversleep.learn(end, end + micros(9000));
        assert!(oversleep.usual() < micros(21));
        oversleep.learn(end, end - micros(500));
        assert!(oversleep.usual() >= learnt);
        oversleep.learn(end, end + micros(7));
        assert_eq!(oversleep.usual(), micros(7));
    }
}
