//! Whether a listener takes another connection.

use shard_session::{Charge, Limiter};
use wire_message::Instant;

use crate::engine::Refused;
use crate::settings::{ListenerId, ListenerSettings};

/// The connections and connect rates of all listeners on this shard.
#[derive(Debug)]
pub(crate) struct Admission(Vec<Door>);

#[derive(Debug, Default)]
struct Door {
    connections: u32,
    rate: Limiter,
}

impl Admission {
    pub(crate) fn new(listeners: usize) -> Self {
        Self((0..listeners).map(|_| Door::default()).collect())
    }

    /// Counts a new connection in, if the listener's limits allow it.
    pub(crate) fn admit(
        &mut self,
        listener: ListenerId,
        settings: &ListenerSettings,
        now: Instant,
    ) -> Result<(), Refused> {
        let door = &mut self.0[usize::from(listener.0)];
        if door.connections >= settings.connections_max {
            return Err(Refused::Connections);
        }
        if let Some(rate) = settings.connect_rate
            && door.rate.charge(1, rate, now) != Charge::Passed
        {
            return Err(Refused::Rate);
        }
        door.connections += 1;
        Ok(())
    }

    /// Counts a connection in that another shard admitted.
    pub(crate) fn take(&mut self, listener: ListenerId) {
        self.0[usize::from(listener.0)].connections += 1;
    }

    /// Counts a connection out.
    pub(crate) fn leave(&mut self, listener: ListenerId) {
        let door = &mut self.0[usize::from(listener.0)];
        assert!(door.connections > 0, "only who came in leaves");
        door.connections -= 1;
    }
}
