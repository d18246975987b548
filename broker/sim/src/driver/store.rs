//! The store's side: what it tells the engine, and what the engine begins with.

use std::sync::Arc;

use shard_engine::{Input, Restored};
use store_model::{Answer, Batch, Event, Operation, Read, RequestId, StoredDelayed, StoredSession};
use wire_message::{Message, ShardId};

use super::Driver;
use crate::defect::Defect;
use crate::outside::Outside;
use crate::violation::{Checked, Violation};

impl Driver {
    /// A session that this shard has from now on; what others must know of it.
    pub(crate) fn restore_session(
        &mut self,
        session: &StoredSession,
        outside: &Outside,
    ) -> Vec<(ShardId, Restored)> {
        self.engine.restore_session(session, outside.time())
    }

    /// What this shard must know of another one's session.
    pub(crate) fn restore_for(&mut self, from: ShardId, restored: &Restored) {
        self.engine.restore_for(from, restored);
    }

    /// A retained message of a topic that this shard owns.
    pub(crate) fn restore_retained(&mut self, message: Arc<Message>, outside: &Outside) {
        self.engine.restore_retained(message, outside.time());
    }

    /// A delayed message that this shard is to publish.
    pub(crate) fn restore_delayed(&mut self, delayed: StoredDelayed, outside: &Outside) {
        self.engine.restore_delayed(delayed, outside.time());
    }

    /// Gives the engine what the store has told.
    pub(super) fn hear_store(&mut self, outside: &mut Outside) -> Checked {
        let now = outside.now;
        while let Some(storage) = &mut outside.storage
            && let Some(event) = storage.poll(self.shard, now, &mut outside.rng)
        {
            outside.moved += 1;
            let event = spoil_event(event, outside);
            outside.note(format_args!("shard {}: {event:?}", self.shard));
            self.input(Input::Store(event), outside)?;
        }
        Ok(())
    }

    /// Passes a batch on to the store, unless the run's defect does something else with it.
    pub(super) fn submit(&mut self, mut batch: Batch, outside: &mut Outside) -> Checked {
        outside.note(format_args!("shard {}: submits {batch:?}", self.shard));
        outside.stats.batches += 1;
        let through = batch.sequence;
        if outside.strikes(Defect::BatchLost, 50) && !batch.operations.is_empty() {
            outside.stats.harmed += 1;
            batch.operations.clear();
        }
        if outside.strikes(Defect::RemovalLost, 500) {
            let before = batch.operations.len();
            let is_removal = |operation: &Operation| matches!(operation, Operation::Remove(_));
            batch.operations.retain(|operation| !is_removal(operation));
            outside.stats.harmed += u64::from(batch.operations.len() < before);
        }
        if outside.strikes(Defect::DurableEarly, 1_000) {
            outside.stats.harmed += 1;
            self.early.push(Input::Store(Event::Durable { through }));
        }
        let storage = outside.storage.as_mut().ok_or_else(without)?;
        storage.submit(self.shard, batch)
    }

    /// Passes a question on to the store.
    pub(super) fn ask(&mut self, request: RequestId, read: Read, outside: &mut Outside) -> Checked {
        outside.note(format_args!(
            "shard {}: asks {request:?} {read:?}",
            self.shard
        ));
        outside.stats.questions += 1;
        let storage = outside.storage.as_mut().ok_or_else(without)?;
        storage.ask(self.shard, request, read)
    }

    /// Tells another shard what is durable, unless the run's defect forgets it.
    pub(super) fn tell_durable(&mut self, to: ShardId, through: u64, outside: &mut Outside) {
        if outside.strikes(Defect::WatermarkForgotten, 1_000) {
            outside.stats.harmed += 1;
            return;
        }
        outside.stats.watermarks += 1;
        outside.rings.keep_durable(self.shard, to, through);
    }
}

/// Changes an answer, if the defect strikes.
fn spoil_event(event: Event, outside: &mut Outside) -> Event {
    match event {
        Event::Answer(request, Answer::Flights(flights)) if !flights.is_empty() => {
            if outside.strikes(Defect::FlightsForgotten, 1_000) {
                outside.stats.harmed += 1;
                return Event::Answer(request, Answer::Flights(Vec::new()));
            }
            Event::Answer(request, Answer::Flights(flights))
        }
        Event::Answer(request, Answer::Receipts(receipts)) if !receipts.is_empty() => {
            if outside.strikes(Defect::ReceiptsForgotten, 1_000) {
                outside.stats.harmed += 1;
                return Event::Answer(request, Answer::Receipts(Vec::new()));
            }
            Event::Answer(request, Answer::Receipts(receipts))
        }
        event @ (Event::Answer(..) | Event::Durable { .. } | Event::State(_)) => event,
    }
}

fn without() -> Violation {
    Violation::new("contract", "an engine without a store uses it".into())
}
