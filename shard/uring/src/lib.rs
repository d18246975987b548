//! Sockets on an `io_uring` of one's own, for a thread that owns many of them.
//!
//! A [`Driver`] belongs to one thread. It accepts and connects sockets, reports which are readable,
//! sends what was put into their [`Outbox`]es with at most one send in flight per socket, and sleeps
//! in its ring until something happens or a time-out passes. Everything that the thread waits for is
//! an [`Event`], wakes from other threads ([`Waker`]) included.
//!
//! It is no runtime: no futures, no tasks, no timers, no protocol. Calls queue work; the kernel sees
//! it at the next [`Driver::submit`] or [`Driver::submit_and_wait`], all of a turn in one system call.
//!
//! Invariants: a socket that is idle owns one table entry of at most 48 bytes and no buffer; bytes
//! given to the kernel live until their completion; a [`SocketKey`] that has been closed never names
//! the socket that took its place; this crate is the only one with unsafe code.
//!
//! Start with [`probe()`], then [`Driver::new`], then the loop of `examples/echo.rs`.
#![allow(
    unsafe_code,
    reason = "submission entries carry pointers that the kernel follows"
)]
#![allow(clippy::disallowed_methods, reason = "drives I/O")]

mod driver;
mod event;
mod limits;
mod listener;
mod outbox;
mod pool;
mod probe;
mod ring;
mod settings;
mod shared_bytes;
mod slots;
mod token;
mod waker;

pub use driver::{DetachError, Driver, PeerId, ReceiveError, peer_address};
pub use event::{Event, SendFailure};
pub use listener::{KeepAlive, ListenerKey, ListenerSettings};
pub use outbox::Outbox;
pub use probe::{OpenFiles, ProbeError, probe, raise_memory_lock, raise_open_files};
pub use settings::{DriverSettings, SendPath, WakePath};
pub use shared_bytes::SharedBytes;
pub use slots::SocketKey;
pub use waker::Waker;
