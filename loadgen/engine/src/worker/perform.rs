//! Doing what the crew wants done.

use std::net::{IpAddr, SocketAddr};

use loadgen_work::{Action, ClientNumber, Credit};

use super::Worker;
use crate::limits::LINGER;
use crate::mailbox::Mail;
use crate::sockets::Line;

impl Worker {
    /// Performs all actions in order and empties them.
    pub(super) fn perform(&mut self) {
        match self.state.out.actions.as_slice() {
            [] => return,
            // Most often, and the bytes need not be copied.
            &[Action::Send { client, bytes }] if bytes == self.state.out.bytes.len() => {
                self.state.out.actions.clear();
                self.send_all(client);
                return;
            }
            _ => {}
        }
        let mut actions = core::mem::take(&mut self.state.performing);
        core::mem::swap(&mut actions, &mut self.state.out.actions);
        let mut sent = 0;
        for action in actions.drain(..) {
            match action {
                Action::Close { client, abrupt } => self.close(client, abrupt),
                Action::Connect {
                    client,
                    broker,
                    local,
                } => self.connect(client, broker, local),
                Action::Credits { worker, credit } => self.owe(worker, credit),
                Action::Pause(client) => self.state.sockets.line(client).paused = true,
                Action::Resume(client) => self.resume(client),
                Action::Send { client, bytes } => {
                    let range = sent..sent + bytes;
                    sent = range.end;
                    self.send(client, range);
                }
            }
        }
        self.state.performing = actions;
        self.state.out.bytes.clear();
    }

    fn connect(&mut self, client: ClientNumber, broker: SocketAddr, local: Option<IpAddr>) {
        let local = local.map(|address| SocketAddr::new(address, 0));
        match self.driver.connect(broker, local, u64::from(client.0)) {
            Ok(socket) => {
                let former = self.state.sockets.line(client);
                assert!(former.socket.is_none(), "a client has one connection");
                // It may still stand in the list of clients to serve, for its former connection.
                *former = Line {
                    socket: Some(socket),
                    queued: former.queued,
                    ..Line::default()
                };
            }
            Err(error) => {
                self.state.troubles.count(format!("connect: {error}"));
                self.state.unconnected.push(client);
            }
        }
    }

    fn send(&mut self, client: ClientNumber, range: core::ops::Range<usize>) {
        let Some(socket) = self.state.sockets.line(client).socket else {
            return;
        };
        if let Some(outbox) = self.driver.outbox(socket, range.len()) {
            outbox.push(&self.state.out.bytes[range]);
        }
    }

    /// Sends all bytes that there are.
    fn send_all(&mut self, client: ClientNumber) {
        let bytes = &mut self.state.out.bytes;
        if let Some(socket) = self.state.sockets.line(client).socket
            && let Some(outbox) = self.driver.outbox(socket, bytes.len())
        {
            outbox.push_vec(bytes);
        }
        bytes.clear();
    }

    /// Abruptly: breaks the connection. Otherwise the client has said goodbye, and the broker closes.
    fn close(&mut self, client: ClientNumber, abrupt: bool) {
        let line = self.state.sockets.line(client);
        let Some(socket) = line.socket else {
            return;
        };
        if abrupt {
            line.socket = None;
            self.driver.reset(socket);
            self.state.closed.push(client);
            return;
        }
        line.closing = true;
        let readable = line.readable;
        let deadline = self.state.now + LINGER;
        self.state.closing.push_back((deadline, client, socket));
        if readable {
            self.queue(client);
        }
    }

    fn resume(&mut self, client: ClientNumber) {
        let line = self.state.sockets.line(client);
        line.paused = false;
        if line.readable {
            self.queue(client);
        }
    }

    /// Keeps a credit for another worker until the end of the turn.
    fn owe(&mut self, worker: u16, credit: Credit) {
        let peer = usize::from(worker.wrapping_sub(self.first_peer));
        let credits = self.state.credits.get_mut(peer);
        credits
            .expect("credits stay within a process: the plan was checked")
            .push(credit);
    }

    /// Hands the turn's credits over.
    pub(super) fn give_credits(&mut self) {
        for (peer, credits) in self.peers.iter().zip(&mut self.state.credits) {
            if !credits.is_empty() {
                peer.send(Mail::Credits(core::mem::take(credits)));
            }
        }
    }
}
