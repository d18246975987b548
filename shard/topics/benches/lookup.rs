//! Look-ups per second over a million filters, beside a plain hash table of the same topics.
//!
//! `cargo bench -p shard-topics --bench lookup -- [FILTERS] [PART]`
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and its arguments, and prints"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use shard_topics::{
    Epochs, FilterId, Index, Interest, Lookup, Route, RouteCache, RouteCacheLimits, SessionIndex,
    Subscription, TopicKey,
};
use wire_message::{FilterTarget, Map, Seed, ShardId, TopicRef};

const SEED: Seed = Seed(0x5eed);

/// Texts one after the other in one string, as packets in a read buffer are.
struct Topics {
    text: String,
    ends: Vec<usize>,
}

impl Topics {
    fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .map(|(start, end)| &self.text[*start..*end])
    }
}

/// A permutation of the numbers below `count`, which is no multiple of the prime.
fn shuffled(count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |n| n * 7_368_787 % count)
}

fn topic(n: usize) -> String {
    format!("fleet/r{}/site{}/dev{n}/temp", n % 17, n % 4_096)
}

fn topics(numbers: impl Iterator<Item = usize>) -> Topics {
    let mut topics = Topics {
        text: String::new(),
        ends: Vec::new(),
    };
    for n in numbers {
        topics.text.push_str(&topic(n));
        topics.ends.push(topics.text.len());
    }
    topics
}

fn key(topic: &str) -> TopicKey<'_> {
    TopicKey::new(TopicRef::new(topic).expect("made without wildcards"), SEED)
}

/// The three wildcard filters that match `topic(n)`.
fn wildcards(n: usize) -> [String; 3] {
    let (region, site) = (n % 17, n % 4_096);
    [
        format!("fleet/r{region}/site{site}/dev{n}/+"),
        format!("fleet/+/site{site}/dev{n}/temp"),
        format!("fleet/r{region}/+/dev{n}/#"),
    ]
}

fn index(filters: impl Iterator<Item = String>) -> Index {
    let mut index = Index::new(SEED);
    for (n, filter) in filters.enumerate() {
        let target = FilterTarget::parse(&filter).expect("made as a filter");
        let session = SessionIndex(u32::try_from(n).expect("fewer than 2^32"));
        index.subscribe(target, session, Subscription::default());
    }
    index
}

/// The best of five rounds, in look-ups per second; `look` returns the number of hits.
fn rate(topics: &Topics, hits_each: usize, mut look: impl FnMut(&str) -> usize) -> f64 {
    let count = topics.ends.len();
    let round = |_| {
        let start = Instant::now();
        let hits: usize = topics.iter().map(&mut look).sum();
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(hits, count * hits_each, "every topic has its hits");
        #[expect(clippy::cast_precision_loss, reason = "a million is exact")]
        let rate = count as f64 / seconds;
        rate
    };
    (0..6).map(round).skip(1).fold(0.0, f64::max)
}

fn index_rate(index: &Index, topics: &Topics, hits_each: usize) -> f64 {
    let mut matches: Vec<FilterId> = Vec::new();
    rate(topics, hits_each, |topic| {
        matches.clear();
        index.lookup(key(topic), &mut matches);
        black_box(&matches).len()
    })
}

/// The rate of publishes whose route and matches stand in the cache.
fn cache_rate(index: &Index, topics: &Topics) -> f64 {
    let epochs = Arc::new(Epochs::new(2));
    let interest = Interest::new(ShardId(0), SEED, Arc::clone(&epochs));
    let limits = RouteCacheLimits {
        entries_max: topics.ends.len(),
        bytes_max: usize::MAX,
    };
    let mut cache = RouteCache::new(SEED, limits);
    rate(topics, 1, |topic| {
        match cache.lookup(key(topic), &epochs, &interest, index) {
            Lookup::Known { local, .. } => black_box(local).len(),
            Lookup::Ask(mut pending) => {
                pending.merge(ShardId(1), Route::default());
                cache.store(key(topic), pending, index).1.len()
            }
        }
    })
}

fn print(name: &str, rate: f64, plain: f64) {
    println!(
        "{name:<28} {:>8.2} M/s   {:>5.2} of plain",
        rate / 1e6,
        rate / plain
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = arguments.iter().find_map(|text| text.parse().ok());
    let count: usize = number.unwrap_or(1_000_000);
    let named: Vec<&String> = arguments
        .iter()
        .filter(|text| text.starts_with(char::is_alphabetic))
        .collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| *name == part);
    let all = topics(shuffled(count));
    let some = topics(shuffled(count / 3));
    let few = topics(shuffled(count / 1_000));

    let mut plain_rate = f64::NAN;
    if wanted("plain") {
        let mut map: Map<Box<str>, u32> = Map::with_hasher(SEED);
        map.extend((0..count).map(|n| (topic(n).into_boxed_str(), 1)));
        plain_rate = rate(&all, 1, |topic| {
            let topic = TopicRef::new(topic).expect("made without wildcards");
            black_box(map.get(topic.as_str())).map_or(0, |_| 1)
        });
        print("plain hash table", plain_rate, plain_rate);
    }
    if wanted("exact") {
        let index = index((0..count).map(topic));
        print("exact, 1 hit", index_rate(&index, &all, 1), plain_rate);
    }
    if wanted("mixed") {
        let index = index((0..count / 3).flat_map(|n| {
            let [first, second, _] = wildcards(n);
            [first, second, topic(n)]
        }));
        print(
            "exact and wildcards, 3 hits",
            index_rate(&index, &some, 3),
            plain_rate,
        );
    }
    if wanted("wildcards") {
        let index = index((0..count / 3).flat_map(wildcards));
        print(
            "wildcards, 3 hits",
            index_rate(&index, &some, 3),
            plain_rate,
        );
    }
    if wanted("cache") {
        let index = index((0..count).map(topic));
        print(
            "cached route, 1,000 topics",
            cache_rate(&index, &few),
            plain_rate,
        );
    }
}
