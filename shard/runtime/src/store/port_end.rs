//! A shard's end of the store, as its turn needs it.

use store_model::{Batch, Event, Read, RequestId};
use store_rocks::Port;

/// The port, and an event that was seen before the shard wanted to sleep.
#[derive(Debug)]
pub(crate) struct PortEnd {
    port: Port,
    seen: Option<Event>,
}

impl PortEnd {
    pub(crate) const fn new(port: Port) -> Self {
        Self { port, seen: None }
    }

    /// The next event.
    pub(crate) fn poll(&mut self) -> Option<Event> {
        self.seen.take().or_else(|| self.port.poll())
    }

    /// Whether no event waits.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.seen = self.poll();
        self.seen.is_none()
    }

    pub(crate) fn submit(&mut self, batch: Batch) {
        let submitted = self.port.submit(batch);
        assert!(
            submitted.is_ok(),
            "the engine counts the room of its ring to the store"
        );
    }

    pub(crate) fn ask(&mut self, request: RequestId, read: Read) {
        let asked = self.port.ask(request, read);
        assert!(asked.is_ok(), "the engine counts its questions");
    }
}
