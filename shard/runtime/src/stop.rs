//! How the process tells its shards to end.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use shard_uring::Waker;
use store_model::StoreState;

/// What the shards are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Command {
    Run,
    /// Take leave of the clients, then end.
    Stop,
    /// End at once.
    Halt,
}

/// What all shards of a process know about its end.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    command: AtomicU8,
    /// Shards that have nothing left to say to the others.
    finished: AtomicUsize,
}

impl Ending {
    pub(crate) fn command(&self) -> Command {
        match self.command.load(Ordering::Relaxed) {
            0 => Command::Run,
            1 => Command::Stop,
            _ => Command::Halt,
        }
    }

    pub(crate) fn finish(&self) {
        self.finished.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn finished(&self) -> usize {
        self.finished.load(Ordering::Acquire)
    }
}

/// Ends the shards of a process, from any thread.
#[derive(Clone, Debug)]
pub struct StopSignal {
    pub(crate) ending: Arc<Ending>,
    pub(crate) wakers: Arc<[Waker]>,
}

impl StopSignal {
    /// Lets the shards take leave of their clients and end within their grace.
    pub fn stop(&self) {
        self.tell(Command::Stop);
    }

    /// Ends the shards at once, whatever is under way.
    pub fn halt(&self) {
        self.tell(Command::Halt);
    }

    fn tell(&self, command: Command) {
        self.ending
            .command
            .fetch_max(command as u8, Ordering::Relaxed);
        for waker in self.wakers.iter() {
            waker.wake();
        }
    }
}

/// What went wrong with shards that have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndError {
    /// So many threads panicked.
    #[error("{0} of the shards ended in a panic")]
    Panicked(NonZeroUsize),
    /// The store did not take everything. What was acknowledged is on the disk all the same.
    #[error("the last of what the shards did is not stored: {}", reason(*.0))]
    NotStored(StoreState),
}

const fn reason(state: StoreState) -> &'static str {
    match state {
        StoreState::Failed => "the disk has failed",
        StoreState::Full => "the disk is full",
        StoreState::Healthy => "nothing is wrong with the disk",
    }
}
