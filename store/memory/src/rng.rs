//! The only source of chance: a seeded generator, the same on every machine.

/// A splitmix64 generator.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e6c_63d0_876a_46bd)
    }

    pub(crate) const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `most`, both included.
    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        let number = u128::from(self.number()) % (most as u128 + 1);
        usize::try_from(number).expect("not above a usize")
    }

    /// True `per_mille` times in a thousand.
    pub(crate) fn chance(&mut self, per_mille: u32) -> bool {
        self.up_to(999) < per_mille as usize
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
        }
        assert_eq!(seen, [true; 3]);
        assert_ne!(Rng::new(1).number(), Rng::new(2).number());
        assert!(!one.chance(0) && one.chance(1000));
    }
}
