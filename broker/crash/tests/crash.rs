//! Rounds against the binary that `SKEIN_BIN` names; `scripts/test crash` runs them.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests read their environment and say how far they are"
)]

use std::path::PathBuf;

use broker_crash::{Durability, Ending, Outcome, Settings, play};

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().expect("the variable is a number"))
}

/// Where the seeds of a test begin: `CRASH_SEED`, or any.
fn first_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let any = u64::from(now.expect("the clock is right").subsec_nanos());
    number("CRASH_SEED").unwrap_or(any)
}

/// Plays the round of a seed.
fn round(ending: Ending, durability: Durability, seed: u64) -> Outcome {
    let binary = std::env::var_os("SKEIN_BIN").map(PathBuf::from);
    let settings = Settings {
        binary: binary.expect("SKEIN_BIN names the binary `skein`"),
        ending,
        durability,
    };
    println!("{ending:?}, {durability:?}, CRASH_SEED={seed}");
    let outcome = play(&settings, seed).unwrap_or_else(|error| panic!("{error}"));
    println!("  {}", outcome.summary);
    outcome
}

/// Plays `count` rounds.
fn rounds(ending: Ending, durability: Durability, count: u64) -> Vec<Outcome> {
    let first = first_seed();
    let seeds = first..first + count;
    seeds.map(|seed| round(ending, durability, seed)).collect()
}

/// Every round must be without a violation.
fn assert_kept(outcomes: &[Outcome]) {
    for outcome in outcomes {
        assert_eq!(
            outcome.violations, 0,
            "{}\n{}",
            outcome.summary, outcome.report
        );
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_broker_is_killed() {
    let count = number("CRASH_ROUNDS").unwrap_or(5);
    assert_kept(&rounds(Ending::Kill, Durability::Strict, count));
}

#[test]
fn nothing_acknowledged_is_lost_when_the_power_fails() {
    let count = number("CRASH_ROUNDS").unwrap_or(3);
    let first = first_seed();
    let mut lost = 0;
    for (played, seed) in (first..first + count + 10).enumerate() {
        // In some rounds all was synced. As long as nothing was taken, nothing was tried.
        if played as u64 >= count && lost > 0 {
            return;
        }
        let outcome = round(Ending::PowerLoss, Durability::Strict, seed);
        lost += outcome.log_bytes_lost;
        assert_kept(&[outcome]);
    }
    assert!(lost > 0, "no power loss took anything from the log");
}

/// Control: what this finds has nothing to do with crashes.
#[test]
fn nothing_is_lost_when_nobody_is_killed() {
    assert_kept(&rounds(Ending::Never, Durability::Strict, 1));
}

/// Control: without its data no broker can pass.
#[test]
fn the_audit_finds_what_is_lost_with_the_data_folder() {
    let [outcome] = &rounds(Ending::Wiped, Durability::Strict, 1)[..] else {
        unreachable!()
    };
    for wrong in ["Lost", "SessionLost", "RetainedLost"] {
        assert!(
            outcome.report.contains(wrong),
            "no {wrong} in:\n{}",
            outcome.report
        );
    }
}

/// Control: what is acknowledged before it is synced is really gone.
#[test]
fn the_audit_finds_what_is_lost_with_unsynced_bytes() {
    let outcomes = rounds(Ending::PowerLoss, Durability::Relaxed, 3);
    let found = |outcome: &Outcome| outcome.report.contains("Lost");
    assert!(
        outcomes.iter().any(found),
        "nothing was lost without syncs: {outcomes:?}"
    );
}
