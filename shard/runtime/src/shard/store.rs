//! What a turn has to do with the store.

use shard_engine::Input;

use super::Shard;
use crate::limits::STORE_EVENTS_PER_TURN_MAX;
use crate::store::PortEnd;

impl Shard {
    /// Takes what the store says.
    pub(super) fn take_store_events(&mut self) {
        for _ in 0..STORE_EVENTS_PER_TURN_MAX {
            let Some(event) = self.port.as_mut().and_then(PortEnd::poll) else {
                return;
            };
            self.tell(Input::Store(event));
        }
        self.state.unfinished = true;
    }

    /// Has the engine submit what the turn is to leave behind, and tell other shards what is durable.
    pub(super) fn end_turn(&mut self) {
        self.engine.end_turn(self.state.now, &mut self.state.out);
        self.perform();
        for link in &mut self.links {
            self.state.unfinished |= link.tell_waiting();
        }
    }

    /// The end of the store that a shard has whose engine stores anything.
    pub(super) fn port(&mut self) -> &mut PortEnd {
        self.port
            .as_mut()
            .expect("an engine without a store stores nothing")
    }
}
