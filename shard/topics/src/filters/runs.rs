//! Hashes of runs of literal levels, each in constant time from the hashes of prefixes.
//!
//! The hash of levels is the polynomial of their hashes in a secret odd base, modulo 2^64. Whoever
//! does not know the seed can force two runs to agree in all 64 bits only with more than a thousand
//! levels, and gains a comparison by it.

use wire_message::Seed;

use crate::bits::{high_32, high_64, low_64};

/// What follows a run of literal levels in a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// The end of the filter.
    End = 0,
    /// `#`.
    Hash = 1,
    /// `+`, and perhaps more.
    Plus = 2,
    /// Nothing: the run is a whole filter without wildcards, hashed as text.
    Exact = 3,
}

/// A run of literal levels of a filter and what follows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) kind: Kind,
    pub(super) levels: u32,
    pub(super) hash: u64,
}

/// Powers of the base that are kept.
const POWERS: usize = 33;

/// The secrets of an index.
#[derive(Debug)]
pub(super) struct Hasher {
    seed: Seed,
    mix: u64,
    powers: [u64; POWERS],
}

/// Levels of a topic that need no allocation.
const INLINE: usize = 16;

/// The hashes of all prefixes of a topic, from none of its levels to all of them.
pub(super) struct Prefixes {
    few: [u64; INLINE + 1],
    levels: usize,
    /// All of them, if the levels are more than [`INLINE`].
    many: Vec<u64>,
}

impl Hasher {
    pub(super) fn new(seed: Seed) -> Self {
        let base = seed.hash(b"base of runs") | 1;
        let mut powers = [1; POWERS];
        for n in 1..POWERS {
            powers[n] = base.wrapping_mul(powers[n - 1]);
        }
        Self {
            seed,
            mix: seed.hash(b"mix of runs") | 1,
            powers,
        }
    }

    /// The hash of a text: [`crate::TopicKey::hash`] of the same text.
    pub(super) fn text(&self, text: &str) -> u64 {
        self.seed.hash(text.as_bytes())
    }

    /// The hash of a whole filter without wildcards, from the hash of its text.
    #[inline]
    pub(super) fn exact_key(&self, hash: u64) -> u32 {
        self.key(
            0,
            &Run {
                kind: Kind::Exact,
                levels: 0,
                hash,
            },
        )
    }

    /// The key of `run` below `node`.
    #[inline]
    pub(super) fn key(&self, node: u32, run: &Run) -> u32 {
        self.salted(run.hash, self.salt(node, run.levels, run.kind))
    }

    /// What tells the runs of so many levels with this end below `node` from others.
    #[inline]
    pub(super) fn salt(&self, node: u32, levels: u32, kind: Kind) -> u64 {
        let place = u64::from(node) << 34 | u64::from(levels) << 2 | kind as u64;
        place.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.mix.rotate_left(32)
    }

    /// The key of the run with this hash.
    #[inline]
    pub(super) fn salted(&self, hash: u64, salt: u64) -> u32 {
        let mixed = u128::from(hash ^ self.mix) * u128::from(salt);
        let folded = high_64(mixed) ^ low_64(mixed);
        high_32(folded.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    /// The runs of a filter with wildcards.
    pub(super) fn runs<'a>(&'a self, filter: &'a str) -> impl Iterator<Item = Run> + 'a {
        let mut levels = filter.split('/');
        let mut ended = false;
        core::iter::from_fn(move || {
            if ended {
                return None;
            }
            let mut run = Run {
                kind: Kind::End,
                levels: 0,
                hash: 0,
            };
            loop {
                match levels.next() {
                    None => ended = true,
                    Some("#") => (run.kind, ended) = (Kind::Hash, true),
                    Some("+") => run.kind = Kind::Plus,
                    Some(level) => {
                        run.hash = self.append(run.hash, level.as_bytes());
                        run.levels += 1;
                        continue;
                    }
                }
                return Some(run);
            }
        })
    }

    #[inline]
    fn append(&self, hash: u64, level: &[u8]) -> u64 {
        let shifted = hash.wrapping_mul(self.powers[1]);
        shifted.wrapping_add(self.seed.hash(level))
    }

    /// The base to the power of `levels`.
    pub(super) fn power(&self, levels: u32) -> u64 {
        let (mut power, mut left) = (1_u64, levels as usize);
        while left >= POWERS {
            power = power.wrapping_mul(self.powers[POWERS - 1]);
            left -= POWERS - 1;
        }
        power.wrapping_mul(self.powers[left])
    }
}

impl Prefixes {
    pub(super) const fn new() -> Self {
        Self {
            few: [0; INLINE + 1],
            levels: 0,
            many: Vec::new(),
        }
    }

    /// Hashes the prefixes of `topic`; for once.
    #[inline]
    pub(super) fn fill(&mut self, hasher: &Hasher, topic: &[u8]) {
        let (mut start, mut hash) = (0, 0);
        let mut levels = 0;
        for_each_slash(topic, |end| {
            hash = hasher.append(hash, &topic[start..end]);
            start = end + 1;
            levels += 1;
            if let Some(place) = self.few.get_mut(levels) {
                *place = hash;
            }
        });
        levels += 1;
        if let Some(place) = self.few.get_mut(levels) {
            *place = hasher.append(hash, &topic[start..]);
        } else {
            self.fill_many(hasher, topic);
        }
        self.levels = levels;
    }

    #[cold]
    fn fill_many(&mut self, hasher: &Hasher, topic: &[u8]) {
        let mut hash = 0;
        self.many.push(hash);
        for level in topic.split(|byte| *byte == b'/') {
            hash = hasher.append(hash, level);
            self.many.push(hash);
        }
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[u64] {
        self.few.get(..=self.levels).unwrap_or(&self.many)
    }
}

/// Calls `found` with the place of every `/`, eight bytes at a time.
#[inline]
fn for_each_slash(text: &[u8], mut found: impl FnMut(usize)) {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let (words, rest) = text.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let differences = u64::from_le_bytes(*word) ^ u64::from_le_bytes([b'/'; 8]);
        // The high bit of each byte that is zero, and of no other.
        let mut zeros = !(((differences & LOW) + LOW) | differences | LOW);
        while zeros != 0 {
            found(index * 8 + zeros.trailing_zeros() as usize / 8);
            zeros &= zeros - 1;
        }
    }
    for (index, byte) in rest.iter().enumerate() {
        if *byte == b'/' {
            found(words.len() * 8 + index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_a_topic_hashes_as_the_same_run_of_a_filter() {
        let hasher = Hasher::new(Seed(7));
        let topic = (0..70).map(|n| format!("level{n}")).collect::<Vec<_>>();
        let mut prefixes = Prefixes::new();
        prefixes.fill(&hasher, topic.join("/").as_bytes());
        let prefixes = prefixes.as_slice();
        for (start, levels) in [(0, 0), (0, 1), (3, 7), (16, 44), (0, 70), (69, 1)] {
            let end = start + levels as usize;
            let text = ["+".to_owned(), topic[start..end].join("/"), "+".to_owned()];
            let filter = if start == end {
                "+/+".to_owned()
            } else {
                text.join("/")
            };
            let expected = hasher
                .runs(&filter)
                .nth(1)
                .expect("a run between the wildcards");
            let before = prefixes[start].wrapping_mul(hasher.power(levels));
            let hash = prefixes[end].wrapping_sub(before);
            assert_eq!((hash, levels), (expected.hash, expected.levels), "{filter}");
        }
    }

    #[test]
    fn a_filter_is_cut_at_its_wildcards() {
        let hasher = Hasher::new(Seed(7));
        let cut = |filter: &str| {
            hasher
                .runs(filter)
                .map(|run| (run.levels, run.kind))
                .collect::<Vec<_>>()
        };
        assert_eq!(cut("a/b/+/c"), [(2, Kind::Plus), (1, Kind::End)]);
        assert_eq!(
            cut("+/+/#"),
            [(0, Kind::Plus), (0, Kind::Plus), (0, Kind::Hash)]
        );
        assert_eq!(cut("a/+"), [(1, Kind::Plus), (0, Kind::End)]);
        assert_eq!(cut("//#"), [(2, Kind::Hash)]);
    }
}
