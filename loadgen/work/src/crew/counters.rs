//! What a crew counts.

use std::collections::BTreeMap;

use loadgen_report::Tally;
use wire_message::Instant;

use crate::Refusal;

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Since the last sample: what happened, and latencies of what was due in the stage that goes on.
    pub(super) tally: Tally,
    /// Latencies of what was due in former stages, by the stage's place in the plan.
    pub(super) late: BTreeMap<u16, Tally>,
    /// When the stage that goes on began.
    began: Instant,
    /// When stages began, and which, in order.
    stages: Vec<(Instant, u16)>,
    pub(super) connected: u64,
    pub(super) wills: u64,
    pub(super) stalls: u64,
    /// Members that are connecting or closing.
    pub(super) passing: u64,
    /// Messages that are due and wait.
    pub(super) owed: u64,
    /// Messages that were sent and not acknowledged.
    pub(super) unacknowledged: u64,
    /// Empty messages to be sent.
    pub(super) clears: u64,
    pub(super) expected: u64,
    pub(super) delivered: u64,
    /// What the broker refused, since the beginning; as many kinds as there are reasons.
    pub(super) refusals: BTreeMap<Refusal, u64>,
}

impl Counters {
    /// Notes that `stage` begins at `now`: what was measured since the last sample was of the one
    /// before.
    pub(super) fn begin(&mut self, stage: u16, now: Instant) {
        if let Some(&(_, former)) = self.stages.last() {
            let tally = &mut self.tally;
            let measured = [&tally.intended, &tally.sent, &tally.acknowledged];
            if measured.iter().any(|histogram| !histogram.is_empty()) {
                let mut moved = Tally::default();
                core::mem::swap(&mut moved.intended, &mut tally.intended);
                core::mem::swap(&mut moved.sent, &mut tally.sent);
                core::mem::swap(&mut moved.acknowledged, &mut tally.acknowledged);
                self.late.entry(former).or_default().add(&moved);
            }
        }
        self.began = now;
        self.stages.push((now, stage));
    }

    /// Where the latency of a message belongs that was due at `due`: to the stage of that time, not
    /// to that of its arrival, or a broker that stands still at the end of a stage would escape.
    #[inline]
    pub(super) fn tally_of(&mut self, due: Instant) -> &mut Tally {
        if due >= self.began {
            return &mut self.tally;
        }
        self.late_tally(due)
    }

    #[cold]
    fn late_tally(&mut self, due: Instant) -> &mut Tally {
        let after = self.stages.partition_point(|(began, _)| *began <= due);
        match self.stages.get(after.saturating_sub(1)) {
            Some(&(_, stage)) => self.late.entry(stage).or_default(),
            None => &mut self.tally,
        }
    }
}
