//! One thread's sockets.

mod accept;
mod close;
mod connect;
mod reap;
mod receive;
mod send;
mod wake;

use core::marker::PhantomData;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use io_uring::types::Fd;
use io_uring::{opcode, squeue};

use crate::pool::Pool;
use crate::ring::{Completion, Ring, Wait};
use crate::slots::{Slots, Watch};
use crate::token::{Operation, Token};
use crate::{DriverSettings, Event, ProbeError, SocketKey, Waker};

pub use close::DetachError;
pub use receive::ReceiveError;
pub use wake::PeerId;

use accept::Listener;

/// All sockets of one thread, on one ring.
///
/// Calls queue operations; [`Self::submit`] or [`Self::submit_and_wait`] hands them to the kernel and
/// [`Self::reap`] reports what came of them.
///
/// ```
/// use shard_uring::{Driver, DriverSettings, Event, ListenerSettings};
/// use std::time::Duration;
///
/// let mut driver = Driver::new(DriverSettings::default())?;
/// let settings = ListenerSettings::new(([127, 0, 0, 1], 0).into());
/// let (listener, address) = driver.listen(&settings)?;
/// let client = std::net::TcpStream::connect(address)?;
///
/// let mut events = Vec::new();
/// driver.submit_and_wait(Some(Duration::from_secs(10)))?;
/// driver.reap(&mut events);
/// assert!(matches!(events[0], Event::Accepted { listener: from, .. } if from == listener));
/// # drop(client);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Driver {
    ring: Ring,
    slots: Slots,
    listeners: Vec<Option<Listener>>,
    pool: Pool,
    /// Indices of sockets with something to flush, each once.
    dirty: Vec<u32>,
    completions: Vec<Completion>,
    /// What happened without a completion; reported by the next reap.
    events: Vec<Event>,
    waker: Waker,
    peers: Vec<Waker>,
    settings: DriverSettings,
    /// Sends and connects that the kernel has memory of ours for.
    busy: usize,
    /// A ring has one issuing thread.
    _thread: PhantomData<*const ()>,
}

impl Driver {
    /// Makes a driver for the calling thread, the only one that may use it.
    ///
    /// # Errors
    ///
    /// A [`ProbeError`] that says why the kernel refused the ring.
    pub fn new(settings: DriverSettings) -> Result<Self, ProbeError> {
        let ring = Ring::new(&settings).map_err(ProbeError::from_setup)?;
        let waker = wake::waker(&ring).map_err(ProbeError::Refused)?;
        let mut driver = Self {
            ring,
            slots: Slots::new(),
            listeners: Vec::new(),
            pool: Pool::new(settings.pooled_bytes_max),
            dirty: Vec::new(),
            completions: Vec::new(),
            events: Vec::new(),
            waker,
            peers: Vec::new(),
            settings,
            busy: 0,
            _thread: PhantomData,
        };
        driver.arm_waker();
        Ok(driver)
    }

    /// Number of sockets, closing ones included, listeners not.
    #[must_use]
    pub fn sockets(&self) -> usize {
        self.slots.len()
    }

    /// Takes over a connected stream socket in blocking mode, and watches it for bytes to receive.
    ///
    /// # Errors
    ///
    /// Gives the socket back if the table is full, at 2^24 sockets.
    pub fn attach(&mut self, socket: OwnedFd, tag: u64) -> Result<SocketKey, OwnedFd> {
        let key = self.slots.insert(socket, tag)?;
        self.watch(key);
        Ok(key)
    }

    /// The same for a socket whose first bytes have arrived, most likely: [`Self::receive`] them first,
    /// then [`Self::watch`] it. A socket that is detached before was never known to the kernel's ring.
    ///
    /// # Errors
    ///
    /// As [`Self::attach`].
    pub fn attach_unwatched(&mut self, socket: OwnedFd, tag: u64) -> Result<SocketKey, OwnedFd> {
        self.slots.insert(socket, tag)
    }

    /// Watches the socket for bytes to receive, unless it is watched already.
    pub fn watch(&mut self, socket: SocketKey) {
        if let Some(slot) = self.slots.open(socket)
            && slot.watch == Watch::No
        {
            slot.watch = Watch::Asked;
            self.arm_poll(socket);
        }
    }

    /// Replaces what events about the socket carry.
    pub fn retag(&mut self, socket: SocketKey, tag: u64) {
        if let Some(slot) = self.slots.open(socket) {
            slot.tag = tag;
        }
    }

    /// The address of the peer; one system call.
    ///
    /// # Errors
    ///
    /// The kernel's, mostly because the peer has gone, or `NotFound` for a key that is void.
    pub fn peer_address(&mut self, socket: SocketKey) -> io::Result<SocketAddr> {
        let descriptor = self
            .slots
            .open(socket)
            .and_then(|slot| slot.descriptor.as_ref());
        peer_address(descriptor.ok_or(io::ErrorKind::NotFound)?)
    }

    /// Hands everything queued to the kernel and lets it post completions; does not wait.
    ///
    /// # Errors
    ///
    /// Only if the ring itself is broken.
    pub fn submit(&mut self) -> io::Result<()> {
        self.ring.enter(Wait::No)
    }

    /// Hands everything queued to the kernel and sleeps until something completes or `time_out`
    /// (`None`: however long) has passed. Returns early if a signal arrives, at once if there are
    /// events to reap or bytes to flush.
    ///
    /// # Errors
    ///
    /// Only if the ring itself is broken.
    pub fn submit_and_wait(&mut self, time_out: Option<Duration>) -> io::Result<()> {
        self.ring.enter(match time_out {
            _ if !self.events.is_empty() || !self.dirty.is_empty() => Wait::No,
            None => Wait::Forever,
            Some(duration) => Wait::UpTo(duration),
        })
    }

    fn arm_poll(&mut self, key: SocketKey) {
        let Some(slot) = self.slots.open(key) else {
            return;
        };
        let Some(descriptor) = &slot.descriptor else {
            return;
        };
        let events = (libc::POLLIN | libc::POLLRDHUP).cast_unsigned();
        let entry = opcode::PollAdd::new(Fd(descriptor.as_raw_fd()), u32::from(events)).multi(true);
        self.push_plain(
            entry.build(),
            Token::new(Operation::Poll, key.index, key.generation),
        );
    }

    /// Queues an entry without pointers.
    fn push_plain(&mut self, entry: squeue::Entry, token: Token) {
        // SAFETY: the entry points at nothing. Its descriptor is closed only by an entry behind this one
        // or, when the driver is dropped, after all entries have been submitted.
        unsafe { self.ring.push(&entry.user_data(token.encode())) };
    }
}

/// The address of the peer of a socket that is not attached; one system call.
///
/// # Errors
///
/// The kernel's, mostly because the peer has gone.
pub fn peer_address(socket: &OwnedFd) -> io::Result<SocketAddr> {
    let address = socket2::SockRef::from(socket).peer_addr()?;
    address
        .as_socket()
        .ok_or_else(|| io::ErrorKind::Unsupported.into())
}
