//! Connecting, for clients.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

use io_uring::opcode;
use io_uring::types::Fd;
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::IpBindAddressNoPort;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::Driver;
use crate::slots::Busy;
use crate::token::{Operation, Token};
use crate::{Event, SocketKey};

impl Driver {
    /// Begins to connect to `peer`, from the address `local` if given (port 0: any port of it).
    ///
    /// [`Event::Connected`] or [`Event::ConnectFailed`] follows.
    ///
    /// # Errors
    ///
    /// The kernel's: no descriptor is left, or `local` is not ours; or the table is full.
    pub fn connect(
        &mut self,
        peer: SocketAddr,
        local: Option<SocketAddr>,
        tag: u64,
    ) -> io::Result<SocketKey> {
        let domain = Domain::for_address(peer);
        let socket = Socket::new(domain, Type::STREAM.cloexec(), Some(Protocol::TCP))?;
        socket.set_tcp_nodelay(true)?;
        if let Some(local) = local {
            // The kernel may then pick the port at connect, when it knows the whole pair of addresses.
            setsockopt(&socket, IpBindAddressNoPort, &true)?;
            socket.bind(&local.into())?;
        }
        let descriptor = OwnedFd::from(socket);
        let number = descriptor.as_raw_fd();
        let key = self
            .slots
            .insert(descriptor, tag)
            .map_err(|_| io::Error::other("the table of sockets is full"))?;
        let address = Box::new(SockAddr::from(peer));
        let entry =
            opcode::Connect::new(Fd(number), address.as_ptr().cast(), address.len()).build();
        if let Some(slot) = self.slots.open(key) {
            slot.busy = Busy::Connecting(address);
            self.busy += 1;
        }
        let token = Token::new(Operation::Connect, key.index, key.generation);
        // SAFETY: the address is boxed in the slot, which keeps it until the completion of this entry
        // takes it out; a dropped driver waits for that or leaks it.
        unsafe { self.ring.push(&entry.user_data(token.encode())) };
        Ok(key)
    }

    pub(super) fn connect_completed(&mut self, index: u32, generation: u32, result: i32) {
        let Some(slot) = self.slots.current(index, generation) else {
            return;
        };
        slot.busy = Busy::Nothing;
        self.busy -= 1;
        let (socket, tag) = (slot.key(index), slot.tag);
        if self.slots.open(socket).is_none() {
            self.free_if_done(index);
        } else if result < 0 {
            let error = io::Error::from_raw_os_error(-result);
            self.events
                .push(Event::ConnectFailed { socket, tag, error });
        } else {
            self.events.push(Event::Connected { socket, tag });
            self.watch(socket);
        }
    }
}
