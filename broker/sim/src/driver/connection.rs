//! What the driver holds for a connection.

use wire_message::Instant;

use crate::links::LinkId;
use crate::outside::Outside;

/// What the engine said about reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Feed the rest again.
    Again,
    /// Wait for `Resume`.
    Paused,
    /// Read.
    Reading,
}

/// A connection of this shard.
#[derive(Debug)]
pub(super) struct Connection {
    /// Its transport.
    pub(super) link: LinkId,
    /// Bytes read and not consumed.
    pub(super) rest: Vec<u8>,
    /// How long the packet at the front of the rest is, as far as the engine knows.
    pub(super) wanted: usize,
    /// What the engine said about reading.
    pub(super) state: State,
    /// Bytes to send.
    pub(super) unsent: Vec<u8>,
    /// Bytes sent of which the engine has not been told.
    pub(super) unreported: u32,
}

impl Connection {
    /// A connection of which nothing was read.
    pub(super) const fn new(link: LinkId) -> Self {
        Self {
            link,
            rest: Vec::new(),
            wanted: 0,
            state: State::Reading,
            unsent: Vec::new(),
            unreported: 0,
        }
    }

    /// Passes to the transport what it takes.
    pub(super) fn flush(&mut self, outside: &mut Outside) {
        let sent = send(self.link, &mut self.unsent, outside);
        self.unreported += u32::try_from(sent).expect("a transport takes little at once");
    }

    /// Whether the engine has all it is to have.
    pub(super) fn is_quiet(&self) -> bool {
        self.state == State::Reading && self.unsent.is_empty() && self.unreported == 0
    }
}

/// A connection that the engine closed and whose last bytes are not out.
#[derive(Debug)]
pub(super) struct Closing {
    /// Its transport.
    pub(super) link: LinkId,
    /// The last bytes.
    pub(super) unsent: Vec<u8>,
    /// When it is cut off.
    pub(super) until: Instant,
}

impl Closing {
    /// Passes to the transport what it takes; true once it is closed.
    pub(super) fn flush(&mut self, outside: &mut Outside) -> bool {
        send(self.link, &mut self.unsent, outside);
        let now = outside.now;
        if self.unsent.is_empty() {
            outside
                .links
                .close_by_broker(self.link, now, &mut outside.rng);
        } else if self.until <= now {
            outside
                .links
                .close_by_broker(self.link, now, &mut outside.rng);
            outside.links[self.link].break_off(now);
        } else {
            return false;
        }
        outside.moved += 1;
        true
    }
}

fn send(link: LinkId, unsent: &mut Vec<u8>, outside: &mut Outside) -> usize {
    if unsent.is_empty() {
        return 0;
    }
    let sent = outside.links[link]
        .down
        .write(unsent, outside.now, &mut outside.rng);
    unsent.drain(..sent);
    outside.moved += sent as u64;
    sent
}
