//! Where this side meets the shards' threads.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use shard_engine::{ControlInput, ControlOutput};
use shard_runtime::{Bell, Mailbox, Turns};
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;
use wire_message::ShardId;

/// Messages on their way to the mailboxes. Full: whoever sends waits.
const TO_SHARDS_MAX: usize = 256;

/// Pause before a full mailbox is tried again; its shard is busy, and nothing here is urgent.
const RETRY: Duration = Duration::from_millis(10);

/// Channels to and from all shards.
#[derive(Debug)]
pub struct Mailboxes {
    /// How many shards there are.
    pub shards: usize,
    /// For which shard, and what.
    pub to_shards: mpsc::Sender<(ShardId, ControlInput)>,
    /// Who said what. Without a bound of its own, because shards only answer questions, and one
    /// question is out at a time.
    pub from_shards: mpsc::UnboundedReceiver<(ShardId, ControlOutput)>,
    /// What the loop of each shard counts.
    pub turns: Vec<Arc<Turns>>,
}

impl Mailboxes {
    /// Connects channels with the mailboxes of running shards, on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// If the bell can't be waited for.
    pub fn connect(mailboxes: Vec<Mailbox>, bell: Bell) -> io::Result<Self> {
        let shards = mailboxes.len();
        let turns = mailboxes.iter().map(Mailbox::turns).collect();
        #[expect(
            deprecated,
            reason = "sound here: the bell owns its descriptor and never changes it"
        )]
        let bell = AsyncFd::new(Ringing(bell))?;
        let (to_shards, to_send) = mpsc::channel(TO_SHARDS_MAX);
        let (heard, from_shards) = mpsc::unbounded_channel();
        let outlet = |(shard, mailbox)| Outlet {
            shard,
            mailbox,
            waiting: VecDeque::new(),
        };
        let outlets = (0..=u8::MAX)
            .map(ShardId)
            .zip(mailboxes)
            .map(outlet)
            .collect();
        let carrier = Carrier {
            outlets,
            bell,
            heard,
        };
        tokio::spawn(carrier.run(to_send));
        Ok(Self {
            shards,
            to_shards,
            from_shards,
            turns,
        })
    }
}

/// The bell as tokio wants it.
struct Ringing(Bell);

impl AsRawFd for Ringing {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

/// The mailbox of one shard.
struct Outlet {
    shard: ShardId,
    mailbox: Mailbox,
    /// What found no room in the mailbox; [`TO_SHARDS_MAX`] for all of them, see [`Carrier::run`].
    waiting: VecDeque<Box<ControlInput>>,
}

/// Carries messages between the channels and the mailboxes.
struct Carrier {
    outlets: Vec<Outlet>,
    bell: AsyncFd<Ringing>,
    heard: mpsc::UnboundedSender<(ShardId, ControlOutput)>,
}

impl Carrier {
    async fn run(mut self, mut to_send: mpsc::Receiver<(ShardId, ControlInput)>) {
        loop {
            let waiting: usize = self.outlets.iter().map(|outlet| outlet.waiting.len()).sum();
            tokio::select! {
                sent = to_send.recv(), if waiting < TO_SHARDS_MAX => match sent {
                    Some((shard, input)) => self.send(shard, input),
                    None => return,
                },
                ready = self.bell.readable() => {
                    let Ok(mut ready) = ready else { return };
                    ready.get_inner().0.silence();
                    ready.clear_ready();
                    self.hear();
                }
                () = tokio::time::sleep(RETRY), if waiting > 0 => self.retry(),
            }
        }
    }

    fn send(&mut self, shard: ShardId, input: ControlInput) {
        if let Some(outlet) = self.outlets.get_mut(shard.index()) {
            outlet.waiting.push_back(Box::new(input));
            outlet.deliver();
        }
    }

    fn retry(&mut self) {
        for outlet in &mut self.outlets {
            outlet.deliver();
        }
    }

    fn hear(&mut self) {
        for outlet in &mut self.outlets {
            while let Some(output) = outlet.mailbox.receive() {
                // Nobody listens only when the process ends.
                let _ = self.heard.send((outlet.shard, *output));
            }
        }
    }
}

impl Outlet {
    /// Puts what waits into the mailbox, in order, as far as there is room.
    fn deliver(&mut self) {
        while let Some(input) = self.waiting.pop_front() {
            if let Err(input) = self.mailbox.send(input) {
                // A shard that has ended will never have room again.
                if self.mailbox.is_abandoned() {
                    self.waiting.clear();
                } else {
                    self.waiting.push_front(input);
                }
                return;
            }
        }
    }
}
