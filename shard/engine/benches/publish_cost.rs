//! What the engine does for a message, from the bytes that came to the bytes that go.
//!
//! Does a given number of operations and prints what came of them, deliveries or greetings: made to
//! be counted from outside, once with few and once with many, as `perf gate` does. An operation is a
//! publish, delivered and acknowledged to the end before the next (`--qos`, `--publishers` who take
//! turns, `--subscribers` who get everything), or with `--connects` a client that comes and goes.
//!
//! ```sh
//! cargo bench -p shard-engine --bench publish_cost -- --messages 20000 --version 5 --qos 1
//! ```
//!
//! `--plant-allocation` and `--plant-work` do more than they should for every operation: the gate's
//! own tests see whether it notices. A new option here is a new figure in perf/src/gate/catalogue.rs.

#![allow(
    missing_docs,
    clippy::print_stdout,
    reason = "a program, not a library"
)]

#[path = "publish_cost/lane.rs"]
mod lane;

use std::hint::black_box;

use lane::{Lane, Shape};
use wire_message::Qos;
use wire_mqtt::Version;

/// By their numbers, from 3.
const VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];

const USAGE: &str = "usage: --messages N | --connects N, --version 3|4|5 --shards 1|2 --qos 0|1|2 \
                     --publishers N --subscribers N --plant-allocation --plant-work";

/// What is to be done, and how often.
#[derive(Default)]
struct Arguments {
    shape: Shape,
    messages: usize,
    connects: usize,
    plant_allocation: bool,
    plant_work: bool,
}

impl Arguments {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Self> {
        let mut parsed = Self::default();
        while let Some(name) = arguments.next() {
            match name.as_str() {
                // `cargo bench` adds a flag of its own.
                "--bench" => {}
                "--plant-allocation" => parsed.plant_allocation = true,
                "--plant-work" => parsed.plant_work = true,
                _ => parsed.set(&name, arguments.next()?.parse().ok()?)?,
            }
        }
        Some(parsed)
    }

    fn set(&mut self, name: &str, value: usize) -> Option<()> {
        match name {
            "--messages" => self.messages = value,
            "--connects" => self.connects = value,
            "--version" => self.shape.version = *VERSIONS.get(value.checked_sub(3)?)?,
            "--shards" => self.shape.shards = value,
            "--qos" => self.shape.qos = Qos::from_bits(u8::try_from(value).ok()?)?,
            "--publishers" => self.shape.publishers = value,
            "--subscribers" => self.shape.subscribers = value,
            _ => return None,
        }
        Some(())
    }
}

fn main() {
    let arguments = Arguments::parse(std::env::args().skip(1)).expect(USAGE);
    let mut lane = Lane::of(arguments.shape);
    let mut operation = || {
        if arguments.plant_allocation {
            black_box(Box::new(black_box(0_u64)));
        }
        if arguments.plant_work {
            (0..100_u64).for_each(|number| _ = black_box(number));
        }
        if arguments.connects > 0 {
            lane.come_and_go();
        } else {
            lane.publish();
        }
    };
    let count = arguments.messages.max(arguments.connects);
    (0..1_000 + count).for_each(|_| operation());
    println!("{} delivered or greeted", lane.delivered() + lane.greeted());
}
