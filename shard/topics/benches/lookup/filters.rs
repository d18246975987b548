//! Topics of a fleet, filters that match them, and an index of these.

use shard_topics::{Index, SessionIndex, Subscription, TopicKey};
use wire_message::{FilterTarget, Seed, TopicRef};

/// Of every table here.
pub(crate) const SEED: Seed = Seed(0x5eed);

pub(crate) fn topic(n: usize) -> String {
    format!("fleet/r{}/site{}/dev{n}/temp", n % 17, n % 4_096)
}

pub(crate) fn key(topic: &str) -> TopicKey<'_> {
    TopicKey::new(TopicRef::new(topic).expect("made without wildcards"), SEED)
}

/// The three wildcard filters that match `topic(n)`.
pub(crate) fn wildcards(n: usize) -> [String; 3] {
    let (region, site) = (n % 17, n % 4_096);
    [
        format!("fleet/r{region}/site{site}/dev{n}/+"),
        format!("fleet/+/site{site}/dev{n}/temp"),
        format!("fleet/r{region}/+/dev{n}/#"),
    ]
}

pub(crate) fn index(filters: impl Iterator<Item = String>) -> Index {
    let mut index = Index::new(SEED);
    for (n, filter) in filters.enumerate() {
        let target = FilterTarget::parse(&filter).expect("made as a filter");
        let session = SessionIndex(u32::try_from(n).expect("fewer than 2^32"));
        index.subscribe(target, session, Subscription::default());
    }
    index
}
