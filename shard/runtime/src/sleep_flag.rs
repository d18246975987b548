//! How a thread that is about to sleep and a thread that has something for it do not miss each other.
//!
//! ```text
//! sleeper                         waker
//! 1 flag := true                  1 put something into the ring
//! 2 fence                         2 fence
//! 3 look into the rings           3 flag? -> flag := false, wake
//! 4 nothing: sleep
//! ```
//!
//! Of the two fences one comes first. If it is the sleeper's, the waker sees the flag; if it is the
//! waker's, the sleeper sees what is in the ring. Either way nobody sleeps while something waits.

use crate::atomic::{AtomicBool, Ordering, fence};

/// Whether a thread sleeps, or is about to.
#[derive(Debug)]
pub(crate) struct SleepFlag(AtomicBool);

impl SleepFlag {
    pub(crate) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// The sleeper says that it is about to sleep; it must look into its rings once more after this.
    pub(crate) fn announce(&self) {
        self.0.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// The sleeper is awake.
    pub(crate) fn clear(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether the sleeper must be woken, to be asked after putting something into its ring. True for
    /// one asker only, who then wakes it.
    pub(crate) fn take(&self) -> bool {
        fence(Ordering::SeqCst);
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::AcqRel)
    }
}
