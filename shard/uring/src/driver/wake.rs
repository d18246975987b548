//! Being woken and waking others.

use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;

use io_uring::opcode;
use io_uring::types::Fd;
use nix::sys::eventfd::{EfdFlags, EventFd};

use super::Driver;
use crate::ring::Ring;
use crate::token::{Operation, Token};
use crate::{Event, WakePath, Waker};

/// Names a driver that this one may wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerId(u32);

pub(super) fn waker(ring: &Ring) -> io::Result<Waker> {
    let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
    let descriptor = Arc::new(EventFd::from_value_and_flags(0, flags)?);
    let ring = Arc::new(ring.as_fd().try_clone_to_owned()?);
    Ok(Waker { descriptor, ring })
}

impl Driver {
    /// What other threads wake this driver with.
    #[must_use]
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Makes another driver known, to be woken by [`Self::wake_peer`].
    ///
    /// # Panics
    ///
    /// At the 2^32nd peer.
    pub fn add_peer(&mut self, waker: Waker) -> PeerId {
        let number = u32::try_from(self.peers.len()).expect("peers are numbered by u32");
        self.peers.push(waker);
        PeerId(number)
    }

    /// Wakes the peer, with the next submission or at once, as [`WakePath`] says.
    pub fn wake_peer(&mut self, peer: PeerId) {
        let Some(waker) = self.peers.get(peer.0 as usize) else {
            return;
        };
        match self.settings.wake_path {
            WakePath::EventDescriptor => waker.wake(),
            WakePath::RingMessage => {
                let woken = Token::new(Operation::WokenByRing, 0, 0).encode();
                let entry = opcode::MsgRingData::new(Fd(waker.ring.as_raw_fd()), 0, woken, None);
                self.push_plain(entry.build(), Token::new(Operation::WakePeer, peer.0, 0));
            }
        }
    }

    pub(super) fn arm_waker(&mut self) {
        // Each write to the descriptor completes the multishot poll once more; nobody has to read it.
        let descriptor = Fd(self.waker.descriptor.as_fd().as_raw_fd());
        let events = u32::from(libc::POLLIN.cast_unsigned());
        let entry = opcode::PollAdd::new(descriptor, events).multi(true).build();
        self.push_plain(entry, Token::new(Operation::WokenByDescriptor, 0, 0));
    }

    pub(super) fn woken(&mut self) {
        // Any number of wakes is one reason to look around.
        if !matches!(self.events.last(), Some(Event::Woken)) {
            self.events.push(Event::Woken);
        }
    }

    pub(super) fn wake_completed(&mut self, peer: u32, result: i32) {
        if result < 0
            && let Some(waker) = self.peers.get(peer as usize)
        {
            // The peer's completion queue is full, or its kernel can't; the other way always works.
            waker.wake();
        }
    }
}
