//! What an entry of a slab and of the wheel costs, in time and in resident memory.
//!
//! `cargo bench -p shard-table`; numbers stand in the README.
#![allow(clippy::disallowed_methods, reason = "measures time and memory")]
#![allow(clippy::print_stdout, reason = "its output is the result")]
#![allow(clippy::cast_precision_loss, reason = "three digits are enough")]

use std::hint::black_box;
use std::time::Instant as Clock;

use shard_table::{OfSession, Slab, Wheel};
use wire_message::Instant;

const ENTRIES: u32 = 1_000_000;

/// As large as a session or a connection may be.
type Record = [u64; 22];

fn main() {
    slab();
    wheel();
}

fn slab() {
    let before = resident_bytes();
    let mut slab: Slab<Record, OfSession> = Slab::new();
    let mut keys = Vec::with_capacity(ENTRIES as usize);
    report("slab insert", || {
        (0..ENTRIES).for_each(|n| keys.push(slab.insert([n.into(); 22])));
    });
    let taken = resident_bytes() - before - 8 * u64::from(ENTRIES);
    let each = taken as f64 / f64::from(ENTRIES);
    println!(
        "slab memory: {each:.1} B an entry of {} B",
        size_of::<Record>()
    );
    // A stride that visits every entry and no neighbour soon.
    let order: Vec<_> = (0..keys.len())
        .map(|n| keys[n * 700_001 % keys.len()])
        .collect();
    report("slab get, scattered", || {
        for key in &order {
            black_box(slab.get(*key));
        }
    });
    let few = &order[..1_000];
    report("slab get, cached", || {
        for key in few.iter().cycle().take(ENTRIES as usize) {
            black_box(slab.get(*key));
        }
    });
    report("slab remove and insert, scattered", || {
        for key in &order {
            let record = slab.remove(*key).expect("removed once");
            black_box(slab.insert(record));
        }
    });
}

fn wheel() {
    let before = resident_bytes();
    let mut wheel = Wheel::new(Instant::ZERO);
    // Keep-alives of a minute, spread over ninety seconds.
    let at = |n: u32| Instant::from_nanos(u64::from(n) * 90_000 + 1_000_000_000);
    report("wheel schedule", || {
        (0..ENTRIES).for_each(|n| wheel.schedule(at(n), n.into()));
    });
    let each = (resident_bytes() - before) as f64 / f64::from(ENTRIES);
    println!("wheel memory: {each:.1} B an entry");
    // Each fires and is scheduled anew, as a keep-alive is.
    let mut fired = 0;
    let mut now = Instant::ZERO;
    report("wheel fire and schedule anew", || {
        while fired < ENTRIES {
            now = wheel.next_due().expect("it is never empty");
            let mut budget = 1_024;
            while let Some(token) = wheel.poll(now, &mut budget) {
                wheel.schedule(now + std::time::Duration::from_secs(90), token);
                fired += 1;
            }
        }
    });
    report("wheel next_due", || {
        for _ in 0..ENTRIES {
            black_box(wheel.next_due());
        }
    });
}

fn report(what: &str, run: impl FnOnce()) {
    let start = Clock::now();
    run();
    let each = start.elapsed().as_nanos() as f64 / f64::from(ENTRIES);
    println!("{what}: {each:.1} ns");
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux shows a process's pages");
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok());
    pages.expect("the second field is the resident size") * 4096
}
