//! Listening sockets.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

/// Names a listener of one driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerKey(pub(crate) u32);

impl ListenerKey {
    /// Listeners are numbered from 0 in the order of [`crate::Driver::listen`].
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// When the kernel looks whether a silent peer still exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Silence before the first probe; whole seconds.
    pub idle: Duration,
    /// Time between probes; whole seconds.
    pub interval: Duration,
    /// Unanswered probes before the connection counts as dead.
    pub probes: u32,
}

/// A listener and the options its connections inherit (Linux copies them at accept).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "choices that vary independently"
)]
pub struct ListenerSettings {
    /// Address to bind; port 0 lets the kernel choose.
    pub address: SocketAddr,
    /// Connections that wait to be accepted. Full: the kernel drops the peer's SYN or last ACK, and
    /// the peer tries again.
    pub backlog: u32,
    /// Whether other sockets may listen on the same address; the kernel spreads connections over them.
    pub reuse_port: bool,
    /// Whether an IPv6 wildcard address takes IPv6 only.
    pub ipv6_only: bool,
    /// Whether small writes leave at once.
    pub no_delay: bool,
    /// Send buffer in the kernel, bytes; `None` leaves it to the kernel's tuning.
    pub send_buffer_bytes: Option<u32>,
    /// Receive buffer in the kernel, bytes; `None` leaves it to the kernel's tuning.
    pub receive_buffer_bytes: Option<u32>,
    /// Probes for dead peers, if any.
    pub keep_alive: Option<KeepAlive>,
    /// Whether a connection is accepted when its first bytes have come, or a second later if none do:
    /// for protocols in which the client speaks first.
    pub deferred: bool,
}

impl ListenerSettings {
    /// The usual listener on `address`: shared port, no delay, a backlog of 4,096.
    #[must_use]
    pub const fn new(address: SocketAddr) -> Self {
        Self {
            address,
            backlog: 4096,
            reuse_port: true,
            ipv6_only: false,
            no_delay: true,
            send_buffer_bytes: None,
            receive_buffer_bytes: None,
            keep_alive: None,
            deferred: false,
        }
    }

    /// Opens, binds and listens; returns the socket and the address it got.
    ///
    /// # Errors
    ///
    /// The kernel's: the address is taken, not ours, or not permitted.
    pub fn open(&self) -> io::Result<(OwnedFd, SocketAddr)> {
        let socket = self.bind()?;
        socket.listen(i32::try_from(self.backlog).unwrap_or(i32::MAX))?;
        let address = socket
            .local_addr()?
            .as_socket()
            .ok_or(io::ErrorKind::Unsupported)?;
        Ok((socket.into(), address))
    }

    /// Sees whether nobody else has the address. No client can connect meanwhile.
    ///
    /// # Errors
    ///
    /// The kernel's, if somebody has it or it is not one of this machine.
    pub fn check(&self) -> io::Result<()> {
        // A shared port can be taken twice by the same user without anybody noticing.
        let alone = Self {
            reuse_port: false,
            ..self.clone()
        };
        alone.bind().map(drop)
    }

    /// A socket that has the address and does not listen.
    fn bind(&self) -> io::Result<Socket> {
        let domain = Domain::for_address(self.address);
        let socket = Socket::new(domain, Type::STREAM.cloexec(), Some(Protocol::TCP))?;
        socket.set_reuse_address(true)?;
        socket.set_reuse_port(self.reuse_port)?;
        if self.address.is_ipv6() {
            socket.set_only_v6(self.ipv6_only)?;
        }
        socket.set_tcp_nodelay(self.no_delay)?;
        if let Some(bytes) = self.send_buffer_bytes {
            socket.set_send_buffer_size(bytes as usize)?;
        }
        if let Some(bytes) = self.receive_buffer_bytes {
            socket.set_recv_buffer_size(bytes as usize)?;
        }
        if let Some(keep_alive) = self.keep_alive {
            let options = TcpKeepalive::new()
                .with_time(keep_alive.idle)
                .with_interval(keep_alive.interval)
                .with_retries(keep_alive.probes);
            socket.set_tcp_keepalive(&options)?;
        }
        if self.deferred {
            defer_accept(&socket)?;
        }
        socket.bind(&self.address.into())?;
        Ok(socket)
    }
}

/// Has the kernel keep connections to itself until bytes come, for a second at the most.
fn defer_accept(socket: &Socket) -> io::Result<()> {
    let seconds: libc::c_int = 1;
    let size = libc::socklen_t::try_from(size_of_val(&seconds)).expect("an integer has few bytes");
    // SAFETY: the option takes the integer that the pointer and the size describe.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_DEFER_ACCEPT,
            (&raw const seconds).cast(),
            size,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_free_until_somebody_listens_there() {
        let any = ListenerSettings::new(([127, 0, 0, 1], 0).into());
        let (listening, address) = any.open().expect("there is a free port");
        let same = ListenerSettings::new(address);
        let error = same.check().expect_err("it is taken");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(listening);
        assert!(same.check().is_ok());
        // Nobody was let in meanwhile, and the address is still free.
        assert!(std::net::TcpStream::connect(address).is_err());
        assert!(same.open().is_ok());
    }
}
