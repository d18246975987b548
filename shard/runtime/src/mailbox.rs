//! Between a shard and the control side.
//!
//! The control side runs on another executor. It meets the shards here and nowhere else: it puts
//! messages into a [`Mailbox`], and waits for what shards say by polling the [`Bell`]'s descriptor for
//! readability in whatever way its executor has.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use nix::sys::eventfd::{EfdFlags, EventFd};
use rtrb::{Consumer, Producer, RingBuffer};
use shard_engine::{ControlInput, ControlOutput};
use shard_uring::Waker;

use crate::limits::MAILBOX_MESSAGES;
use crate::sleep_flag::SleepFlag;
use crate::turns::Turns;

/// Readable while a shard may have said something: wait for that, [`Bell::silence`] it, then empty
/// every mailbox.
#[derive(Clone, Debug)]
pub struct Bell(Arc<EventFd>);

impl Bell {
    pub(crate) fn new() -> nix::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self(Arc::new(EventFd::from_value_and_flags(0, flags)?)))
    }

    /// Makes the descriptor unreadable until a shard says something again.
    pub fn silence(&self) {
        // Fails if it is silent already.
        _ = self.0.read();
    }

    pub(crate) fn ring(&self) {
        // Fails only at 2^64 unread rings.
        _ = self.0.write(1);
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The control side's end: messages to and from one shard.
#[derive(Debug)]
pub struct Mailbox {
    to_shard: Producer<Box<ControlInput>>,
    from_shard: Consumer<Box<ControlOutput>>,
    sleeping: Arc<SleepFlag>,
    waker: Waker,
    turns: Arc<Turns>,
}

impl Mailbox {
    /// Sends to the shard.
    ///
    /// # Errors
    ///
    /// Gives the message back while 1,024 wait, or once the shard has ended.
    pub fn send(&mut self, input: Box<ControlInput>) -> Result<(), Box<ControlInput>> {
        if self.to_shard.is_abandoned() {
            return Err(input);
        }
        let rtrb::PushError::Full(input) = match self.to_shard.push(input) {
            Ok(()) => {
                if self.sleeping.take() {
                    self.waker.wake();
                }
                return Ok(());
            }
            Err(error) => error,
        };
        Err(input)
    }

    /// Takes what the shard said next, if anything.
    pub fn receive(&mut self) -> Option<Box<ControlOutput>> {
        self.from_shard.pop().ok()
    }

    /// What the shard's loop counts.
    #[must_use]
    pub fn turns(&self) -> Arc<Turns> {
        Arc::clone(&self.turns)
    }

    /// Whether the shard has ended.
    #[must_use]
    pub fn is_abandoned(&self) -> bool {
        self.to_shard.is_abandoned()
    }
}

/// The shard's end.
#[derive(Debug)]
pub(crate) struct ShardMailbox {
    from_control: Consumer<Box<ControlInput>>,
    to_control: Producer<Box<ControlOutput>>,
    /// What found no room, in order.
    #[allow(clippy::vec_box, reason = "boxed is how they come and go")]
    waiting: Vec<Box<ControlOutput>>,
    bell: Bell,
    turns: Arc<Turns>,
}

/// The two ends of a mailbox; the control side's wants the shard's flag and waker to become whole.
pub(crate) fn pair(bell: &Bell, sleeping: Arc<SleepFlag>, waker: Waker) -> (Mailbox, ShardMailbox) {
    let (to_shard, from_control) = RingBuffer::new(MAILBOX_MESSAGES);
    let turns = Arc::<Turns>::default();
    let (to_control, from_shard) = RingBuffer::new(MAILBOX_MESSAGES);
    let shard = ShardMailbox {
        from_control,
        to_control,
        waiting: Vec::new(),
        bell: bell.clone(),
        turns: Arc::clone(&turns),
    };
    (
        Mailbox {
            to_shard,
            from_shard,
            sleeping,
            waker,
            turns,
        },
        shard,
    )
}

impl ShardMailbox {
    pub(crate) fn turns(&self) -> &Turns {
        &self.turns
    }

    pub(crate) fn receive(&mut self) -> Option<Box<ControlInput>> {
        self.from_control.pop().ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.from_control.is_empty()
    }

    /// Says something to the control side; kept until there is room.
    pub(crate) fn send(&mut self, output: Box<ControlOutput>) {
        self.waiting.push(output);
        self.publish();
    }

    /// Moves what waits into the ring.
    pub(crate) fn publish(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let room = self.to_control.slots().min(self.waiting.len());
        for output in self.waiting.drain(..room) {
            // There is room, and nobody else pushes.
            _ = self.to_control.push(output);
        }
        if self.to_control.is_abandoned() {
            self.waiting.clear();
        }
        self.bell.ring();
    }
}
