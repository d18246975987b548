//! Sockets whose connection is over for the engine but not yet for the peer.

use std::collections::VecDeque;
use std::time::Duration;

use shard_table::{Key, Slab};
use shard_uring::SocketKey;
use wire_message::Instant;

use crate::limits::{LEAVE, LINGER};

/// Marks keys of lingering sockets.
#[derive(Debug)]
pub(crate) enum OfLingering {}

pub(crate) type LingeringKey = Key<OfLingering>;

/// A socket that has last bytes to send, or waits for the peer to finish.
#[derive(Debug)]
pub(crate) struct Lingering {
    pub(crate) socket: SocketKey,
    /// The peer was told that no more follows.
    pub(crate) shut: bool,
    /// The peer will send no more.
    pub(crate) finished: bool,
}

/// All lingering sockets of a shard. Each is cut off when its time is up.
#[derive(Debug)]
pub(crate) struct LingeringSockets {
    sockets: Slab<Lingering, OfLingering>,
    /// In the order of their deadlines, because all get the same time.
    deadlines: VecDeque<(Instant, LingeringKey)>,
    time: Duration,
}

impl LingeringSockets {
    pub(crate) fn new() -> Self {
        Self {
            sockets: Slab::default(),
            deadlines: VecDeque::new(),
            time: LINGER,
        }
    }

    pub(crate) fn insert(&mut self, lingering: Lingering, now: Instant) -> LingeringKey {
        let key = self.sockets.insert(lingering);
        self.deadlines.push_back((now + self.time, key));
        key
    }

    pub(crate) fn get_mut(&mut self, key: LingeringKey) -> Option<&mut Lingering> {
        self.sockets.get_mut(key)
    }

    pub(crate) fn remove(&mut self, key: LingeringKey) -> Option<Lingering> {
        self.sockets.remove(key)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    /// Gives all sockets no more than [`LEAVE`] from now on.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.time = LEAVE;
        for (deadline, _) in &mut self.deadlines {
            *deadline = (*deadline).min(now + LEAVE);
        }
    }

    /// Takes out one socket whose time is up at `now`.
    pub(crate) fn expired(&mut self, now: Instant) -> Option<Lingering> {
        while let Some((deadline, key)) = self.deadlines.front().copied() {
            if !self.sockets.contains(key) {
                self.deadlines.pop_front();
            } else if deadline <= now {
                self.deadlines.pop_front();
                return self.sockets.remove(key);
            } else {
                return None;
            }
        }
        None
    }

    /// When to ask [`Self::expired`] again.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }
}
