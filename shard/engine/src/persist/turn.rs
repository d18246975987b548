//! What the store and other shards say about the disk, and the end of a turn.

use store_model::{Event, StoreState};
use wire_message::{Instant, ShardId};

use super::awaiting::Waiter;
use crate::engine::Engine;
use crate::hold::Wait;
use crate::output::{Output, Outputs};

impl Engine {
    /// Ends a turn: what was written down in it goes to the store, and other shards hear how far
    /// what they sent is durable. To be called when everything else of the turn was given to the
    /// engine.
    pub fn end_turn(&mut self, now: Instant, out: &mut Outputs) {
        self.clients.now = now;
        let (batches, operations) = self.clients.journal.end_turn(out);
        self.clients.counters.store_batches += batches;
        self.clients.counters.store_operations += operations;
        self.clients.ask_store(out);
        for (shard, arrivals) in (0..).map(ShardId).zip(&mut self.arrivals) {
            if let Some(through) = arrivals.trail.tell() {
                out.actions.push(Output::Durable { to: shard, through });
            }
        }
    }

    /// Whether [`Self::end_turn`] has something to do.
    pub(crate) fn has_turn_to_end(&self) -> bool {
        self.clients.journal.has_work()
            || self.clients.journal.is_submitted() && self.clients.has_questions()
    }

    /// The store says something.
    pub(crate) fn handle_store(&mut self, event: Event, now: Instant, out: &mut Outputs) {
        match event {
            Event::Answer(id, answer) => self.store_answered(id, answer, now, out),
            Event::Durable { through } => {
                self.clients.journal.durable(through);
                if !self.clients.endings.is_empty() {
                    self.clients.endings.retain(|_, batch| *batch > through.0);
                }
                for arrivals in &mut self.arrivals {
                    arrivals.trail.durable(through);
                }
                let here = self.place.shard;
                self.reached(here, through.0, now, out);
                self.let_writers_go_on(out);
            }
            Event::State(state) => {
                self.clients.journal.set_state(state);
                if state == StoreState::Healthy {
                    self.let_writers_go_on(out);
                }
            }
        }
    }

    /// What `shard` wrote, up to `through`, is durable.
    pub(crate) fn reached(
        &mut self,
        shard: ShardId,
        through: u64,
        now: Instant,
        out: &mut Outputs,
    ) {
        self.clients.awaiting.reach(shard, through);
        while let Some(waiter) = self.clients.awaiting.next_ready(shard) {
            match waiter {
                Waiter::Connection(key) => self.advance_line(key, now, out),
                Waiter::Deferred(key) => self.write_deferred(key),
            }
        }
    }

    /// Publishes that were held because the store was behind go on.
    fn let_writers_go_on(&mut self, out: &mut Outputs) {
        if self.clients.journal.is_congested() {
            return;
        }
        for key in core::mem::take(&mut self.held_by_store) {
            self.resume(key, Wait::Store, out);
        }
        self.unblock_backlog();
    }

    /// What the entry at hand had this shard write is written down; the sender will be told when it
    /// is durable. The number of the entry, 0 if nothing is stored here.
    pub(crate) fn note_written(&mut self, from: ShardId, is_urgent: bool) -> u64 {
        if !self.clients.journal.is_on() {
            return 0;
        }
        if is_urgent {
            self.clients.journal.hurry();
        }
        let arrivals = &mut self.arrivals[from.index()];
        arrivals
            .trail
            .taken(arrivals.count, self.clients.journal.written());
        arrivals.count
    }

    /// Whether everything that was written down is durable, and everybody knows.
    pub(crate) fn is_settled(&self) -> bool {
        self.clients.journal.is_settled()
            && self.deferred.is_empty()
            && self.clients.awaiting.is_empty()
    }
}
