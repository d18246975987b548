//! Receiving.

use std::os::fd::AsRawFd;

use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};

use super::Driver;
use crate::ring::Completion;
use crate::slots::Watch;
use crate::{Event, SocketKey};

/// Why no bytes came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// The connection broke, or the key is void; close the socket.
    #[error("the connection is broken: {0}")]
    Broken(Errno),
    /// Nothing has arrived; an [`Event::Readable`] follows when something does.
    #[error("nothing has arrived")]
    Empty,
    /// The peer will send no more; close the socket, after sending what there is to send.
    #[error("the peer has finished")]
    Finished,
}

impl Driver {
    /// Receives into `buffer` without waiting; one system call. Returns the number of bytes, at least 1.
    ///
    /// Fewer than `buffer` holds means that the socket was drained at that moment; what comes later,
    /// the end included, is reported by another [`Event::Readable`].
    ///
    /// # Errors
    ///
    /// [`ReceiveError`]; `buffer` is unchanged.
    pub fn receive(&mut self, socket: SocketKey, buffer: &mut [u8]) -> Result<usize, ReceiveError> {
        let descriptor = self
            .slots
            .open(socket)
            .and_then(|slot| slot.descriptor.as_ref());
        let descriptor = descriptor.ok_or(ReceiveError::Broken(Errno::EBADF))?;
        loop {
            return match recv(descriptor.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(0) => Err(ReceiveError::Finished),
                Ok(bytes) => Ok(bytes),
                Err(Errno::EINTR) => continue,
                Err(Errno::EAGAIN) => Err(ReceiveError::Empty),
                Err(errno) => Err(ReceiveError::Broken(errno)),
            };
        }
    }

    pub(super) fn poll_completed(&mut self, index: u32, generation: u32, completion: &Completion) {
        let Some(slot) = self.slots.current(index, generation) else {
            return;
        };
        slot.watch = Watch::Seen;
        let (socket, tag) = (slot.key(index), slot.tag);
        if self.slots.open(socket).is_none() {
            return;
        }
        // A failed poll is reported like readiness: receiving tells what is wrong.
        let end: i32 = (libc::POLLRDHUP | libc::POLLHUP | libc::POLLERR).into();
        let ended = completion.result < 0 || completion.result & end != 0;
        self.events.push(Event::Readable { socket, tag, ended });
        if !completion.more {
            self.arm_poll(socket);
        }
    }
}
