//! Look-ups per second over a million filters, beside a plain hash table of the same topics.
//!
//! `cargo bench -p shard-topics --bench lookup -- [FILTERS [ROUNDS]] [PART..]`, parts `exact`, `mixed`, `wild`,
//! `cache`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark reads the clock and its arguments, and prints"
)]

#[path = "lookup/filters.rs"]
mod filters;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use filters::{SEED, index, key, topic, wildcards};
use shard_topics::{Epochs, FilterId, Interest, Lookup, Route, RouteCache, RouteCacheLimits};
use wire_message::{Map, ShardId, TopicRef};

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

/// Look-ups per second of one pass over `topics`; `look` returns the number of hits.
fn pass(topics: &Topics, hits_each: usize, look: impl FnMut(&str) -> usize) -> f64 {
    let count = topics.ends.len();
    let start = Instant::now();
    let hits: usize = topics.iter().map(look).sum();
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(hits, count * hits_each, "every topic has its hits");
    #[expect(clippy::cast_precision_loss, reason = "a million is exact")]
    let rate = count as f64 / seconds;
    rate
}

/// Something that is measured: one call is one pass and returns its rate.
type Case<'a> = (&'static str, Box<dyn FnMut() -> f64 + 'a>);

fn plain_case(count: usize, topics: &Topics) -> Case<'_> {
    let mut map: Map<Box<str>, u32> = Map::with_hasher(SEED);
    map.extend((0..count).map(|n| (topic(n).into_boxed_str(), 1)));
    let look = move |text: &str| {
        let topic = TopicRef::new(text).expect("made without wildcards");
        black_box(map.get(topic.as_str())).map_or(0, |_| 1)
    };
    ("plain hash table", Box::new(move || pass(topics, 1, &look)))
}

fn index_case<'a>(
    name: &'static str,
    filters: impl Iterator<Item = String>,
    topics: &'a Topics,
    hits_each: usize,
) -> Case<'a> {
    let index = index(filters);
    let mut matches: Vec<FilterId> = Vec::new();
    let round = move || {
        pass(topics, hits_each, |topic| {
            matches.clear();
            index.lookup(key(topic), &mut matches);
            black_box(&matches).len()
        })
    };
    (name, Box::new(round))
}

/// Publishes whose route and matches stand in the cache.
fn cache_case(count: usize, topics: &Topics) -> Case<'_> {
    let index = index((0..count).map(topic));
    let epochs = Arc::new(Epochs::new(2));
    let interest = Interest::new(ShardId(0), SEED, Arc::clone(&epochs));
    let limits = RouteCacheLimits {
        entries_max: 1_000,
        bytes_max: usize::MAX,
    };
    let mut cache = RouteCache::new(SEED, limits);
    let round = move || {
        pass(topics, 1, |topic| {
            match cache.lookup(key(topic), &epochs, &interest, &index) {
                Lookup::Known { local, .. } => black_box(local).len(),
                Lookup::Ask(mut pending) => {
                    pending.merge(ShardId(1), Route::default());
                    cache.store(key(topic), pending, &index).1.len()
                }
            }
        })
    };
    ("cached route, 1,000 topics", Box::new(round))
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = arguments.iter().filter_map(|text| text.parse().ok());
    let count: usize = numbers.next().unwrap_or(1_000_000);
    let rounds: usize = numbers.next().unwrap_or(9);
    let parts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let named = |part: &&str| parts.contains(part);
    let wanted =
        |part: &str| named(&part) || !["exact", "mixed", "wild", "cache"].iter().any(named);
    let all = topics(shuffled(count));
    let some = topics(shuffled(count / 3));
    let few = topics((0..100).flat_map(|_| shuffled(1_000)));

    let mut cases = vec![plain_case(count, &all)];
    if wanted("exact") {
        cases.push(index_case("exact, 1 hit", (0..count).map(topic), &all, 1));
    }
    if wanted("mixed") {
        let filters = (0..count / 3).flat_map(|n| {
            let [first, second, _] = wildcards(n);
            [first, second, topic(n)]
        });
        cases.push(index_case("exact and wildcards, 3 hits", filters, &some, 3));
    }
    if wanted("wild") {
        let filters = (0..count / 3).flat_map(wildcards);
        cases.push(index_case("wildcards, 3 hits", filters, &some, 3));
    }
    if wanted("cache") {
        cases.push(cache_case(count, &few));
    }
    // All in turn, so that what else the machine does meets all alike.
    let rates: Vec<Vec<f64>> = (0..=rounds)
        .map(|_| cases.iter_mut().map(|(_, round)| round()).collect())
        .collect();
    println!(
        "{count} filters, {rounds} rounds: best rate, median of the ratios to the plain table"
    );
    for (number, (name, _)) in cases.iter().enumerate() {
        let best = rates
            .iter()
            .skip(1)
            .map(|rates| rates[number])
            .fold(0.0, f64::max);
        let ratios = rates.iter().skip(1).map(|rates| rates[number] / rates[0]);
        println!(
            "{name:<28} {:>7.2} M/s {:>7.2}",
            best / 1e6,
            median(ratios.collect())
        );
    }
}
