//! What the runtime knows about each connection of its engine.

use shard_engine::ConnectionKey;
use shard_uring::SocketKey;

use crate::unread::Unread;

/// The transport of one connection. This is all that an idle one costs here.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "facts that vary independently"
)]
pub(crate) struct Io {
    pub(crate) socket: SocketKey,
    /// Bytes not consumed, while there are any.
    pub(crate) unread: Option<Box<Unread>>,
    /// Length of the packet at the front of `unread`, as far as is known.
    pub(crate) wanted: u32,
    generation: u32,
    /// The engine does not want bytes.
    pub(crate) paused: bool,
    /// There may be more to receive.
    pub(crate) readable: bool,
    /// The end of the stream waits behind what there is to receive.
    pub(crate) ended: bool,
    /// All that the peer will ever send is received.
    pub(crate) finished: bool,
    /// Sending failed: once what has arrived is received, the connection is over.
    pub(crate) broken: bool,
    /// The engine can take from `unread` without more bytes.
    pub(crate) refeed: bool,
    /// Stands in the list of connections to feed in the next turn.
    pub(crate) queued: bool,
}

const _: () = assert!(
    size_of::<Option<Io>>() <= 32,
    "an idle connection costs 32 bytes here"
);

const CHUNK: usize = 256;

/// Transports by the engine's key, in chunks that never move.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    chunks: Vec<Box<[Option<Io>; CHUNK]>>,
    len: usize,
}

impl Connections {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Adds the transport of a connection that the engine has just made.
    pub(crate) fn insert(&mut self, key: ConnectionKey, socket: SocketKey) -> &mut Io {
        let index = key.index() as usize;
        while self.chunks.len() <= index / CHUNK {
            self.chunks.push(Box::new([const { None }; CHUNK]));
        }
        let place = &mut self.chunks[index / CHUNK][index % CHUNK];
        assert!(
            place.is_none(),
            "the engine gives an index away once it is free"
        );
        self.len += 1;
        place.insert(Io {
            socket,
            unread: None,
            wanted: 0,
            generation: key.generation(),
            paused: false,
            readable: false,
            ended: false,
            finished: false,
            broken: false,
            refeed: false,
            queued: false,
        })
    }

    pub(crate) fn get_mut(&mut self, key: ConnectionKey) -> Option<&mut Io> {
        self.place(key)?.as_mut()
    }

    pub(crate) fn remove(&mut self, key: ConnectionKey) -> Option<Io> {
        let io = self.place(key)?.take();
        self.len -= usize::from(io.is_some());
        io
    }

    /// The place of `key` if it is the key's own or free.
    fn place(&mut self, key: ConnectionKey) -> Option<&mut Option<Io>> {
        let index = key.index() as usize;
        let place = &mut self.chunks.get_mut(index / CHUNK)?[index % CHUNK];
        let current = place
            .as_ref()
            .is_none_or(|io| io.generation == key.generation());
        current.then_some(place)
    }
}
