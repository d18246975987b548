//! A thousand seeds: `SIM_SEED=7 cargo nextest run --cargo-profile sim -p broker-sim` replays one
//! of them on one to four shards, `SIM_SEEDS=5000..6000` runs others.

#![allow(
    clippy::panic,
    clippy::print_stdout,
    reason = "a test reports and fails"
)]

use std::ops::Range;

use broker_sim::{Stats, run};

/// Seeds of a normal run, all shards together.
const SEEDS: Range<u64> = 0..1000;

/// Lines of the trace of a failed seed among many.
const LINES_SHOWN: usize = 200;

/// Parts in which the seeds run side by side.
const PARTS: u64 = 8;

#[expect(
    clippy::disallowed_methods,
    reason = "which seeds to run comes from outside"
)]
fn wanted() -> Option<Range<u64>> {
    if let Ok(seed) = std::env::var("SIM_SEED") {
        let seed = seed.parse().expect("SIM_SEED is a number");
        return Some(seed..seed + 1);
    }
    let seeds = std::env::var("SIM_SEEDS").ok()?;
    let (from, to) = seeds
        .split_once("..")
        .expect("SIM_SEEDS is a range: 5000..6000");
    let number = |text: &str| text.parse().expect("SIM_SEEDS is a range of numbers");
    Some(number(from)..number(to))
}

fn run_all(seeds: impl Iterator<Item = (u64, usize)>) -> Stats {
    let mut sum = Stats::default();
    for (seed, shards) in seeds {
        match run(seed, shards, None) {
            Ok(stats) => sum += stats,
            Err(failure) => panic!("{}\n{failure}", shown(&failure.trace)),
        }
    }
    sum
}

/// The trace for whoever replays a seed; its end for whoever runs many.
fn shown(trace: &str) -> &str {
    if wanted().is_some_and(|seeds| seeds.end - seeds.start == 1) {
        return trace;
    }
    let start = trace
        .rmatch_indices('\n')
        .nth(LINES_SHOWN)
        .map_or(0, |(place, _)| place + 1);
    &trace[start..]
}

/// Runs a part of the seeds, and sees that they met what the properties are about.
fn part(part: u64) {
    if let Some(seeds) = wanted() {
        let of_part = seeds.filter(|seed| seed % PARTS == part);
        let sum = run_all(of_part.flat_map(|seed| [1, 2, 3, 4].map(|shards| (seed, shards))));
        println!("{sum:#?}");
        return;
    }
    let shards = |seed: u64| [1, 2, 2, 3, 4, 4][usize::try_from(seed / PARTS % 6).expect("small")];
    let of_part = SEEDS.filter(|seed| seed % PARTS == part);
    let sum = run_all(of_part.map(|seed| (seed, shards(seed))));
    println!("{sum:#?}");
    for (name, count) in sum.iter().filter(|(name, _)| *name != "harmed") {
        assert!(count > 0, "no run met `{name}`");
    }
}

macro_rules! parts {
    ($($name:ident = $part:literal,)+) => {
        $(#[test] fn $name() { part($part); })+
    };
}

parts! {
    every_property_holds_for_part_0 = 0,
    every_property_holds_for_part_1 = 1,
    every_property_holds_for_part_2 = 2,
    every_property_holds_for_part_3 = 3,
    every_property_holds_for_part_4 = 4,
    every_property_holds_for_part_5 = 5,
    every_property_holds_for_part_6 = 6,
    every_property_holds_for_part_7 = 7,
}

#[test]
fn a_seed_repeats_exactly() {
    for seed in 0..3 {
        let (one, other) = (run(seed, 2, None), run(seed, 2, None));
        let (one, other) = (
            one.map_err(|failure| failure.violation),
            other.map_err(|failure| failure.violation),
        );
        assert_eq!(one, other, "seed {seed}");
    }
}
