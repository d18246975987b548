//! What arrives: completions of the driver, and entries of other shards.

use std::os::fd::OwnedFd;

use shard_engine::{ConnectionKey, Input, ListenerId};
use shard_uring::{Event, ListenerKey, SocketKey, peer_address};
use tracing::{debug, warn};

use super::Shard;
use crate::limits::{ACCEPT_REST, ENTRIES_PER_TURN_MAX};
use crate::lingering::LingeringKey;
use crate::links::{Carried, Transfer};
use crate::teller::Told;
use crate::unread::Unread;

/// Marks tags of lingering sockets. Keys leave the top bits free.
const LINGERS: u64 = 1 << 63;

/// Whose socket an event is about.
enum Owner {
    Connection(ConnectionKey),
    Lingering(LingeringKey),
}

impl Owner {
    fn of(tag: u64) -> Self {
        if tag & LINGERS == 0 {
            Self::Connection(ConnectionKey::from_bits(tag))
        } else {
            Self::Lingering(LingeringKey::from_bits(tag & !LINGERS))
        }
    }
}

pub(super) fn lingering_tag(key: LingeringKey) -> u64 {
    key.to_bits() | LINGERS
}

impl Shard {
    pub(super) fn take_events(&mut self) {
        let mut events = core::mem::take(&mut self.state.events);
        self.driver.reap(&mut events);
        for event in events.drain(..) {
            self.take_event(event);
        }
        self.state.events = events;
    }

    /// Takes what the kernel has sent at once. What follows from it is flushed in the next turn,
    /// which comes without a sleep.
    pub(super) fn take_sent(&mut self) {
        let mut events = core::mem::take(&mut self.state.events);
        self.driver.take_events(&mut events);
        for event in events.drain(..) {
            self.take_event(event);
        }
        self.state.events = events;
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Accepted { listener, socket } => self.accept(listener, socket),
            Event::AcceptFailed { listener, error } => {
                // Once, not ten times a second, until it works again.
                if !self.state.accept_fails {
                    warn!(listener = listener.index(), %error, "A listener cannot accept");
                }
                self.state.accept_fails = true;
                self.state.accept_again = Some(self.state.now + ACCEPT_REST);
            }
            Event::Readable { tag, ended, .. } => match Owner::of(tag) {
                Owner::Connection(connection) => self.readable(connection, ended),
                Owner::Lingering(lingering) => self.linger_on(lingering),
            },
            Event::Sent {
                tag, bytes, left, ..
            } => match Owner::of(tag) {
                Owner::Connection(connection) => {
                    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
                    self.tell(Input::Sent { connection, bytes });
                }
                Owner::Lingering(lingering) if left == 0 => self.linger_on(lingering),
                Owner::Lingering(_) => {}
            },
            // What has arrived before the connection broke is still there to be received, its end too.
            Event::SendFailed { socket, tag, .. } => match Owner::of(tag) {
                Owner::Connection(connection) => {
                    if let Some(io) = self.state.connections.get_mut(connection) {
                        io.broken = true;
                    }
                    self.readable(connection, true);
                }
                Owner::Lingering(lingering) => {
                    self.state.lingering.remove(lingering);
                    self.driver.close(socket);
                }
            },
            // Shards connect to nobody; a closed socket was let go before; a wake is its own message.
            Event::Closed { .. }
            | Event::Connected { .. }
            | Event::ConnectFailed { .. }
            | Event::Woken => {}
        }
    }

    fn readable(&mut self, connection: ConnectionKey, ended: bool) {
        if let Some(io) = self.state.connections.get_mut(connection) {
            io.readable = true;
            io.ended |= ended;
            self.queue(connection);
        }
    }

    fn accept(&mut self, listener: ListenerKey, socket: OwnedFd) {
        if self.state.leaving.is_some() {
            return;
        }
        self.state.accept_fails = false;
        // Gone already, most likely.
        let Ok(peer) = peer_address(&socket) else {
            return;
        };
        let listener = ListenerId(u16::try_from(listener.index()).expect("listeners are few"));
        // A refused one is closed by being dropped.
        match self.engine.accepted(listener, peer, self.state.now) {
            Ok(connection) => {
                debug!(shard = self.id.0, listener = listener.0, %peer, ?connection, "Connection accepted");
                self.attach(connection, socket);
                // Its first bytes have come with it, most likely.
                self.readable(connection, false);
            }
            Err(reason) => {
                debug!(shard = self.id.0, listener = listener.0, %peer, ?reason, "Connection refused");
            }
        }
    }

    /// Takes in the socket of a connection that the engine has just made. It is watched once it was
    /// served.
    fn attach(&mut self, connection: ConnectionKey, socket: OwnedFd) -> Option<SocketKey> {
        match self.driver.attach_unwatched(socket, connection.to_bits()) {
            Ok(socket) => {
                self.state.connections.insert(connection, socket);
                Some(socket)
            }
            Err(_full) => {
                self.tell(Input::Closed { connection });
                None
            }
        }
    }

    pub(super) fn take_entries(&mut self) {
        for index in 0..self.links.len() {
            let from = self.links[index].peer;
            // Answers first: they release what waits, and there is always room for them.
            while let Ok(told) = self.links[index].told_in.pop() {
                self.tell(match told {
                    Told::Answer(answer) => Input::Answer { from, answer },
                    Told::Durable(through) => Input::Durable { from, through },
                });
            }
            let share = self.links[index].waiting(ENTRIES_PER_TURN_MAX);
            for _ in 0..share {
                match self.links[index].entries_in.pop() {
                    Ok(Carried::Entry(entry)) => self.tell(Input::Entry { from, entry }),
                    Ok(Carried::Adopt(transfer)) => self.adopt(*transfer),
                    Err(_empty) => break,
                }
            }
            self.state.unfinished |= !self.links[index].is_empty();
        }
    }

    fn adopt(&mut self, transfer: Transfer) {
        let Transfer {
            adoption,
            socket,
            unread,
        } = transfer;
        let connection = self.engine.adopted(&adoption, self.state.now);
        if self.attach(connection, socket).is_some()
            && let Some(io) = self.state.connections.get_mut(connection)
        {
            io.refeed = !unread.is_empty();
            io.unread = io.refeed.then(|| Box::new(Unread::from_vec(unread)));
            self.queue(connection);
        }
    }
}
