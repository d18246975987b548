//! What a publish costs from the bytes that came to the bytes that go.
//!
//! Runs a given number of messages and prints nothing but the number of deliveries: made to be
//! counted from outside, once with few and once with many messages, as `perf gate` does; what it
//! counts stands in perf/src/gate/catalogue.rs. It leaves the clients' part out: only what happens
//! inside of functions with names that begin with `counted_` is in its count.
//!
//! ```sh
//! cargo bench -p shard-engine --bench publish_cost -- --messages 20000 --version 5 --shards 1
//! ```
//!
//! | option | default | |
//! | --- | --- | --- |
//! | `--messages N` | 20000 | messages published |
//! | `--connects N` | 0 | not messages, but clients that come and go; prints those greeted |
//! | `--version 4\|5` | 5 | MQTT 3.1.1 or 5.0 |
//! | `--shards 1\|2` | 1 | 2: publishers on one shard, subscribers on the other |
//! | `--qos 0\|1\|2` | 0 | of publishes and subscriptions, with all acknowledgements |
//! | `--publishers N` | 1 | several: each with its topic, below one wildcard filter (fan-in) |
//! | `--subscribers N` | 1 | of one filter (fan-out) |
//! | `--batch N` | 1 | packets of a publisher that come at once |
//! | `--stored 0\|1` | 0 | 1: sessions outlive connections, in a store that takes no time |
//! | `--plant 1\|2` | 0 | waste for each message: 1 an allocation, 2 a loop; the gate must notice |

#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program, not a library"
)]

#[path = "publish_cost/lane.rs"]
mod lane;

use std::hint::black_box;

use lane::{Lane, LaneSettings};
use wire_message::Qos;
use wire_mqtt::Version;

const USAGE: &str = "a number follows each option; see the head of the bench";

fn main() {
    let (mut messages, mut connects, mut planted) = (20_000, 0, 0);
    let mut settings = LaneSettings::new(Version::V5, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        // `cargo bench` adds a flag of its own.
        if name == "--bench" {
            continue;
        }
        let value: usize = arguments
            .next()
            .and_then(|value| value.parse().ok())
            .expect(USAGE);
        match (name.as_str(), value) {
            ("--messages", _) => messages = value,
            ("--connects", _) => connects = value,
            ("--plant", _) => planted = value,
            ("--version", 5) => settings.version = Version::V5,
            ("--version", _) => settings.version = Version::V311,
            ("--shards", _) => settings.shards = value,
            ("--qos", 0) => settings.qos = Qos::AtMostOnce,
            ("--qos", 1) => settings.qos = Qos::AtLeastOnce,
            ("--qos", _) => settings.qos = Qos::ExactlyOnce,
            ("--publishers", _) => settings.publishers = value.max(1),
            ("--subscribers", _) => settings.subscribers = value.max(1),
            ("--stored", _) => settings.stored = value == 1,
            ("--batch", _) => settings.batch = value.max(1),
            _ => unreachable!("{USAGE}"),
        }
    }
    let mut lane = Lane::new(settings);
    if connects > 0 {
        let before = lane.greeted();
        lane.come_and_go(connects);
        println!("{} greeted", lane.greeted() - before);
        return;
    }
    lane.run(1_000);
    match planted {
        0 => lane.run(messages),
        _ => (0..messages).for_each(|_| {
            counted_waste(planted);
            lane.run(1);
        }),
    }
    println!("{} messages", lane.delivered());
}

/// What a worse broker would do for each message.
#[inline(never)]
fn counted_waste(planted: usize) {
    match planted {
        1 => drop(black_box(Box::new(black_box(0_u64)))),
        _ => (0..100_u64).for_each(|number| _ = black_box(number)),
    }
}
