//! What happens to a crew.

use serde::{Deserialize, Serialize};

/// A client's number among all clients of the plan.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Deserialize, Serialize,
)]
pub struct ClientNumber(pub u32);

/// Something that happened outside.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The stage with this place in the plan begins.
    Begin(usize),
    /// The transport that was asked for is there.
    Connected(ClientNumber),
    /// The transport that was asked for could not be had.
    ConnectFailed(ClientNumber),
    /// The transport read these bytes, cut anywhere.
    Bytes(ClientNumber, &'a [u8]),
    /// The transport is gone; by the peer, or because the crew asked for it.
    Closed(ClientNumber),
    /// Bytes were sent.
    Writable {
        /// By whom.
        client: ClientNumber,
        /// Bytes that are still queued behind them.
        left: usize,
    },
    /// Messages of this crew's publishers arrived at clients of other workers.
    Credits(&'a [Credit]),
}

/// Copies of a message that arrived, for the window of its publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Credit {
    /// Whose message.
    pub stream: u32,
    /// Which message.
    pub sequence: u32,
    /// How many copies.
    pub copies: u32,
}
