//! Waking a driver from another thread.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::sys::eventfd::EventFd;

/// Makes a sleeping driver return from its wait. Cheap to clone, may go to any thread.
#[derive(Clone, Debug)]
pub struct Waker {
    pub(crate) descriptor: Arc<EventFd>,
    /// The driver's ring, for wakes from other rings; kept open by this.
    pub(crate) ring: Arc<OwnedFd>,
}

impl Waker {
    /// Wakes the driver; one system call. The driver reports [`crate::Event::Woken`], once or more.
    ///
    /// A driver that is gone is not woken, without harm.
    pub fn wake(&self) {
        // Fails only if the counter is full, which means that the driver has been told 2^64 times.
        _ = self.descriptor.write(1);
    }
}
