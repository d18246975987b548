//! The buckets that a topic's route depends on.

use wire_message::Seed;

use crate::{Bucket, DEPTH_MAX, DepthSet, TopicKey};

/// Buckets that need no memory of their own.
const FEW: usize = 7;

/// The bucket of the topic itself, and of each of its prefixes at the depths in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Buckets {
    Few { len: u8, buckets: [Bucket; FEW] },
    Many(Box<[Bucket]>),
}

impl Buckets {
    pub(crate) fn new(key: TopicKey<'_>, depths: DepthSet, seed: Seed) -> Self {
        let (mut few, mut len) = ([Bucket(0); FEW], 0);
        let mut many = Vec::new();
        for_each_bucket(key, depths, seed, |bucket| {
            match few.get_mut(len) {
                Some(place) => *place = bucket,
                None => many.push(bucket),
            }
            len += 1;
        });
        if many.is_empty() {
            let len = u8::try_from(len).expect("at most FEW");
            return Self::Few { len, buckets: few };
        }
        Self::Many(few.into_iter().chain(many).collect())
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[Bucket] {
        match self {
            Self::Few { len, buckets } => &buckets[..usize::from(*len)],
            Self::Many(buckets) => buckets,
        }
    }

    /// Bytes of memory besides the value itself.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Few { .. } => 0,
            Self::Many(buckets) => size_of_val(&**buckets),
        }
    }
}

fn for_each_bucket(key: TopicKey<'_>, depths: DepthSet, seed: Seed, mut take: impl FnMut(Bucket)) {
    take(key.bucket());
    if depths.is_empty() {
        return;
    }
    let text = key.topic().as_str();
    let ends = text
        .bytes()
        .enumerate()
        .filter(|(_, byte)| *byte == b'/')
        .map(|(end, _)| end);
    // The whole topic counts as its own prefix: `#` also matches the level above it.
    for (depth, end) in (1..=DEPTH_MAX).zip(ends.chain([text.len()])) {
        if depths.contains(depth) {
            take(Bucket::of(seed.hash(&text.as_bytes()[..end])));
        }
    }
}
