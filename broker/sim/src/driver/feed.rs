//! What clients send, read and given to the engine.

use shard_engine::{ConnectionKey, Input, Next};

use super::Driver;
use super::connection::State;
use crate::outside::Outside;
use crate::violation::{Checked, ensure};

/// Bytes read from a transport at once.
const READ_BYTES_MAX: usize = 4096;

/// The type in the first byte of DISCONNECT, which the engine acts on and does not count.
const DISCONNECT: u8 = 14;

impl Driver {
    pub(super) fn feed_all(&mut self, outside: &mut Outside) -> Checked {
        let keys: Vec<ConnectionKey> = self.connections.keys().copied().collect();
        for key in keys {
            self.feed(key, outside)?;
        }
        Ok(())
    }

    /// Reads what a connection's client sent, or the end of it, and tells the engine.
    fn feed(&mut self, key: ConnectionKey, outside: &mut Outside) -> Checked {
        let Some(connection) = self.connections.get_mut(&key) else {
            return Ok(());
        };
        let is_due = connection.state == State::Again;
        if connection.state == State::Paused {
            return Ok(());
        }
        let limit = 1 + outside.rng.below(READ_BYTES_MAX);
        let link = &mut outside.links[connection.link];
        let read = link.up.read(&mut connection.rest, limit, outside.now);
        outside.moved += read as u64;
        if read == 0 && !is_due {
            if link.up.is_at_end(outside.now) {
                return self.tell_closed(key, outside);
            }
            return Ok(());
        }
        // The driver knows how much the packet needs; asking earlier must do no harm.
        if connection.rest.len() < connection.wanted && outside.rng.chance(800) {
            return Ok(());
        }
        self.give(key, outside)
    }

    /// Gives the engine the bytes that it has not consumed.
    fn give(&mut self, key: ConnectionKey, outside: &mut Outside) -> Checked {
        let Some(connection) = self.connections.get_mut(&key) else {
            return Ok(());
        };
        let bytes = core::mem::take(&mut connection.rest);
        let received = self
            .engine
            .received(key, &bytes, outside.time(), &mut self.outputs);
        outside.note(format_args!(
            "shard {}: {:?} of {} bytes of {:?}",
            self.shard,
            received,
            bytes.len(),
            connection.link
        ));
        let mut consumed = received.consumed;
        let is_goodbye = bytes
            .get(consumed)
            .is_some_and(|first| first >> 4 == DISCONNECT);
        if received.next == Next::Gone && is_goodbye {
            consumed = bytes.len();
        }
        ensure(consumed <= bytes.len(), "contract", || {
            "consumed more than there was".into()
        })?;
        let behind = outside.is_disk_behind();
        let link = &mut outside.links[connection.link];
        link.consumed += consumed as u64;
        outside
            .history
            .consume(connection.link, link.consumed, outside.now, behind);
        outside.moved += consumed as u64;
        connection.rest.extend_from_slice(&bytes[consumed..]);
        let left = connection.rest.len();
        connection.wanted = 0;
        match received.next {
            Next::Again => connection.state = State::Again,
            Next::Gone => {}
            Next::More { wanted } => {
                connection.state = State::Reading;
                connection.wanted = wanted;
                ensure(wanted > left, "contract", || {
                    format!("{wanted} wanted, {left} there")
                })?;
            }
            Next::Paused => {
                connection.state = State::Paused;
                outside.stats.paused += 1;
            }
        }
        self.perform(outside)?;
        let is_gone = !self.connections.contains_key(&key);
        ensure(received.next != Next::Gone || is_gone, "contract", || {
            format!("{key:?} is said to be gone, and no output says so")
        })
    }

    fn tell_closed(&mut self, key: ConnectionKey, outside: &mut Outside) -> Checked {
        let connection = self
            .connections
            .remove(&key)
            .expect("it was just looked at");
        outside.note(format_args!(
            "shard {}: {:?} ended",
            self.shard, connection.link
        ));
        let now = outside.now;
        outside
            .links
            .close_by_broker(connection.link, now, &mut outside.rng);
        outside.watches.closed(connection.link);
        outside.links[connection.link].detached_at = Some(outside.now);
        outside.moved += 1;
        self.input(Input::Closed { connection: key }, outside)
    }
}
