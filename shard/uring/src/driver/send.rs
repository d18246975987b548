//! Sending: one operation under way per socket.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use io_uring::types::Fd;
use io_uring::{opcode, squeue};

use super::Driver;
use crate::limits::CALLS_PER_FLUSH_MAX;
use crate::outbox::Remaining;
use crate::slots::Busy;
use crate::token::{Operation, Token};
use crate::{Event, Outbox, SendFailure, SendPath, SocketKey};

impl Driver {
    /// Where to put bytes for `socket`; they leave after the next [`Self::flush`]. `bytes` is how many
    /// are to come at least. `None` if the key is void.
    pub fn outbox(&mut self, socket: SocketKey, bytes: usize) -> Option<&mut Outbox> {
        let slot = self.slots.open(socket)?;
        if !slot.dirty {
            slot.dirty = true;
            self.dirty.push(socket.index);
        }
        Some(slot.open.get_or_insert_with(|| self.pool.take(bytes)))
    }

    /// Bytes that wait to be sent or are being sent.
    #[must_use]
    pub fn queued_bytes(&mut self, socket: SocketKey) -> usize {
        let Some(slot) = self.slots.open(socket) else {
            return 0;
        };
        let open = slot.open.as_ref().map_or(0, |open| open.bytes());
        match &slot.busy {
            Busy::Sending(outbox) => open + outbox.bytes(),
            Busy::Connecting(_) | Busy::Nothing => open,
        }
    }

    /// Starts one send for each socket that has bytes and none under way. The others follow when
    /// theirs completes and [`Self::flush`] is called again.
    pub fn flush(&mut self) {
        let mut dirty = core::mem::take(&mut self.dirty);
        let by_call = match self.settings.send_path {
            SendPath::Call => true,
            SendPath::Either => dirty.len() <= CALLS_PER_FLUSH_MAX,
            SendPath::Entry => false,
        };
        for index in dirty.drain(..) {
            self.flush_one(index, by_call);
        }
        self.dirty = dirty;
    }

    fn flush_one(&mut self, index: u32, by_call: bool) {
        let Some(slot) = self.slots.at(index) else {
            return;
        };
        slot.dirty = false;
        if !matches!(slot.busy, Busy::Nothing) {
            // The completion marks it again.
            return;
        }
        let Some(outbox) = slot.open.take() else {
            return;
        };
        let Some(descriptor) = slot.descriptor.as_ref().filter(|_| !outbox.is_empty()) else {
            self.pool.give(outbox);
            return;
        };
        let key = slot.key(index);
        let mut outbox = outbox;
        if by_call {
            match call(descriptor.as_fd(), &mut outbox) {
                Ok(0) | Err(libc::EAGAIN | libc::EINTR | libc::ENOBUFS) => {}
                Ok(bytes) => {
                    outbox.advance(bytes);
                    let (tag, left) = (slot.tag, outbox.bytes());
                    self.events.push(Event::Sent {
                        socket: key,
                        tag,
                        bytes,
                        left,
                    });
                    if left == 0 {
                        self.pool.give(outbox);
                        return;
                    }
                }
                Err(errno) => {
                    self.pool.give(outbox);
                    let (tag, failure) = (slot.tag, SendFailure(errno));
                    self.events.push(Event::SendFailed {
                        socket: key,
                        tag,
                        failure,
                    });
                    return;
                }
            }
        }
        slot.busy = Busy::Sending(outbox);
        self.busy += 1;
        self.push_send(key);
    }

    /// Queues the send of what is left in the outbox of a socket that is being sent.
    fn push_send(&mut self, key: SocketKey) {
        let Some(slot) = self.slots.open(key) else {
            return;
        };
        let (Busy::Sending(outbox), Some(descriptor)) = (&mut slot.busy, &slot.descriptor) else {
            unreachable!("only an open socket with an outbox under way is sent");
        };
        let entry = entry(Fd(descriptor.as_raw_fd()), outbox);
        let token = Token::new(Operation::Send, key.index, key.generation);
        // SAFETY: the entry points into the boxed outbox (its buffer, its shared bytes, its list of
        // pieces), which the slot keeps unchanged until the completion of this entry; a dropped driver
        // waits for that or leaks it.
        unsafe { self.ring.push(&entry.user_data(token.encode())) };
    }

    pub(super) fn send_completed(&mut self, index: u32, generation: u32, result: i32) {
        let Some(slot) = self.slots.current(index, generation) else {
            return;
        };
        let Busy::Sending(mut outbox) = core::mem::take(&mut slot.busy) else {
            unreachable!("a send completes while its outbox is under way");
        };
        let (key, tag) = (slot.key(index), slot.tag);
        let taken = match usize::try_from(result) {
            Ok(bytes) => bytes,
            Err(_) if result == -libc::EINTR || result == -libc::EAGAIN => 0,
            Err(_) => return self.send_failed(key, tag, outbox, -result),
        };
        outbox.advance(taken);
        if self.slots.open(key).is_none() {
            // Closed meanwhile; what is left would have been cancelled.
            self.send_over(index, outbox);
            return;
        }
        let slot = self.slots.open(key).expect("checked just now");
        let left = outbox.bytes() + slot.open.as_ref().map_or(0, |open| open.bytes());
        self.events.push(Event::Sent {
            socket: key,
            tag,
            bytes: taken,
            left,
        });
        if !outbox.is_empty() {
            slot.busy = Busy::Sending(outbox);
            self.push_send(key);
            return;
        }
        if left > 0 && !slot.dirty {
            slot.dirty = true;
            self.dirty.push(index);
        }
        self.send_over(index, outbox);
    }

    fn send_failed(&mut self, key: SocketKey, tag: u64, outbox: Box<Outbox>, errno: i32) {
        if let Some(slot) = self.slots.open(key) {
            // What would have come behind can't leave either.
            if let Some(open) = slot.open.take() {
                self.pool.give(open);
            }
            self.events.push(Event::SendFailed {
                socket: key,
                tag,
                failure: SendFailure(errno),
            });
        }
        self.send_over(key.index, outbox);
    }

    fn send_over(&mut self, index: u32, outbox: Box<Outbox>) {
        self.busy -= 1;
        self.pool.give(outbox);
        self.free_if_done(index);
    }
}

fn entry(descriptor: Fd, outbox: &mut Outbox) -> squeue::Entry {
    match outbox.remaining() {
        Remaining::Contiguous(bytes, length) => {
            // More than 4 GiB in one buffer follows in the next send.
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            opcode::Send::new(descriptor, bytes, length)
                .flags(libc::MSG_NOSIGNAL)
                .build()
        }
        Remaining::Vectored(header) => {
            let flags = libc::MSG_NOSIGNAL.cast_unsigned();
            opcode::SendMsg::new(descriptor, header)
                .flags(flags)
                .build()
        }
    }
}

/// Sends what the socket takes at once.
fn call(descriptor: BorrowedFd<'_>, outbox: &mut Outbox) -> Result<usize, i32> {
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    let descriptor = descriptor.as_raw_fd();
    let result = match outbox.remaining() {
        Remaining::Contiguous(bytes, length) => {
            // SAFETY: `bytes` and `length` describe the outbox's buffer, borrowed through the call.
            unsafe { libc::send(descriptor, bytes.cast(), length, flags) }
        }
        Remaining::Vectored(header) => {
            // SAFETY: `header` and the pieces it names are borrowed with the outbox through the call.
            unsafe { libc::sendmsg(descriptor, header, flags) }
        }
    };
    usize::try_from(result).map_err(|_| {
        std::io::Error::last_os_error()
            .raw_os_error()
            .unwrap_or(libc::EIO)
    })
}
