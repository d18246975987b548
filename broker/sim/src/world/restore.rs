//! What is on the disk goes back into the engines, before they turn.

use std::convert::Infallible;

use shard_topics::TopicKey;
use store_memory::Image;
use store_model::{Answer, DelayedKey, Number, Read, Reader, StoredSession};
use wire_message::{ClientId, Seed};

use super::World;
use crate::defect::Defect;
use crate::violation::{Checked, Violation};

impl World {
    /// Gives the engines what is on the disk.
    pub(super) fn restore(&mut self, image: &Image, seed: Seed) -> Checked {
        let mut reader = Reader::new(image, self.outside.process.clock());
        let mut read = |read: &Read| {
            let Ok(answer): Result<_, Infallible> = reader.answer(read);
            answer
        };
        let mut after: Option<Number> = None;
        loop {
            let Answer::Sessions(chunk) = read(&Read::Sessions { after }) else {
                return Err(unanswered());
            };
            for session in &chunk.sessions {
                self.restore_session(session, seed);
            }
            after = chunk.after;
            if after.is_none() {
                break;
            }
        }
        let mut after: Option<Box<str>> = None;
        loop {
            let Answer::Retained(chunk) = read(&Read::Retained { after }) else {
                return Err(unanswered());
            };
            for message in chunk.messages {
                let owner = TopicKey::new(message.topic(), seed).owner(self.drivers.len());
                self.drivers[owner.index()].restore_retained(message, &self.outside);
            }
            after = chunk.after;
            if after.is_none() {
                break;
            }
        }
        let mut after: Option<DelayedKey> = None;
        loop {
            let Answer::Delayed(chunk) = read(&Read::Delayed { after }) else {
                return Err(unanswered());
            };
            for delayed in chunk.messages {
                let index = delayed.key.number.0 % self.drivers.len() as u64;
                let index = usize::try_from(index).expect("below the number of shards");
                self.drivers[index].restore_delayed(delayed, &self.outside);
            }
            after = chunk.after;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    fn restore_session(&mut self, session: &StoredSession, seed: Seed) {
        let outside = &mut self.outside;
        outside.note(format_args!("restored: {session:?}"));
        if outside.strikes(Defect::SessionForgotten, 200) {
            outside.stats.harmed += 1;
            return;
        }
        outside.stats.restored += 1;
        let home = ClientId::home(session.client.as_str(), self.drivers.len(), seed);
        let others = self.drivers[home.index()].restore_session(session, &self.outside);
        for (shard, restored) in others {
            self.drivers[shard.index()].restore_for(home, &restored);
        }
    }
}

fn unanswered() -> Violation {
    Violation::new("contract", "an answer does not fit its question".into())
}
