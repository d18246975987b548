//! Where everything that happens is noted.

use std::rc::Rc;
use std::time::{Duration, Instant};

use wire_message::Qos;

use crate::history::{ClientId, Event, History, Kind, Message, MessageId};

/// The history while it is made.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) history: History,
    /// What the round's payloads are made from.
    pub(crate) seed: u64,
    began: Instant,
}

impl Log {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            history: History::default(),
            seed,
            began: Instant::now(),
        }
    }

    pub(crate) fn note(&mut self, event: Event) {
        self.history.events.push((self.began.elapsed(), event));
    }

    /// Notes a message that is about to be sent.
    pub(crate) fn message(
        &mut self,
        publisher: ClientId,
        topic: &Rc<str>,
        qos: Qos,
        kind: Kind,
    ) -> MessageId {
        let topic = Rc::clone(topic);
        self.history.add_message(Message {
            publisher,
            topic,
            qos,
            kind,
        })
    }

    /// Time since the last event.
    pub(crate) fn quiet(&self) -> Duration {
        let last = self
            .history
            .events
            .last()
            .map_or(Duration::ZERO, |(at, _)| *at);
        self.began.elapsed().saturating_sub(last)
    }
}
