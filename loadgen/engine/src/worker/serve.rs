//! From sockets into the crew, one share per client and turn.

use loadgen_work::{ClientNumber, Input};
use shard_uring::ReceiveError;

use super::Worker;
use crate::clock;

impl Worker {
    /// Serves every client that is ready once. What they leave is served in the next turn.
    pub(super) fn serve_ready(&mut self) {
        let mut serving = core::mem::take(&mut self.state.serving);
        core::mem::swap(&mut serving, &mut self.state.ready);
        for client in serving.drain(..) {
            self.serve(client);
            self.keep_schedule();
        }
        self.state.serving = serving;
    }

    fn serve(&mut self, client: ClientNumber) {
        let line = self.state.sockets.line(client);
        line.queued = false;
        let silent = line.paused && !line.closing;
        let Some(socket) = line.socket.filter(|_| line.readable && !silent) else {
            return;
        };
        match self.driver.receive(socket, &mut self.state.buffer) {
            Ok(bytes) => {
                line.readable = line.ended || bytes == self.state.buffer.len();
                let (more, closing) = (line.readable, line.closing);
                if more {
                    self.queue(client);
                }
                if !closing {
                    self.feed(client, bytes);
                }
            }
            Err(ReceiveError::Empty) if !line.ended => line.readable = false,
            Err(ReceiveError::Empty | ReceiveError::Finished) => self.gone(client, None),
            Err(ReceiveError::Broken(errno)) => self.gone(client, Some(errno.desc())),
        }
    }

    /// Feeds the first `bytes` of the read buffer, straight from it.
    fn feed(&mut self, client: ClientNumber, bytes: usize) {
        let state = &mut self.state;
        state.now = clock::now();
        let input = Input::Bytes(client, &state.buffer[..bytes]);
        self.crew.handle_input(input, state.now, &mut state.out);
        self.perform();
    }

    /// The other end of a connection is gone.
    fn gone(&mut self, client: ClientNumber, reason: Option<&str>) {
        if !self.state.sockets.line(client).closing {
            let reason = reason.unwrap_or("closed by the broker");
            self.state
                .troubles
                .count(format!("connection lost: {reason}"));
        }
        self.state.now = clock::now();
        self.finish(client);
    }

    /// Closes the socket of a client and says so.
    pub(super) fn finish(&mut self, client: ClientNumber) {
        if let Some(socket) = self.state.sockets.line(client).socket.take() {
            self.driver.close(socket);
        }
        self.tell(Input::Closed(client));
    }

    /// Sends what has become due while others were served, without waiting for the end of the turn: it
    /// is on time, and its bytes are still in the processor's nearest cache.
    fn keep_schedule(&mut self) {
        let now = self.state.now;
        if self.crew.next_timeout().is_some_and(|due| due <= now) {
            self.run_crew();
            self.driver.flush();
        }
    }
}
