//! The last moments of a socket.

use shard_uring::{ReceiveError, SocketKey};

use super::Shard;
use super::receive::lingering_tag;
use crate::lingering::{Lingering, LingeringKey};

/// Reads that throw away what a peer still sends before it is cut off.
const DISCARDS_MAX: usize = 16;

impl Shard {
    /// Sends what is queued for the socket, tells the peer that this is all, waits until the peer has
    /// finished too, and closes. To close earlier would make the kernel answer bytes that are still on
    /// their way with a reset, which can destroy the last ones sent.
    pub(super) fn linger(&mut self, socket: SocketKey, finished: bool) {
        let lingering = Lingering {
            socket,
            shut: false,
            finished,
        };
        let key = self.state.lingering.insert(lingering, self.state.now);
        self.driver.retag(socket, lingering_tag(key));
        self.linger_on(key);
    }

    /// Takes a lingering socket as far as it goes now.
    pub(super) fn linger_on(&mut self, key: LingeringKey) {
        let Some(lingering) = self.state.lingering.get_mut(key) else {
            return;
        };
        let socket = lingering.socket;
        let mut over = false;
        let flushed = self.driver.queued_bytes(socket) == 0;
        for attempt in 0..=DISCARDS_MAX {
            if lingering.finished {
                break;
            }
            match self.driver.receive(socket, &mut self.state.buffer) {
                Ok(_) if attempt == DISCARDS_MAX => over = true,
                Ok(_) => continue,
                Err(ReceiveError::Empty) => {}
                Err(ReceiveError::Finished) => lingering.finished = true,
                Err(ReceiveError::Broken(_)) => over = true,
            }
            break;
        }
        if flushed && !lingering.shut && !lingering.finished && !over {
            lingering.shut = true;
            self.driver.shut_down(socket);
        }
        if over || (flushed && lingering.finished) {
            self.state.lingering.remove(key);
            self.driver.close(socket);
        } else {
            self.driver.watch(socket);
        }
    }
}
