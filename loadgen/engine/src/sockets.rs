//! The sockets of a worker's clients.

use loadgen_work::ClientNumber;
use shard_uring::SocketKey;

/// What the engine knows of one client: its socket, if it has one, and what is to be done about it.
#[derive(Clone, Copy, Debug, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
pub(crate) struct Line {
    pub(crate) socket: Option<SocketKey>,
    /// Something waits to be received.
    pub(crate) readable: bool,
    /// Stands in the list of clients to serve.
    pub(crate) queued: bool,
    /// The crew does not want to read now.
    pub(crate) paused: bool,
    /// The peer has finished, or the connection broke; receive until told so.
    pub(crate) ended: bool,
    /// The client has said goodbye; what still arrives is discarded until the broker closes.
    pub(crate) closing: bool,
}

const _: () = assert!(
    size_of::<Line>() <= 20,
    "an idle client costs 20 bytes here"
);

/// All of them, by client.
#[derive(Debug)]
pub(crate) struct Sockets(Box<[Line]>);

impl Sockets {
    pub(crate) fn new(clients: u32) -> Self {
        Self(vec![Line::default(); clients as usize].into_boxed_slice())
    }

    pub(crate) fn line(&mut self, client: ClientNumber) -> &mut Line {
        &mut self.0[client.0 as usize]
    }

    /// The client of an event: its tag says who it is, unless the socket is not his any more.
    pub(crate) fn owner(&mut self, tag: u64, socket: SocketKey) -> Option<ClientNumber> {
        let number = u32::try_from(tag).ok()?;
        let line = self.0.get(number as usize)?;
        (line.socket == Some(socket)).then_some(ClientNumber(number))
    }
}
