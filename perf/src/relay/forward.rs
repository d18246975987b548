//! One receive and what follows from it: bytes queued for sinks, acknowledgements for the source.

use std::sync::Arc;

use shard_uring::{Driver, ReceiveError, SharedBytes, SocketKey};

use super::channels::Channel;
use super::frames::{NoFrame, whole};
use super::limits::{ANSWER_BYTES_MAX, FRAME_BYTES_MAX};
use super::peers::Source;

/// Acknowledges one message, whichever it was.
const ACKNOWLEDGEMENT: [u8; 4] = [0x40, 0x02, 0x00, 0x01];

/// What reading a peer once came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// More may be there.
    Again,
    /// Nothing is there, or it waits for something else.
    Rest,
    /// It has to go.
    Close,
}

/// Receives once; returns how many bytes and what next. After the end was announced (`ended`) it is
/// received until it shows, for it is not announced again.
pub(super) fn receive(
    driver: &mut Driver,
    socket: SocketKey,
    ended: bool,
    buffer: &mut [u8],
) -> (usize, Outcome) {
    match driver.receive(socket, buffer) {
        Ok(bytes) if ended || bytes == buffer.len() => (bytes, Outcome::Again),
        Ok(bytes) => (bytes, Outcome::Rest),
        Err(ReceiveError::Empty) => (0, Outcome::Rest),
        Err(ReceiveError::Broken(_) | ReceiveError::Finished) => (0, Outcome::Close),
    }
}

/// Queues bytes for every sink: a copy for one, the same bytes for many.
pub(super) fn push(driver: &mut Driver, channel: &Channel, bytes: &[u8]) {
    if let [sink] = channel.sinks[..] {
        if let Some(outbox) = driver.outbox(sink.socket, bytes.len()) {
            outbox.push(bytes);
        }
        return;
    }
    if channel.sinks.is_empty() {
        return;
    }
    let shared = SharedBytes::new(Arc::new(bytes.to_vec()), |bytes| bytes);
    for sink in &channel.sinks {
        if let Some(outbox) = driver.outbox(sink.socket, 0) {
            outbox.push_shared(shared.clone());
        }
    }
}

/// Queues the whole frames of `tail` and `received`; returns what is left of them.
pub(super) fn push_framed(
    driver: &mut Driver,
    channel: &Channel,
    tail: &[u8],
    received: &[u8],
) -> Result<Vec<u8>, NoFrame> {
    if tail.is_empty() {
        let end = whole(received)?;
        push(driver, channel, &received[..end]);
        return Ok(received[end..].to_vec());
    }
    let mut bytes = [tail, received].concat();
    let end = whole(&bytes)?;
    push(driver, channel, &bytes[..end]);
    bytes.drain(..end);
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(NoFrame);
    }
    Ok(bytes)
}

impl Source {
    /// Queues an acknowledgement for each message that `bytes` more have made whole.
    pub(super) fn acknowledge(&mut self, driver: &mut Driver, socket: SocketKey, bytes: usize) {
        if self.acknowledge_every == 0 {
            return;
        }
        self.unacknowledged += bytes;
        let messages = self.unacknowledged / self.acknowledge_every;
        self.unacknowledged %= self.acknowledge_every;
        let size = messages * ACKNOWLEDGEMENT.len();
        if messages > 0
            && let Some(outbox) = driver.outbox(socket, size)
        {
            for _ in 0..messages {
                outbox.push(&ACKNOWLEDGEMENT);
            }
        }
        self.full = driver.queued_bytes(socket) > ANSWER_BYTES_MAX;
    }
}
