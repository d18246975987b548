//! From sockets into the engine, one share per connection and turn.

use shard_engine::{ConnectionKey, Input, Next, Received};
use shard_uring::ReceiveError;
use tracing::debug;

use super::Shard;
use crate::connections::Io;
use crate::unread::Unread;

impl Shard {
    /// Serves every connection that is ready once. What they leave is served in the next turn.
    pub(super) fn serve_ready(&mut self) {
        let mut serving = core::mem::take(&mut self.state.serving);
        core::mem::swap(&mut serving, &mut self.state.ready);
        for connection in serving.drain(..) {
            self.serve(connection);
            if let Some(io) = self.state.connections.get_mut(connection) {
                self.driver.watch(io.socket);
            }
        }
        self.state.serving = serving;
    }

    fn serve(&mut self, connection: ConnectionKey) {
        let Some(io) = self.state.connections.get_mut(connection) else {
            return;
        };
        io.queued = false;
        if io.paused {
            return;
        }
        if io.refeed {
            self.feed_unread(connection, 0);
            // Received bytes stand behind the ones that the engine has not taken yet.
            let Some(io) = self.state.connections.get_mut(connection) else {
                return;
            };
            if io.paused || io.refeed {
                return;
            }
        }
        let Some(io) = self.state.connections.get_mut(connection) else {
            return;
        };
        if !io.readable {
            return;
        }
        match self.driver.receive(io.socket, &mut self.state.buffer) {
            Ok(bytes) => {
                let drained = bytes < self.state.buffer.len();
                io.finished = io.ended && drained && !io.broken;
                io.readable = io.ended || !drained;
                if io.unread.is_some() {
                    self.feed_unread(connection, bytes);
                } else {
                    self.feed_received(connection, bytes);
                }
            }
            Err(ReceiveError::Empty) if !io.broken => io.readable = false,
            Err(ReceiveError::Finished) if !io.broken => self.transport_closed(connection, true),
            Err(ReceiveError::Broken(_) | ReceiveError::Empty | ReceiveError::Finished) => {
                self.transport_closed(connection, false);
            }
        }
    }

    /// Feeds the first `bytes` of the read buffer, straight from it.
    fn feed_received(&mut self, connection: ConnectionKey, bytes: usize) {
        let state = &mut self.state;
        let received = &state.buffer[..bytes];
        let Received { consumed, next } =
            self.engine
                .received(connection, received, state.now, &mut state.out);
        if let Some(io) = state.connections.get_mut(connection) {
            let rest = &received[consumed..];
            io.unread = (!rest.is_empty()).then(|| Box::new(Unread::new(rest)));
            note(io, next);
        }
        self.fed(connection);
    }

    /// Feeds the bytes that were kept, with the first `bytes` of the read buffer behind them.
    fn feed_unread(&mut self, connection: ConnectionKey, bytes: usize) {
        let state = &mut self.state;
        let Some(io) = state.connections.get_mut(connection) else {
            return;
        };
        let mut unread = io.unread.take().unwrap_or_default();
        if bytes > 0 {
            unread.append(&state.buffer[..bytes], io.wanted as usize);
        }
        let Received { consumed, next } =
            self.engine
                .received(connection, unread.as_slice(), state.now, &mut state.out);
        unread.consume(consumed);
        io.unread = (!unread.is_empty()).then_some(unread);
        note(io, next);
        self.fed(connection);
    }

    /// Does what the engine wants after it was fed, and comes back to the connection if need be.
    fn fed(&mut self, connection: ConnectionKey) {
        self.perform();
        if let Some(io) = self.state.connections.get_mut(connection)
            && !io.paused
            && (io.readable || io.refeed)
        {
            self.queue(connection);
        }
    }

    /// Tells the engine that the transport is gone; `finished` if the peer still takes bytes.
    fn transport_closed(&mut self, connection: ConnectionKey, finished: bool) {
        self.engine.handle_input(
            Input::Closed { connection },
            self.state.now,
            &mut self.state.out,
        );
        // Its last outputs may still be for this connection, so perform them before it goes.
        self.perform();
        if let Some(io) = self.state.connections.remove(connection) {
            debug!(
                shard = self.id.0,
                ?connection,
                "Connection closed by the peer"
            );
            if finished {
                self.linger(io.socket, true);
            } else {
                self.driver.close(io.socket);
            }
        }
    }
}

/// Records what the engine said about a connection that it was fed from.
fn note(io: &mut Io, next: Next) {
    io.paused = false;
    io.refeed = false;
    match next {
        Next::Again => io.refeed = true,
        // The outputs take the connection away.
        Next::Gone => {}
        Next::More { wanted } => io.wanted = u32::try_from(wanted).unwrap_or(u32::MAX),
        Next::Paused => io.paused = true,
    }
}
