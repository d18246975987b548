//! All clients of one worker.

use std::sync::Arc;

use loadgen_plan::{Audience, Plan, RunId, Worker};
use wire_message::Instant;

use crate::{Account, Input, Out, Progress, Sample};

/// The clients of one worker.
///
/// The caller carries out what [`Out`] says after each call, and calls
/// [`Self::handle_timeout`] once after each batch of inputs, and when [`Self::next_timeout`] says so.
#[derive(Debug)]
pub struct Crew {
    plan: Arc<Plan>,
    audience: Arc<Audience>,
    worker: Worker,
    run: RunId,
}

impl Crew {
    /// The crew of `worker` for a plan that was checked, with nothing connected.
    #[must_use]
    pub fn new(plan: Arc<Plan>, audience: Arc<Audience>, worker: Worker, run: RunId) -> Self {
        Self {
            plan,
            audience,
            worker,
            run,
        }
    }

    /// Takes note of `input`, and appends to `out` what must follow.
    pub fn handle_input(&mut self, input: Input<'_>, now: Instant, out: &mut Out) {
        let _ = (
            input,
            now,
            out,
            &self.plan,
            &self.audience,
            self.worker,
            self.run,
        );
    }

    /// Does what is due at `now`. Early or repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Out) {
        let _ = (now, out);
    }

    /// When to call [`Self::handle_timeout`]; ask again after every other call.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Instant> {
        None
    }

    /// How far the crew is; cheap.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress::default()
    }

    /// Counters and histograms since the last call; takes new ones of about 1.5 MiB in all.
    pub fn sample(&mut self) -> Sample {
        Sample::default()
    }

    /// Everything since the beginning, for the end of the run.
    #[must_use]
    pub fn account(&self) -> Account {
        Account::default()
    }
}
