//! What a QoS 0 publish to one subscriber costs from the bytes that came to the bytes that go.
//!
//! Runs a given number of messages and prints nothing but their number: made to be counted by
//! `valgrind --tool=callgrind`, once with n and once with 2n messages; see `scripts/gates`.
//!
//! ```sh
//! cargo bench -p shard-engine --bench publish_cost -- --messages 20000 --version 5 --shards 1
//! ```

#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program, not a library"
)]

#[path = "publish_cost/lane.rs"]
mod lane;

use lane::Lane;
use wire_mqtt::Version;

fn main() {
    let (mut messages, mut version, mut shards) = (20_000, Version::V5, 1);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        // `cargo bench` adds a flag of its own.
        if name == "--bench" {
            continue;
        }
        let value: usize = arguments
            .next()
            .and_then(|value| value.parse().ok())
            .expect("usage: --messages N --version 3|5 --shards 1|2");
        match name.as_str() {
            "--messages" => messages = value,
            "--version" => {
                version = if value == 5 {
                    Version::V5
                } else {
                    Version::V311
                }
            }
            "--shards" => shards = value,
            _ => unreachable!("usage: --messages N --version 3|5 --shards 1|2"),
        }
    }
    let mut lane = Lane::new(version, shards);
    lane.run(1_000);
    lane.run(messages);
    println!("{} messages", lane.delivered());
}
