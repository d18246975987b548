//! The operations of this shard, in batches: one for each turn, and in order.

use std::collections::VecDeque;

use store_model::limits::{BATCH_OPERATIONS_MAX, QUESTIONS_MAX, REQUESTS_MAX};
use store_model::{Batch, Number, Numbers, Operation, Sequence, StoreState, WallClock};
use wire_message::ShardId;

use crate::limits::{JOURNAL_BYTES_MAX, TRANSACTION_OPERATIONS_MAX};
use crate::output::{Output, Outputs};

/// Batches in the ring to the store that are not durable; questions have the rest.
const SUBMITTED_MAX: u64 = (REQUESTS_MAX - QUESTIONS_MAX) as u64;

/// What an operation without a message weighs, bytes.
const OPERATION_BYTES: u64 = 64;

/// What this shard has the store write.
#[derive(Debug)]
pub(crate) struct Journal {
    numbers: Numbers,
    clock: WallClock,
    is_on: bool,
    state: StoreState,
    /// Not submitted yet. The last one takes operations if its sequence is `last` and it is open.
    batches: VecDeque<Batch>,
    is_open: bool,
    /// Whether the last batch is to be synced at once.
    is_last_urgent: bool,
    /// The last batch that was begun.
    last: u64,
    /// The last batch that was submitted.
    submitted: u64,
    /// The last batch that is durable.
    durable: u64,
    /// Bytes of each batch after the durable ones.
    weights: VecDeque<u64>,
    weight: u64,
    operations: u64,
}

impl Journal {
    /// A journal whose numbers begin at `first`; without one nothing is stored.
    pub(crate) fn new(shard: ShardId, first: Option<Number>, clock: WallClock) -> Self {
        // Zero stands for "no number".
        let begin = Number(first.map_or(1, |first| first.0.max(1)));
        Self {
            numbers: Numbers::new(begin, shard),
            clock,
            is_on: first.is_some(),
            state: StoreState::Healthy,
            batches: VecDeque::new(),
            is_open: false,
            is_last_urgent: false,
            last: 0,
            submitted: 0,
            durable: 0,
            weights: VecDeque::new(),
            weight: 0,
            operations: 0,
        }
    }

    /// Whether anything is stored at all.
    pub(crate) const fn is_on(&self) -> bool {
        self.is_on
    }

    pub(crate) const fn clock(&self) -> WallClock {
        self.clock
    }

    /// The store is in another state. Once it has failed nothing more is written down, and nobody
    /// hears that anything is durable.
    pub(crate) fn set_state(&mut self, state: StoreState) {
        self.state = state;
        if state == StoreState::Failed {
            self.batches.clear();
            self.is_open = false;
            self.last = self.last.max(self.durable + 1);
        }
    }

    /// Whether so much waits that whoever is stored must not add to it.
    pub(crate) const fn is_overfull(&self) -> bool {
        self.weight >= 2 * JOURNAL_BYTES_MAX
    }

    fn has_failed(&self) -> bool {
        self.state == StoreState::Failed
    }

    /// A number that nothing else ever had.
    pub(crate) const fn take_number(&mut self) -> Number {
        self.numbers.take()
    }

    /// Writes an operation down; the batch that it is in. Operations that follow at once, up to
    /// [`TRANSACTION_OPERATIONS_MAX`], are in the same batch after [`Self::begin`].
    pub(crate) fn push(&mut self, operation: Operation) -> Sequence {
        self.operations += 1;
        if self.has_failed() {
            return Sequence(self.last);
        }
        let full = |batch: &Batch| batch.operations.len() >= BATCH_OPERATIONS_MAX;
        if !self.is_open || self.batches.back().is_some_and(full) {
            self.open();
        }
        let weight = weigh(&operation);
        self.weight += weight;
        if let Some(last) = self.weights.back_mut() {
            *last += weight;
        }
        let batch = self.batches.back_mut().expect("a batch is open");
        batch.operations.push(operation);
        batch.sequence
    }

    /// The operations that follow belong together: they must not be cut into two batches.
    pub(crate) fn begin(&mut self) {
        let room = BATCH_OPERATIONS_MAX - TRANSACTION_OPERATIONS_MAX;
        if self.is_open
            && self
                .batches
                .back()
                .is_some_and(|batch| batch.operations.len() > room)
        {
            self.open();
        }
    }

    fn open(&mut self) {
        if self.has_failed() {
            return;
        }
        self.last += 1;
        self.is_open = true;
        self.is_last_urgent = false;
        self.weights.push_back(0);
        self.batches.push_back(Batch {
            sequence: Sequence(self.last),
            operations: Vec::new(),
            urgent: false,
        });
    }

    /// Somebody waits for what was written down so far: it is to be synced at once.
    pub(crate) fn hurry(&mut self) {
        if self.batches.is_empty() && self.last > self.durable && !self.is_last_urgent {
            // The batch is with the store already; an empty one has the store sync it.
            self.open();
        }
        self.mark_urgent();
    }

    /// Somebody waits for what is written down next.
    pub(crate) fn hurry_next(&mut self) {
        if !self.is_open {
            self.open();
        }
        self.mark_urgent();
    }

    fn mark_urgent(&mut self) {
        if let Some(batch) = self.batches.back_mut() {
            batch.urgent = true;
            self.is_last_urgent = true;
        }
    }

    /// The last batch with operations: when it is durable, everything written down so far is.
    pub(crate) const fn written(&self) -> Sequence {
        Sequence(self.last)
    }

    /// Whether the store is so far behind that nothing more should be written down for now.
    pub(crate) fn is_congested(&self) -> bool {
        self.is_on
            && (self.state != StoreState::Healthy
                || self.last - self.durable >= SUBMITTED_MAX
                || self.weight >= JOURNAL_BYTES_MAX)
    }

    /// Whether everything written down is durable.
    pub(crate) const fn is_settled(&self) -> bool {
        self.durable == self.last
    }

    /// Ends the turn's batch, and submits what the store's ring has room for.
    /// How many batches, and operations in them.
    pub(crate) fn end_turn(&mut self, out: &mut Outputs) -> (u64, u64) {
        let mut submitted = (0, 0);
        if self.last - self.durable > SUBMITTED_MAX / 2 || self.weight > JOURNAL_BYTES_MAX / 2 {
            // Though nobody waits for it: soon nothing more could be written down.
            self.mark_urgent();
        }
        self.is_open = false;
        while self.submitted - self.durable < SUBMITTED_MAX {
            let Some(batch) = self.batches.pop_front() else {
                break;
            };
            submitted.0 += 1;
            submitted.1 += batch.operations.len() as u64;
            self.submitted = batch.sequence.0;
            out.actions.push(Output::Store(batch));
        }
        submitted
    }

    /// Whether everything written down is with the store.
    pub(crate) fn is_submitted(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether a batch could be submitted now.
    pub(crate) fn has_work(&self) -> bool {
        !self.batches.is_empty() && self.submitted - self.durable < SUBMITTED_MAX
    }

    /// The batch that the next operation is in, after [`Self::begin`].
    pub(crate) const fn next_batch(&self) -> Sequence {
        let is_there = self.is_open || matches!(self.state, StoreState::Failed);
        if is_there {
            Sequence(self.last)
        } else {
            Sequence(self.last + 1)
        }
    }

    /// Operations written down since the start: tells whether something was between two looks.
    pub(crate) const fn operations(&self) -> u64 {
        self.operations
    }

    /// Batches up to `through` are durable.
    pub(crate) fn durable(&mut self, through: Sequence) {
        while self.durable < through.0 {
            self.durable += 1;
            let weight = self.weights.pop_front();
            self.weight -= weight.expect("every batch that is not durable has its weight");
        }
    }
}

fn weigh(operation: &Operation) -> u64 {
    let message = match operation {
        Operation::Delay { message, .. } | Operation::PutRetained(message) => message,
        Operation::Enqueue(enqueue) => {
            let entries = OPERATION_BYTES * enqueue.entries.len() as u64;
            return entries + enqueue.message.cost_bytes() as u64;
        }
        Operation::PutWill(will) => &will.message,
        Operation::DropDelayed { .. }
        | Operation::DropFlight { .. }
        | Operation::DropReceipt { .. }
        | Operation::DropRetained(_)
        | Operation::DropSession { .. }
        | Operation::DropSubscription { .. }
        | Operation::DropWill { .. }
        | Operation::PutFlight { .. }
        | Operation::PutReceipt { .. }
        | Operation::PutSession(_)
        | Operation::PutSubscription(_)
        | Operation::Remove(_) => return OPERATION_BYTES,
    };
    OPERATION_BYTES + message.cost_bytes() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal() -> Journal {
        Journal::new(ShardId(3), Some(Number(0)), WallClock::default())
    }

    fn operation(journal: &mut Journal) -> Operation {
        let session = journal.take_number();
        Operation::DropSession { session }
    }

    fn write(journal: &mut Journal) -> u64 {
        let operation = operation(journal);
        journal.push(operation).0
    }

    fn submitted(journal: &mut Journal) -> Vec<Batch> {
        let mut out = Outputs::default();
        journal.end_turn(&mut out);
        let mut batches = Vec::new();
        for output in out.actions {
            if let Output::Store(batch) = output {
                batches.push(batch);
            }
        }
        batches
    }

    #[test]
    fn a_turn_is_a_batch() {
        let mut journal = journal();
        assert_eq!((write(&mut journal), write(&mut journal)), (1, 1));
        assert!(journal.has_work() && !journal.is_settled());
        let batches = submitted(&mut journal);
        assert_eq!(batches.len(), 1);
        assert_eq!(
            (batches[0].sequence, batches[0].operations.len()),
            (Sequence(1), 2)
        );
        assert_eq!(write(&mut journal), 2);
        journal.durable(Sequence(1));
        assert!(!journal.is_settled());
        assert_eq!(submitted(&mut journal).len(), 1);
        journal.durable(Sequence(2));
        assert!(journal.is_settled() && submitted(&mut journal).is_empty());
    }

    #[test]
    fn numbers_are_never_zero() {
        let mut journal = Journal::new(ShardId(0), Some(Number(0)), WallClock::default());
        assert!(journal.take_number().0 > 0);
    }

    #[test]
    fn what_belongs_together_is_not_cut() {
        let mut journal = journal();
        for _ in 0..BATCH_OPERATIONS_MAX - 1 {
            write(&mut journal);
        }
        journal.begin();
        assert_eq!((write(&mut journal), write(&mut journal)), (2, 2));
        for _ in 0..BATCH_OPERATIONS_MAX {
            write(&mut journal);
        }
        let lengths: Vec<usize> = submitted(&mut journal)
            .iter()
            .map(|batch| batch.operations.len())
            .collect();
        assert_eq!(lengths, [BATCH_OPERATIONS_MAX - 1, BATCH_OPERATIONS_MAX, 2]);
    }

    #[test]
    fn the_store_never_gets_more_batches_than_its_ring_has_room_for() {
        let mut journal = journal();
        for _ in 0..SUBMITTED_MAX {
            write(&mut journal);
            assert_eq!(submitted(&mut journal).len(), 1);
        }
        assert!(journal.is_congested());
        write(&mut journal);
        assert!(submitted(&mut journal).is_empty() && !journal.is_submitted());
        journal.durable(Sequence(1));
        assert_eq!(submitted(&mut journal).len(), 1);
    }

    #[test]
    fn who_waits_for_a_batch_that_is_gone_already_has_it_synced() {
        let mut journal = journal();
        write(&mut journal);
        assert!(!submitted(&mut journal)[0].urgent);
        journal.hurry();
        let batches = submitted(&mut journal);
        assert!(batches[0].urgent && batches[0].operations.is_empty());
        journal.hurry();
        assert!(submitted(&mut journal).is_empty(), "once is enough");
        journal.durable(Sequence(2));
        journal.hurry();
        assert!(submitted(&mut journal).is_empty(), "nothing is waited for");
    }

    #[test]
    fn a_store_that_syncs_rarely_is_told_to_before_nothing_more_can_be_written_down() {
        let mut journal = journal();
        let mut urgent = 0;
        for _ in 0..SUBMITTED_MAX - 1 {
            write(&mut journal);
            urgent += submitted(&mut journal)
                .iter()
                .filter(|batch| batch.urgent)
                .count();
        }
        assert!(urgent > 0 && !journal.is_congested());
    }

    #[test]
    fn a_failed_store_gets_nothing_and_nothing_is_durable() {
        let mut journal = journal();
        write(&mut journal);
        journal.set_state(StoreState::Failed);
        let mark = write(&mut journal);
        assert!(mark > journal.durable && !journal.is_settled());
        assert!(submitted(&mut journal).is_empty());
    }
}
