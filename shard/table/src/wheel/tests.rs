//! The wheel against a `BTreeMap`.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wire_message::Instant;

use super::{TICK_BITS, Wheel};

const TICK: u64 = 1 << TICK_BITS;
const YEAR: u64 = 365 * 86_400 * 1_000_000_000;

fn drain(wheel: &mut Wheel, now: Instant) -> Vec<u64> {
    let mut budget = usize::MAX;
    core::iter::from_fn(|| wheel.poll(now, &mut budget)).collect()
}

#[test]
fn what_is_past_is_due_at_once() {
    let now = Instant::from_secs(100);
    let mut wheel = Wheel::new(now);
    wheel.schedule(Instant::from_secs(1), 7);
    assert!(wheel.next_due().is_some_and(|due| due <= now));
    assert_eq!(drain(&mut wheel, now), [7]);
    assert_eq!(wheel.next_due(), None);
}

#[test]
fn the_end_of_the_clock_can_be_scheduled_and_does_not_fire_before_its_time() {
    let mut wheel = Wheel::new(Instant::ZERO);
    wheel.schedule(Instant::from_nanos(u64::MAX), 1);
    assert_eq!(drain(&mut wheel, Instant::from_nanos(290 * YEAR)), []);
    assert_eq!(drain(&mut wheel, Instant::from_nanos(u64::MAX)), [1]);
    wheel.schedule(Instant::from_nanos(u64::MAX), 2);
    assert_eq!(drain(&mut wheel, Instant::from_nanos(u64::MAX)), [2]);
}

#[test]
fn a_budget_bounds_what_moves_and_what_fires() {
    let mut wheel = Wheel::new(Instant::ZERO);
    let at = Instant::from_secs(90);
    (0..1000).for_each(|token| wheel.schedule(at, token));
    let now = Instant::from_secs(91);
    let mut fired = 0;
    let mut turns = 0;
    while !wheel.is_empty() {
        let mut budget = 100;
        while wheel.poll(now, &mut budget).is_some() {
            fired += 1;
        }
        turns += 1;
        assert!(wheel.is_empty() || wheel.next_due().is_some_and(|due| due <= now));
    }
    // Each entry moves once, from the level of 2.1 s slots, and fires once.
    assert_eq!(fired, 1000);
    assert!((20..=21).contains(&turns), "{turns}");
}

#[test]
fn a_block_of_memory_is_used_again() {
    let mut wheel = Wheel::new(Instant::ZERO);
    for second in 0..100 {
        let now = Instant::from_secs(second);
        (0..100).for_each(|token| wheel.schedule(now, token));
        assert_eq!(
            drain(&mut wheel, Instant::from_nanos(now.as_nanos() + TICK)).len(),
            100
        );
    }
    // Four blocks for the tokens, and one more while they move between levels.
    assert!(wheel.spare.len() <= 5, "{}", wheel.spare.len());
}

/// A time span: near, or as far as a few years, with all magnitudes alike.
fn span() -> impl Strategy<Value = u64> {
    (0..57_u32, any::<u64>()).prop_map(|(bits, random)| random & ((1 << bits) - 1))
}

proptest! {
    /// Every token comes once, not early, in order of ticks, and as soon as it is asked for after
    /// its tick, whatever the budget; and `next_due` never oversleeps.
    #[test]
    fn fires_like_a_sorted_map(
        steps in prop::collection::vec((prop::collection::vec(span(), 0..8), span()), 1..60),
        budget in 1..20_usize,
    ) {
        let mut now = 12_345_678_901_u64;
        let mut wheel = Wheel::new(Instant::from_nanos(now));
        let mut model: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        let mut token = 0;
        for (schedule, sleep) in steps {
            for ahead in schedule {
                token += 1;
                wheel.schedule(Instant::from_nanos(now + ahead), token);
                model.entry((now + ahead).div_ceil(TICK)).or_default().push(token);
            }
            if let (Some(due), Some(first)) = (wheel.next_due(), model.keys().next()) {
                prop_assert!(due.as_nanos() <= first * TICK);
            }
            now += sleep;
            let mut fired = Vec::new();
            loop {
                let mut left = budget;
                while let Some(token) = wheel.poll(Instant::from_nanos(now), &mut left) {
                    fired.push(token);
                }
                if left > 0 { break; }
            }
            let later = model.split_off(&(now / TICK + 1));
            let mut fired = fired.into_iter();
            for (_, mut tokens) in std::mem::replace(&mut model, later) {
                let mut together: Vec<_> = fired.by_ref().take(tokens.len()).collect();
                together.sort_unstable();
                tokens.sort_unstable();
                prop_assert_eq!(together, tokens);
            }
            prop_assert_eq!(fired.next(), None);
            prop_assert_eq!(wheel.len(), model.values().map(Vec::len).sum::<usize>());
        }
    }
}
