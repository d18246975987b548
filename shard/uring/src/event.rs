//! What a driver reports.

use std::io;
use std::os::fd::OwnedFd;

use crate::{ListenerKey, SocketKey};

/// Why bytes could not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendFailure(pub(crate) i32);

impl SendFailure {
    /// The kernel's reason.
    #[must_use]
    pub fn error(self) -> io::Error {
        io::Error::from_raw_os_error(self.0)
    }
}

/// Something that happened since the last reap. `tag` is what the socket was attached with.
#[derive(Debug)]
pub enum Event {
    /// A listener took a connection; it has the listener's socket options.
    Accepted {
        /// The listener.
        listener: ListenerKey,
        /// The connection, to attach here or to send elsewhere; dropping it closes it.
        socket: OwnedFd,
    },
    /// A listener could not accept (out of descriptors, mostly) and rests until
    /// [`crate::Driver::rearm_listeners`].
    AcceptFailed {
        /// The listener.
        listener: ListenerKey,
        /// The kernel's reason.
        error: io::Error,
    },
    /// The socket is closed and its key is void. The last event of a socket.
    Closed {
        /// The socket, no longer valid.
        socket: SocketKey,
        /// Its tag.
        tag: u64,
    },
    /// The connection that was asked for stands.
    Connected {
        /// The socket.
        socket: SocketKey,
        /// Its tag.
        tag: u64,
    },
    /// The connection that was asked for failed; close the socket.
    ConnectFailed {
        /// The socket.
        socket: SocketKey,
        /// Its tag.
        tag: u64,
        /// The kernel's reason.
        error: io::Error,
    },
    /// Bytes, the end of the stream or an error wait to be received. Reported once per arrival, not
    /// as long as bytes are left: who stops early must remember it.
    Readable {
        /// The socket.
        socket: SocketKey,
        /// Its tag.
        tag: u64,
        /// The end of the stream or an error is among what waits: receive until told so, for it is
        /// not reported again.
        ended: bool,
    },
    /// Sending failed and what was queued is gone; close the socket.
    SendFailed {
        /// The socket.
        socket: SocketKey,
        /// Its tag.
        tag: u64,
        /// The kernel's reason.
        failure: SendFailure,
    },
    /// The kernel took bytes.
    Sent {
        /// The socket.
        socket: SocketKey,
        /// Its tag.
        tag: u64,
        /// Bytes that it took.
        bytes: usize,
        /// Bytes still queued.
        left: usize,
    },
    /// Another thread asked for attention.
    Woken,
}
