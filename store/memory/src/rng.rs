//! The only source of chance: a seeded generator, the same on every machine.

use core::time::Duration;

/// A splitmix64 generator: small, fast, and good enough to choose events by.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator whose numbers depend on `seed` alone.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e6c_63d0_876a_46bd)
    }

    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    ///
    /// # Panics
    ///
    /// If `bound` is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let number = self.number() % bound as u64;
        usize::try_from(number).expect("smaller than a usize")
    }

    /// A number from 0 to `most`, both included.
    pub fn up_to(&mut self, most: usize) -> usize {
        let number = u128::from(self.number()) % (most as u128 + 1);
        usize::try_from(number).unwrap_or(most)
    }

    /// A number from `low` to `high`, both included.
    ///
    /// # Panics
    ///
    /// If `high` is below `low`.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let number = self.number() % (u64::from(high - low) + 1);
        low + u32::try_from(number).expect("smaller than a u32")
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille as usize
    }

    /// One of `choices`.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A time up to `longest`; short ones are as likely as long ones at every scale.
    pub fn delay(&mut self, longest: Duration) -> Duration {
        let scale = self.below(12);
        let bound = (longest.as_nanos() >> scale).max(1);
        let nanos = u128::from(self.number()) % bound;
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_give_equal_numbers_and_bounds_hold() {
        let (mut one, mut other) = (Rng::new(3), Rng::new(3));
        let mut seen = [false; 3];
        for _ in 0..100 {
            let number = one.up_to(2);
            assert_eq!(number, other.up_to(2));
            seen[number] = true;
            assert!(one.below(3) < 3 && other.below(3) < 3);
            assert!((5..=6).contains(&one.between(5, 6)) && other.between(5, 6) >= 5);
        }
        assert_eq!(seen, [true; 3]);
        assert_ne!(Rng::new(1).number(), Rng::new(2).number());
        assert!(!one.chance(0) && one.chance(1000));
    }
}
