//! What retained messages cost: set, get, and walks with a cursor.
//!
//! `cargo bench -p shard-topics --bench retained -- [MESSAGES]`
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark reads the clock and its arguments, and prints"
)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as Clock;

use shard_topics::{Retained, RetainedCursor, RetainedLimits};
use wire_message::{Expiry, FilterRef, Instant, Message, MessageRef, PublisherId, Qos, TopicRef};

fn message(topic: &str) -> Arc<Message> {
    let parts = MessageRef {
        topic: TopicRef::new(topic).expect("made without wildcards"),
        payload: b"21.5",
        properties: &[],
        qos: Qos::AtMostOnce,
        retain: true,
        expiry: Expiry::NEVER,
        received_at: Instant::ZERO,
        publisher: PublisherId::BROKER,
    };
    Arc::new(parts.to_message())
}

/// Prints what one of `count` things took.
fn measure(name: &str, act: impl FnOnce() -> usize) {
    let start = Clock::now();
    let count = act();
    let nanoseconds = start.elapsed().as_secs_f64() * 1e9 / count as f64;
    println!("{name:<42} {count:>8} messages {nanoseconds:>9.0} ns each");
}

/// Walks to the end in steps of a hundred; returns the number of messages.
fn walk(retained: &Retained, filter: &str) -> usize {
    let filter = FilterRef::new(filter).expect("made as a filter");
    let (mut cursor, mut found, mut count) = (RetainedCursor::default(), Vec::new(), 0);
    loop {
        let done = retained.scan(filter, &mut cursor, 100, Instant::ZERO, &mut found);
        count += black_box(&found).len();
        found.clear();
        if done {
            return count;
        }
    }
}

fn main() {
    let mut numbers = std::env::args().filter_map(|text| text.parse().ok());
    let count: usize = numbers.next().unwrap_or(1_000_000);
    let limits = RetainedLimits {
        messages_max: usize::MAX,
        bytes_max: usize::MAX,
    };
    let mut retained = Retained::new(limits);
    let number = |n: usize| n * 7_368_787 % count;
    let topics: Vec<String> = (0..count)
        .map(|n| format!("site/{}/dev/{}/state", number(n) % 1_000, number(n)))
        .collect();
    let messages: Vec<Arc<Message>> = topics.iter().map(|topic| message(topic)).collect();
    measure("set on new topics", || {
        messages
            .iter()
            .filter(|message| retained.set(Arc::clone(message)).is_ok())
            .count()
    });
    measure("set in the place of another", || {
        messages
            .iter()
            .filter(|message| retained.set(Arc::clone(message)).is_ok())
            .count()
    });
    measure("get", || {
        let keys = topics
            .iter()
            .map(|topic| TopicRef::new(topic).expect("valid"));
        keys.filter(|topic| retained.get(*topic, Instant::ZERO).is_some())
            .count()
    });
    for filter in [
        "#",
        "site/500/#",
        "site/+/dev/+/state",
        "site/+/dev/500/state",
        "+/7/dev/+/state",
    ] {
        measure(&format!("walk {filter}"), || walk(&retained, filter));
    }
}
