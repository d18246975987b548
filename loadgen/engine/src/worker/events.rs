//! What the driver reports.

use loadgen_work::{ClientNumber, Input};
use shard_uring::{Event, SocketKey};

use super::Worker;

impl Worker {
    pub(super) fn take_events(&mut self) {
        // What the crew does about these may fail or close again: that is for the next turn.
        for client in core::mem::take(&mut self.state.unconnected) {
            self.tell(Input::ConnectFailed(client));
        }
        for client in core::mem::take(&mut self.state.closed) {
            self.tell(Input::Closed(client));
        }
        let mut events = core::mem::take(&mut self.state.events);
        self.driver.reap(&mut events);
        for event in events.drain(..) {
            self.take_event(event);
        }
        self.state.events = events;
    }

    fn take_event(&mut self, event: Event) {
        match event {
            Event::Connected { socket, tag } => {
                if let Some(client) = self.owner(tag, socket) {
                    self.state.opened += 1;
                    self.tell(Input::Connected(client));
                }
            }
            Event::ConnectFailed { socket, tag, error } => {
                if let Some(client) = self.owner(tag, socket) {
                    self.state.sockets.line(client).socket = None;
                    self.state.troubles.count(format!("connect: {error}"));
                    self.driver.close(socket);
                    self.tell(Input::ConnectFailed(client));
                }
            }
            Event::Readable { socket, tag, ended } => {
                if let Some(client) = self.owner(tag, socket) {
                    self.readable(client, ended);
                }
            }
            Event::SendFailed { socket, tag, .. } => {
                // What has arrived before the connection broke is still there to be received.
                if let Some(client) = self.owner(tag, socket) {
                    self.readable(client, true);
                }
            }
            Event::Sent {
                socket, tag, left, ..
            } => {
                if let Some(client) = self.owner(tag, socket) {
                    self.tell(Input::Writable { client, left });
                }
            }
            // Nobody listens here; a closed socket was let go before; a wake is its own message.
            Event::Accepted { .. }
            | Event::AcceptFailed { .. }
            | Event::Closed { .. }
            | Event::Woken => {}
        }
    }

    fn owner(&mut self, tag: u64, socket: SocketKey) -> Option<ClientNumber> {
        self.state.sockets.owner(tag, socket)
    }

    fn readable(&mut self, client: ClientNumber, ended: bool) {
        let line = self.state.sockets.line(client);
        line.readable = true;
        line.ended |= ended;
        if !line.paused || line.closing {
            self.queue(client);
        }
    }
}
