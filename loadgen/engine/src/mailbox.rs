//! How a worker is reached: a channel, and a wake if it sleeps.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::mpsc::{Receiver, Sender, channel};

use loadgen_work::Credit;
use shard_uring::Waker;

use crate::message::Command;

/// What reaches a worker from other threads.
#[derive(Debug)]
pub(crate) enum Mail {
    Command(Command),
    /// Deliveries at another worker that concern publishers of this one.
    Credits(Vec<Credit>),
}

/// Where to put mail for a worker.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    sender: Sender<Mail>,
    sleeping: Arc<AtomicBool>,
    waker: Waker,
}

impl Address {
    /// Hands over `mail`; nothing happens if the worker has gone.
    pub(crate) fn send(&self, mail: Mail) {
        if self.sender.send(mail).is_err() {
            return;
        }
        // Either this sees the flag, or the worker sees the mail: the other fence is in `Mailbox::rest`.
        fence(Ordering::SeqCst);
        if self.sleeping.swap(false, Ordering::Relaxed) {
            self.waker.wake();
        }
    }
}

/// The worker's end.
#[derive(Debug)]
pub(crate) struct Mailbox {
    receiver: Receiver<Mail>,
    sleeping: Arc<AtomicBool>,
    /// What came while the worker was about to sleep.
    early: Option<Mail>,
}

/// A mailbox of the worker that `waker` wakes.
pub(crate) fn mailbox(waker: Waker) -> (Address, Mailbox) {
    let (sender, receiver) = channel();
    let sleeping = Arc::new(AtomicBool::new(false));
    let address = Address {
        sender,
        sleeping: Arc::clone(&sleeping),
        waker,
    };
    let mailbox = Mailbox {
        receiver,
        sleeping,
        early: None,
    };
    (address, mailbox)
}

impl Mailbox {
    pub(crate) fn take(&mut self) -> Option<Mail> {
        self.early.take().or_else(|| self.receiver.try_recv().ok())
    }

    /// Announces that the worker sleeps from now on; `false` if it must not, because there is mail.
    pub(crate) fn rest(&mut self) -> bool {
        self.sleeping.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        self.early = self.take();
        self.early.is_none()
    }

    /// Ends what [`Self::rest`] announced.
    pub(crate) fn rise(&self) {
        self.sleeping.store(false, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shard_uring::{Driver, DriverSettings};
    use std::time::Duration;

    #[test]
    fn mail_before_sleep_prevents_it_and_mail_after_wakes() {
        let mut driver = Driver::new(DriverSettings::default()).unwrap();
        let (address, mut mailbox) = mailbox(driver.waker());
        address.send(Mail::Command(Command::Account));
        assert!(!mailbox.rest());
        mailbox.rise();
        assert!(matches!(
            mailbox.take(),
            Some(Mail::Command(Command::Account))
        ));
        assert!(mailbox.rest());
        address.send(Mail::Credits(Vec::new()));
        driver
            .submit_and_wait(Some(Duration::from_secs(20)))
            .unwrap();
        let mut events = Vec::new();
        driver.reap(&mut events);
        assert!(matches!(events[..], [shard_uring::Event::Woken]));
        mailbox.rise();
        assert!(mailbox.take().is_some() && mailbox.take().is_none());
    }
}
