//! Listening and accepting.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use io_uring::opcode;
use io_uring::types::{CancelBuilder, Fd};

use super::Driver;
use crate::ring::Completion;
use crate::token::{Operation, Token};
use crate::{Event, ListenerKey, ListenerSettings};

pub(super) struct Listener {
    descriptor: OwnedFd,
    armed: bool,
}

impl Driver {
    /// Listens as `settings` say; returns the listener and the address it got.
    ///
    /// # Errors
    ///
    /// The kernel's: the address is taken, not ours, or not permitted.
    pub fn listen(&mut self, settings: &ListenerSettings) -> io::Result<(ListenerKey, SocketAddr)> {
        let (descriptor, address) = settings.open()?;
        Ok((self.listen_on(descriptor), address))
    }

    /// Accepts from a socket that listens already, as from [`ListenerSettings::open`].
    ///
    /// # Panics
    ///
    /// At the 2^32nd listener.
    pub fn listen_on(&mut self, descriptor: OwnedFd) -> ListenerKey {
        let index = u32::try_from(self.listeners.len()).expect("listeners are numbered by u32");
        self.listeners.push(Some(Listener {
            descriptor,
            armed: false,
        }));
        self.arm_listener(index as usize);
        ListenerKey(index)
    }

    /// Accepts again wherever accepting had failed.
    pub fn rearm_listeners(&mut self) {
        for index in 0..self.listeners.len() {
            self.arm_listener(index);
        }
    }

    fn arm_listener(&mut self, index: usize) {
        let Some(Some(listener)) = self.listeners.get_mut(index) else {
            return;
        };
        if listener.armed {
            return;
        }
        listener.armed = true;
        let descriptor = Fd(listener.descriptor.as_raw_fd());
        let entry = opcode::AcceptMulti::new(descriptor)
            .flags(libc::SOCK_CLOEXEC)
            .build();
        let index = u32::try_from(index).expect("listeners are numbered by u32");
        self.push_plain(entry, Token::new(Operation::Accept, index, 0));
    }

    /// Stops listening. Connections that nobody has accepted yet are reset.
    pub fn close_listener(&mut self, listener: ListenerKey) {
        let Some(closed) = self
            .listeners
            .get_mut(listener.index())
            .and_then(Option::take)
        else {
            return;
        };
        let token = Token::new(Operation::Accept, listener.0, 0);
        let cancel = opcode::AsyncCancel2::new(CancelBuilder::user_data(token.encode()).all());
        self.push_plain(cancel.build(), Token::new(Operation::Cancel, listener.0, 0));
        // The accept operation holds the socket open until its cancellation, so submit that first.
        _ = self.submit();
        drop(closed);
    }

    /// Stops listening altogether.
    pub fn close_listeners(&mut self) {
        for index in (0..).take(self.listeners.len()) {
            self.close_listener(ListenerKey(index));
        }
    }

    pub(super) fn accept_completed(&mut self, index: u32, completion: &Completion) {
        let accepted = (completion.result >= 0).then(|| {
            // SAFETY: a successful ACCEPT gives a new descriptor that nobody else owns.
            unsafe { OwnedFd::from_raw_fd(completion.result) }
        });
        let Some(Some(listener)) = self.listeners.get_mut(index as usize) else {
            return;
        };
        listener.armed &= completion.more;
        let listener = ListenerKey(index);
        match (accepted, -completion.result) {
            (Some(socket), _) => self.events.push(Event::Accepted { listener, socket }),
            // The peer gave up before it was accepted: its business.
            (None, libc::ECONNABORTED | libc::EINTR | libc::EAGAIN | libc::EPROTO) => {}
            (None, errno) => {
                let error = io::Error::from_raw_os_error(errno);
                self.events.push(Event::AcceptFailed { listener, error });
                return;
            }
        }
        self.arm_listener(listener.index());
    }
}
