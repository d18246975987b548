//! What a packet that stays unconsumed waits for, and what it has been granted.

use shard_topics::Pending;
use wire_message::{ClientId, Instant};
use wire_mqtt::ReasonCode;

use crate::connection::Connection;
use crate::engine::Engine;
use crate::key::ConnectionKey;
use crate::output::{Output, Outputs};
use crate::persist::Waits;

/// The note on a connection whose front packet is not applied yet.
///
/// Grants stay until the packet is consumed, so that each wait happens once for each packet.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    /// What it waits for now; `None`: the driver was told to feed it again.
    pub(crate) waiting: Option<Wait>,
    /// Its rates are paid.
    pub(crate) charged: bool,
    /// Its retained message is with its owner; what is to be durable before it is acknowledged.
    pub(crate) stored: Option<Waits>,
    /// Until when it waits for the store.
    pub(crate) until: Option<Instant>,
    /// It waited for the store as long as it may.
    pub(crate) refused: bool,
    /// The route of its topic, good for this packet even if it is outdated by now.
    pub(crate) route: Option<Box<Pending>>,
    /// The client id it was assigned.
    pub(crate) client: Option<ClientId>,
    /// Whether the client may connect.
    pub(crate) authenticated: Option<Result<(), ReasonCode>>,
    /// What the client may do, in the order it was asked.
    pub(crate) authorized: Option<Vec<Result<(), ReasonCode>>>,
}

/// What a packet waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The control side's word on the client.
    Authenticated,
    /// The control side's word on rights.
    Authorized,
    /// Its rate allows the packet at this time.
    Rate(Instant),
    /// Room in a ring.
    Room,
    /// What the session has on the disk.
    Loaded,
    /// The owners of a topic's keys.
    Route,
    /// Its client to take what it was sent: there are more answers than may wait.
    Sent,
    /// The store to catch up.
    Store,
    /// The owner of a topic's retained message.
    Stored,
    /// The owners of filters, for a SUBSCRIBE that is consumed already.
    Subscribed,
}

impl Connection {
    /// The note, made if there is none.
    pub(crate) fn hold_mut(&mut self) -> &mut Hold {
        self.hold.get_or_insert_default()
    }
}

impl Engine {
    /// Leaves the front packet of a connection where it is until [`Self::resume`].
    pub(crate) fn hold(&mut self, key: ConnectionKey, wait: Wait) {
        if let Some(connection) = self.clients.connections.get_mut(key) {
            connection.hold_mut().waiting = Some(wait);
        }
    }

    /// Has the driver feed the front packet again, if it waits for `wait`.
    pub(crate) fn resume(&mut self, key: ConnectionKey, wait: Wait, out: &mut Outputs) {
        let Some(connection) = self.clients.connections.get_mut(key) else {
            return;
        };
        let Some(hold) = connection.hold.as_mut() else {
            return;
        };
        if hold.waiting == Some(wait) {
            hold.waiting = None;
            out.actions.push(Output::Resume { connection: key });
        }
    }
}
