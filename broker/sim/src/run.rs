//! One run, from a seed to a verdict.

use core::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::defect::Defect;
use crate::plan::Plan;
use crate::stats::Stats;
use crate::violation::Violation;
use crate::world::World;

/// A run in which a property did not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// Shards.
    pub shards: usize,
    /// What was wrong.
    pub violation: Violation,
    /// What happened before, a line per event.
    pub trace: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            shards,
            violation,
            ..
        } = self;
        write!(f, "SIM_SEED={seed} with {shards} shards: {violation}")
    }
}

/// Runs the seed with so many shards, and with a defect if the run is to fail.
///
/// A run that fails is repeated to get its trace.
///
/// # Errors
///
/// [`Failure`] if a property did not hold, or something panicked.
pub fn run(seed: u64, shards: usize, defect: Option<Defect>) -> Result<Stats, Box<Failure>> {
    let (outcome, _) = attempt(seed, shards, defect, false);
    outcome.map_err(|violation| {
        let (_, trace) = attempt(seed, shards, defect, true);
        Box::new(Failure {
            seed,
            shards,
            violation,
            trace,
        })
    })
}

fn attempt(
    seed: u64,
    shards: usize,
    defect: Option<Defect>,
    is_traced: bool,
) -> (Result<Stats, Violation>, String) {
    let mut world = World::new(Plan::new(seed, shards, defect), is_traced);
    let outcome = catch_unwind(AssertUnwindSafe(|| world.run().map(|()| world.stats())));
    let outcome = outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("a panic");
        Err(Violation {
            property: "panics",
            text: text.to_owned(),
        })
    });
    (outcome, world.outside.trace.text())
}
