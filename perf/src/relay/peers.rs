//! The connections of the relay, by number.

use shard_uring::SocketKey;

use super::header::HEADER_BYTES;

/// One connection.
pub(super) struct Peer {
    pub(super) socket: SocketKey,
    pub(super) part: Part,
    /// Whether it waits in the list of those to be read.
    pub(super) queued: bool,
    /// Whether the end of its stream waits to be received.
    pub(super) ended: bool,
}

/// What a connection is.
pub(super) enum Part {
    /// It has not said it yet.
    New {
        header: [u8; HEADER_BYTES],
        got: usize,
    },
    Sink {
        channel: u32,
        /// It has too much queued, and its sources wait for it.
        full: bool,
    },
    Source(Source),
}

/// A connection that sends.
#[derive(Default)]
pub(super) struct Source {
    pub(super) channel: u32,
    /// Bytes of one message; 0: nothing is acknowledged.
    pub(super) acknowledge_every: usize,
    /// Bytes of the message that is under way.
    pub(super) unacknowledged: usize,
    /// The start of a frame whose rest has not arrived; only where sources share a channel.
    pub(super) tail: Vec<u8>,
    /// It has too many acknowledgements queued to be read.
    pub(super) full: bool,
}

/// All connections; numbers are used again once a connection is closed for good.
#[derive(Default)]
pub(super) struct Peers {
    places: Vec<Option<Peer>>,
    free: Vec<usize>,
}

impl Peers {
    /// The number that the next connection gets.
    pub(super) fn next_number(&mut self) -> usize {
        if self.free.is_empty() {
            self.free.push(self.places.len());
            self.places.push(None);
        }
        *self.free.last().expect("a place was made just now")
    }

    /// Adds a connection under [`Self::next_number`].
    pub(super) fn insert(&mut self, socket: SocketKey) {
        let number = self.next_number();
        self.free.pop();
        self.places[number] = Some(Peer {
            socket,
            part: Part::New {
                header: [0; HEADER_BYTES],
                got: 0,
            },
            queued: false,
            ended: false,
        });
    }

    pub(super) fn peer(&mut self, number: usize) -> Option<&mut Peer> {
        self.places.get_mut(number)?.as_mut()
    }

    /// Takes a connection out; its number stays taken until [`Self::release`].
    pub(super) fn remove(&mut self, number: usize) -> Option<Peer> {
        self.places.get_mut(number)?.take()
    }

    /// Lets the number of a removed connection be used again.
    pub(super) fn release(&mut self, number: usize) {
        self.free.push(number);
    }
}
