//! What the look-up of a topic costs, to be counted from outside, as `perf gate` does.
//!
//! Looks topics up as often as it is told and prints how many look-ups found what they should.
//!
//! `cargo bench -p shard-topics --bench lookup_cost -- exact|wildcard|cached COUNT`
#![expect(clippy::print_stdout, reason = "a program, not a library")]

#[path = "lookup/filters.rs"]
mod filters;

use std::hint::black_box;
use std::sync::Arc;

use filters::{SEED, index, key, topic, wildcards};
use shard_topics::{Epochs, FilterId, Interest, Lookup, Route, RouteCache, RouteCacheLimits};
use wire_message::ShardId;

/// Topics that are subscribed to.
const TOPICS: usize = 3_000;

/// Topics looked up, the same ones again and again.
const LOOKED_UP: usize = 1_000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|name| name != "--bench");
    let what = arguments.next().unwrap_or_else(|| "exact".to_owned());
    let count = arguments.next().and_then(|text| text.parse().ok());
    let count: usize = count.unwrap_or(1_000);
    let topics: Vec<String> = (0..LOOKED_UP).map(topic).collect();
    let topics = || topics.iter().map(String::as_str).cycle();
    // Once without being counted: tables grow, caches fill.
    let topics = topics().take(LOOKED_UP).chain(topics().take(count));
    let found = match what.as_str() {
        "exact" => in_index((0..TOPICS).map(topic), topics, 1),
        "wildcard" => in_index((0..TOPICS).flat_map(wildcards), topics, 3),
        "cached" => in_cache(topics),
        _ => unreachable!("usage: exact|wildcard|cached COUNT"),
    };
    println!("{found} look-ups");
}

/// Look-ups with `hits` filters each.
fn in_index<'a>(
    filters: impl Iterator<Item = String>,
    topics: impl Iterator<Item = &'a str>,
    hits: usize,
) -> usize {
    let index = index(filters);
    let mut matches: Vec<FilterId> = Vec::new();
    let found = topics.filter(|topic| {
        matches.clear();
        index.lookup(key(topic), &mut matches);
        black_box(&matches).len() == hits
    });
    found.count()
}

/// Look-ups of topics whose route is known, but for the first time of each.
fn in_cache<'a>(topics: impl Iterator<Item = &'a str>) -> usize {
    let index = index((0..TOPICS).map(topic));
    let epochs = Arc::new(Epochs::new(2));
    let interest = Interest::new(ShardId(0), SEED, Arc::clone(&epochs));
    let limits = RouteCacheLimits {
        entries_max: 2 * LOOKED_UP,
        bytes_max: usize::MAX,
    };
    let mut cache = RouteCache::new(SEED, limits);
    let found = topics.filter(
        |topic| match cache.lookup(key(topic), &epochs, &interest, &index) {
            Lookup::Known { local, .. } => black_box(local).len() == 1,
            Lookup::Ask(mut pending) => {
                pending.merge(ShardId(1), Route::default());
                cache.store(key(topic), pending, &index);
                false
            }
        },
    );
    found.count()
}
