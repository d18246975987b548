//! The disk fails when all is calm: what needs it is not promised, and everything else goes on.

use core::time::Duration;

use store_model::StoreState;
use wire_message::Qos;

use super::World;
use crate::client::{Client, Kind, Mood};
use crate::history::{ClientNumber, PublishId};
use crate::plan::End;
use crate::storage::Storage;
use crate::violation::{Checked, Violation, ensure};

/// Time per round.
const ROUND: Duration = Duration::from_millis(5);

/// Rounds in which what needs no disk must be done.
const ROUNDS_MAX: usize = 4_000;

/// Messages that need no disk.
const MESSAGES: usize = 8;

impl World {
    /// Clients without stored sessions do not see that the disk has failed; others are promised
    /// nothing, and have all they were promised when the process begins again.
    ///
    /// Source: store/README.md, "Failure".
    pub(super) fn do_without_disk(&mut self) -> Checked {
        self.outside.note(format_args!("the disk fails"));
        self.outside.is_calm = false;
        if let Some(storage) = &mut self.outside.storage {
            storage.fail();
        }
        for _ in 0..ROUNDS_MAX {
            let state = self.outside.storage.as_ref().map(Storage::state);
            if state == Some(StoreState::Failed) {
                break;
            }
            self.clients[1].publish_to("room/0/0".into(), &mut self.outside)?;
            self.round(ROUND, Mood::Calm)?;
        }
        let first = PublishId(self.outside.history.published.len());
        let passing = self.clients.len();
        for _ in 0..2 {
            let number = ClientNumber(self.clients.len());
            let client = Client::new(number, Kind::Passing, &mut self.outside);
            self.clients.push(client);
        }
        let are_served = |world: &Self| world.clients[passing..].iter().all(Client::is_served);
        self.go_on_until("clients that need no disk are not served", are_served)?;
        for number in 0..MESSAGES {
            let (topic, outside) = (format!("$passing/{number}"), &mut self.outside);
            self.clients[passing].publish_to(topic, outside)?;
            self.clients[1].publish_to(format!("room/0/{number}"), outside)?;
            self.go_on_until("messages that need no disk are not taken", are_served)?;
        }
        self.go_on_until("messages that need no disk do not arrive", |world| {
            world.has_arrived(first, passing)
        })?;
        self.see_what_was_promised(first, passing)?;
        self.restart(End::PowerLost)?;
        self.calm_down()?;
        self.look_at_all()
    }

    /// Whether the one passing client has all that the other has published, from `first` on.
    fn has_arrived(&self, first: PublishId, passing: usize) -> bool {
        let history = &self.outside.history;
        let is_own = |number: &usize| history.published[*number].publisher.0 == passing;
        let mut wanted = (first.0..history.published.len()).filter(is_own);
        wanted.all(|number| {
            let mut sessions = history.sessions.iter();
            let receiver = sessions.find(|session| session.client.0 == passing + 1);
            let mut all = receiver.iter().flat_map(|session| &session.deliveries);
            all.any(|delivery| delivery.message == Some(PublishId(number)))
        })
    }

    /// Nothing that needs the disk was acknowledged since it has failed.
    fn see_what_was_promised(&mut self, first: PublishId, passing: usize) -> Checked {
        for message in &self.outside.history.published[first.0..] {
            if message.publisher.0 >= passing {
                self.outside.stats.without_disk += 1;
                continue;
            }
            let is_promised = message.qos > Qos::AtMostOnce && message.acknowledged.is_some();
            ensure(!is_promised, "acknowledged", || {
                format!("the disk has failed, and this was promised: {message:?}")
            })?;
        }
        Ok(())
    }

    /// Goes on until `is_done`.
    fn go_on_until(&mut self, otherwise: &str, is_done: impl Fn(&Self) -> bool) -> Checked {
        for _ in 0..ROUNDS_MAX {
            if is_done(self) {
                return Ok(());
            }
            self.round(ROUND, Mood::Calm)?;
        }
        Err(Violation::new("neighbours", otherwise.to_owned()))
    }
}
