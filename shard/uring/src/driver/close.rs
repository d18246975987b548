//! Letting sockets go.

use std::net::Shutdown;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::time::Duration;

use io_uring::opcode;
use io_uring::types::{CancelBuilder, Fd};

use super::Driver;
use crate::limits::CLOSE_ROUNDS_MAX;
use crate::ring::Wait;
use crate::slots::{Busy, Phase, Watch};
use crate::token::{Operation, Token};
use crate::{Event, SocketKey};

/// Why a socket can't leave its driver. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DetachError {
    /// Bytes wait to be sent, or a connection is being made.
    #[error("the socket has operations under way")]
    Busy,
    /// The key is void.
    #[error("the socket is closed")]
    Closed,
}

impl Driver {
    /// Closes the socket at once. What is queued is dropped, what the kernel has taken still leaves.
    ///
    /// [`Event::Closed`] follows when the kernel holds nothing of it any more. A void key is ignored.
    pub fn close(&mut self, socket: SocketKey) {
        let Some(slot) = self.slots.open(socket) else {
            return;
        };
        let Some(descriptor) = slot.descriptor.take() else {
            return;
        };
        slot.phase = Phase::Closing;
        slot.close_pending = true;
        let under_way = [
            (slot.watch != Watch::No).then_some(Operation::Poll),
            match slot.busy {
                Busy::Connecting(_) => Some(Operation::Connect),
                Busy::Nothing => None,
                Busy::Sending(_) => Some(Operation::Send),
            },
        ];
        if let Some(outbox) = slot.open.take() {
            self.pool.give(outbox);
        }
        let SocketKey { index, generation } = socket;
        let descriptor = Fd(descriptor.into_raw_fd());
        // What is under way would keep the connection alive behind the closed descriptor. It is named by
        // its token: to find it by the descriptor, the kernel looks at the polls of all sockets.
        for operation in under_way.into_iter().flatten() {
            let token = Token::new(operation, index, generation).encode();
            let cancel = opcode::AsyncCancel::new(token).build();
            self.push_plain(cancel, Token::new(Operation::Cancel, index, generation));
        }
        let close = opcode::Close::new(descriptor).build();
        self.push_plain(close, Token::new(Operation::Close, index, generation));
    }

    /// Closes the socket at once like [`Self::close`], but breaks the connection: the peer is sent a
    /// reset, and what the kernel has taken is dropped. One system call more.
    pub fn reset(&mut self, socket: SocketKey) {
        if let Some(descriptor) = self
            .slots
            .open(socket)
            .and_then(|slot| slot.descriptor.as_ref())
        {
            // Fails if the peer has gone already, and then there is nobody to be told.
            _ = socket2::SockRef::from(descriptor).set_linger(Some(Duration::ZERO));
        }
        self.close(socket);
    }

    /// Tells the peer that no more bytes follow; it still may send. One system call.
    ///
    /// Call it when [`Event::Sent`] said that nothing is left: what is queued could not leave any more.
    pub fn shut_down(&mut self, socket: SocketKey) {
        if let Some(descriptor) = self
            .slots
            .open(socket)
            .and_then(|slot| slot.descriptor.as_ref())
        {
            // Fails if the peer has gone already, which the next receive reports.
            _ = socket2::SockRef::from(descriptor).shutdown(Shutdown::Write);
        }
    }

    /// Takes the socket out of this driver, to be attached to another one. Its key is void.
    ///
    /// Bytes that have arrived stay in the socket; [`Event::Readable`] is reported by the new driver.
    ///
    /// # Errors
    ///
    /// [`DetachError::Busy`] while bytes wait to be sent, [`DetachError::Closed`] if the key is void.
    pub fn detach(&mut self, socket: SocketKey) -> Result<OwnedFd, DetachError> {
        let slot = self.slots.open(socket).ok_or(DetachError::Closed)?;
        if !matches!(slot.busy, Busy::Nothing)
            || slot.open.as_ref().is_some_and(|open| !open.is_empty())
        {
            return Err(DetachError::Busy);
        }
        let descriptor = slot.descriptor.take().ok_or(DetachError::Closed)?;
        let watch = slot.watch;
        if let Some(outbox) = slot.open.take() {
            self.pool.give(outbox);
        }
        let SocketKey { index, generation } = socket;
        if watch != Watch::No {
            let poll = Token::new(Operation::Poll, index, generation);
            let remove = opcode::PollRemove::new(poll.encode()).build();
            self.push_plain(remove, Token::new(Operation::Cancel, index, generation));
        }
        self.slots.remove(index);
        if watch == Watch::Asked {
            // The entry that arms the poll may still be queued: let the kernel see it while the descriptor
            // is certainly ours.
            _ = self.submit();
        }
        Ok(descriptor)
    }

    pub(super) fn close_completed(&mut self, index: u32, generation: u32) {
        if let Some(slot) = self.slots.current(index, generation) {
            slot.close_pending = false;
            self.free_if_done(index);
        }
    }

    /// Frees a closing slot once neither CLOSE nor a send is under way.
    pub(super) fn free_if_done(&mut self, index: u32) {
        let Some(slot) = self.slots.at(index) else {
            return;
        };
        if slot.phase != Phase::Closing || slot.close_pending || !matches!(slot.busy, Busy::Nothing)
        {
            return;
        }
        let socket = slot.key(index);
        self.events.push(Event::Closed {
            socket,
            tag: slot.tag,
        });
        self.slots.remove(index);
    }

    /// Waits until the kernel has let go of all memory that sends and connects point at.
    fn quiesce(&mut self) {
        for slot in self
            .slots
            .iter_mut()
            .filter(|slot| slot.phase == Phase::Open)
        {
            // A short write is not continued any more.
            slot.phase = Phase::Closing;
            slot.close_pending = true;
        }
        let cancel = opcode::AsyncCancel2::new(CancelBuilder::any()).build();
        self.push_plain(cancel, Token::new(Operation::Cancel, 0, 0));
        let mut events = Vec::new();
        for round in 0..CLOSE_ROUNDS_MAX {
            // The first round submits all entries while the descriptors they name are still open.
            let wait = if round == 0 {
                Wait::No
            } else {
                Wait::UpTo(Duration::from_millis(10))
            };
            _ = self.ring.enter(wait);
            // Sockets accepted too late close here, too.
            self.reap(&mut events);
            events.clear();
            if self.busy == 0 {
                return;
            }
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.quiesce();
        if self.busy == 0 {
            return;
        }
        // The ring outlives this value in the kernel, and the kernel may still read these.
        for slot in self.slots.iter_mut() {
            core::mem::forget(core::mem::take(&mut slot.busy));
        }
    }
}
