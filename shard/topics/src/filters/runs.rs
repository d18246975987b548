//! Hashes of runs of literal levels, each in constant time from the hashes of prefixes.

use wire_message::Seed;

use crate::bits::{high_32, high_64, low_64};

/// The modulus, a Mersenne prime: two different runs collide under a random base with a chance of
/// at most their length over 2^61, which clients that don't know the base can't raise.
const PRIME: u64 = (1 << 61) - 1;

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
pub(super) enum Prefixes {
    Inline([u64; INLINE + 1], usize),
    Many(Vec<u64>),
}

impl Hasher {
    pub(super) fn new(seed: Seed) -> Self {
        let base = seed.hash(b"base of runs") % (PRIME - 2) + 2;
        let mut powers = [1; POWERS];
        for n in 1..POWERS {
            powers[n] = multiply(powers[n - 1], base);
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
        let place = u64::from(node) << 34 | u64::from(run.levels) << 2 | run.kind as u64;
        let mixed = u128::from(run.hash ^ self.mix)
            * u128::from(place.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ self.mix.rotate_left(32));
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

    /// The hashes of the prefixes of `topic`.
    #[inline]
    pub(super) fn prefixes(&self, topic: &str) -> Prefixes {
        let (mut hashes, mut levels, mut hash) = ([0; INLINE + 1], 0, 0);
        let (mut start, mut full) = (0, false);
        for_each_slash(topic.as_bytes(), |end| {
            hash = self.append(hash, &topic.as_bytes()[start..end]);
            start = end + 1;
            full |= levels + 1 == INLINE;
            levels += usize::from(!full);
            hashes[levels] = hash;
        });
        if full {
            return self.many_prefixes(topic);
        }
        hashes[levels + 1] = self.append(hash, &topic.as_bytes()[start..]);
        Prefixes::Inline(hashes, levels + 1)
    }

    /// The run of `levels` levels of a topic behind its first `start`.
    #[inline]
    pub(super) fn run(&self, prefixes: &[u64], start: usize, levels: u32, kind: Kind) -> Run {
        let before = multiply(prefixes[start], self.power(levels as usize));
        let hash = prefixes[start + levels as usize] + PRIME - before;
        let hash = if hash >= PRIME { hash - PRIME } else { hash };
        Run { kind, levels, hash }
    }

    #[cold]
    fn many_prefixes(&self, topic: &str) -> Prefixes {
        let mut hashes = vec![0];
        let mut hash = 0;
        for level in topic.split('/') {
            hash = self.append(hash, level.as_bytes());
            hashes.push(hash);
        }
        Prefixes::Many(hashes)
    }

    #[inline]
    fn append(&self, hash: u64, level: &[u8]) -> u64 {
        let sum = multiply(hash, self.powers[1]) + (self.seed.hash(level) & PRIME);
        if sum >= PRIME { sum - PRIME } else { sum }
    }

    #[inline]
    fn power(&self, exponent: usize) -> u64 {
        let high = (POWERS..=exponent).fold(1, |power, _| multiply(power, self.powers[1]));
        multiply(high, self.powers[exponent.min(POWERS - 1)])
    }
}

impl Prefixes {
    #[inline]
    pub(super) fn as_slice(&self) -> &[u64] {
        match self {
            Self::Inline(hashes, levels) => &hashes[..=*levels],
            Self::Many(hashes) => hashes,
        }
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

/// The product modulo [`PRIME`] of two numbers below 2^61.
#[inline]
fn multiply(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    let sum = (low_64(product) & PRIME) + low_64(product >> 61);
    if sum >= PRIME { sum - PRIME } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_a_topic_hashes_as_the_same_run_of_a_filter() {
        let hasher = Hasher::new(Seed(7));
        let topic = (0..70).map(|n| format!("level{n}")).collect::<Vec<_>>();
        let prefixes = hasher.prefixes(&topic.join("/"));
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
            let run = hasher.run(prefixes.as_slice(), start, levels, Kind::Plus);
            assert_eq!(
                (run.hash, run.levels),
                (expected.hash, expected.levels),
                "{filter}"
            );
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
