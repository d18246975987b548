//! Doing what the engine wants done.

use std::sync::Arc;

use shard_engine::{Adoption, ConnectionKey, ControlOutput, Output};
use shard_uring::SharedBytes;
use tracing::{debug, error};
use wire_message::{Message, ShardId};

use super::Shard;
use crate::links::{Carried, Link, Transfer};
use crate::unread::Unread;

impl Shard {
    /// Performs all outputs in order and empties them.
    pub(super) fn perform(&mut self) {
        if self.state.out.is_empty() {
            self.state.out.clear();
            return;
        }
        let mut actions = core::mem::take(&mut self.state.performing);
        core::mem::swap(&mut actions, &mut self.state.out.actions);
        for action in actions.drain(..) {
            self.perform_one(action);
        }
        self.state.performing = actions;
        self.state.out.clear();
    }

    fn perform_one(&mut self, action: Output) {
        match action {
            Output::Answer { to, answer } => self.link(to).answer(answer),
            Output::Ask(request, read) => self.port().ask(request, read),
            Output::Close { connection } => self.close(connection),
            Output::Control(output) => self.say(output),
            Output::Durable { to, through } => self.link(to).durable(through),
            Output::HandOver {
                connection,
                to,
                adoption,
            } => self.hand_over(connection, to, *adoption),
            Output::Push { to, entry } => self.link(to).push(Carried::Entry(entry)),
            Output::Resume { connection } => self.resume(connection),
            Output::Send {
                connection,
                range,
                packet_id,
            } => {
                let range = range.start as usize..range.end as usize;
                let packet_id = packet_id.map(|(at, id)| (at as usize, id.value().to_be_bytes()));
                self.send(connection, range, packet_id);
            }
            Output::SendPayload {
                connection,
                message,
            } => self.send_payload(connection, message),
            Output::Store(batch) => self.port().submit(batch),
        }
    }

    fn send(
        &mut self,
        connection: ConnectionKey,
        range: core::ops::Range<usize>,
        packet_id: Option<(usize, [u8; 2])>,
    ) {
        let Some(io) = self.state.connections.get_mut(connection) else {
            return;
        };
        let Some(outbox) = self.driver.outbox(io.socket, range.len()) else {
            return;
        };
        let place = outbox.push(&self.state.out.bytes[range]);
        if let Some((at, id)) = packet_id {
            outbox.patch(place + at, id);
        }
    }

    fn send_payload(&mut self, connection: ConnectionKey, message: Arc<Message>) {
        let Some(io) = self.state.connections.get_mut(connection) else {
            return;
        };
        let Some(outbox) = self.driver.outbox(io.socket, 0) else {
            return;
        };
        outbox.push_shared(SharedBytes::new(message, Message::payload));
    }

    fn resume(&mut self, connection: ConnectionKey) {
        let Some(io) = self.state.connections.get_mut(connection) else {
            return;
        };
        io.paused = false;
        io.refeed = io.unread.is_some();
        self.queue(connection);
    }

    fn close(&mut self, connection: ConnectionKey) {
        if let Some(io) = self.state.connections.remove(connection) {
            debug!(
                shard = self.id.0,
                ?connection,
                "Connection closed by the broker"
            );
            self.linger(io.socket, io.finished);
        }
    }

    fn hand_over(&mut self, connection: ConnectionKey, to: ShardId, adoption: Adoption) {
        let Some(io) = self.state.connections.remove(connection) else {
            return;
        };
        match self.driver.detach(io.socket) {
            Ok(socket) => {
                let unread = io
                    .unread
                    .map_or_else(Vec::new, |unread: Box<Unread>| unread.into_vec());
                let transfer = Box::new(Transfer {
                    adoption,
                    socket,
                    unread,
                });
                self.link(to).push(Carried::Adopt(transfer));
            }
            // Nothing has been sent to a connection whose first packet has just arrived.
            Err(error) => {
                error!(%error, "A connection cannot be handed over");
                self.driver.close(io.socket);
            }
        }
    }

    fn say(&mut self, output: Box<ControlOutput>) {
        if matches!(*output, ControlOutput::Stopped) {
            self.engine_left();
        }
        self.mailbox.send(output);
    }

    /// The link to another shard.
    fn link(&mut self, to: ShardId) -> &mut Link {
        assert!(to != self.id, "a shard has no ring to itself");
        // Links stand in the order of their peers, without the shard itself.
        let index = to.index() - usize::from(to > self.id);
        &mut self.links[index]
    }
}
