//! Judges a history by the rules of MQTT and by what an acknowledgement promises.
//!
//! Shares no code with the broker. Each check is a file; `tests.rs` shows each of them a history
//! that it must refuse.

mod books;
mod deliveries;
mod order;
mod retained;
mod sessions;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use wire_message::Qos;

use crate::history::{ClientId, History, MessageId};
use books::Books;

/// A promise that was not kept, or something that must not happen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Wrong {
    /// A payload or topic that no client of this round has sent.
    Damaged,
    /// A message that was acknowledged did not come to a session that was subscribed.
    Lost,
    /// It came for the first time after a later one of the same publisher, topic and QoS.
    Misordered { after: MessageId },
    /// No subscription of the session can have matched it when it was published.
    NotSubscribed,
    /// Deliveries on one connection went back to older messages more often than there is reason.
    Repeated { times: usize },
    /// Instead of what was acknowledged last, an older value is retained, or none.
    RetainedLost {
        topic: String,
        instead_of: MessageId,
    },
    /// The broker broke a rule or refused something.
    Rule(String),
    /// A session that was acknowledged is not present.
    SessionLost,
    /// A session is present that has expired.
    SessionUndead,
    /// A delayed message or a will came before its time.
    TooEarly,
    /// A message came after it had expired.
    TooLate,
    /// A message of QoS 1 came more often on one connection than it was sent.
    TooOften { times: usize },
    /// A message of QoS 2 came more than once to one session.
    Twice,
    /// A will came that its client had taken back.
    Withdrawn,
    /// A subscription identifier that belongs to none of the session's matching subscriptions.
    OtherIdentifier,
    /// Delivered with another QoS than the lower of message and subscription.
    OtherQos(Qos),
}

/// What is wrong, and with whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) wrong: Wrong,
    pub(crate) client: ClientId,
    pub(crate) message: Option<MessageId>,
}

/// Violations told in full; the rest is counted.
const TOLD_MAX: usize = 8;

/// Everything that is wrong with a round that is over.
pub(crate) fn audit(history: &History) -> Vec<Violation> {
    let books = Books::of(history);
    let mut found = Vec::new();
    sessions::check(history, &mut found);
    deliveries::check(&books, &mut found);
    order::check(&books, &mut found);
    retained::check(&books, &mut found);
    found.extend(missing(history));
    found.sort();
    found
}

/// What was promised and has not come yet; while a round goes on it may still come.
pub(crate) fn missing(history: &History) -> Vec<Violation> {
    deliveries::missing(&Books::of(history))
}

/// The violations with the lives of their messages.
pub(crate) fn tell(history: &History, violations: &[Violation]) -> String {
    let mut text = format!("{} violations\n", violations.len());
    for violation in violations.iter().take(TOLD_MAX) {
        // A String takes everything.
        let _ = writeln!(text, "  {}", violation.sentence(history));
        text.push_str(&history.life(violation.message, Some(violation.client)));
    }
    if violations.len() > TOLD_MAX {
        let _ = writeln!(text, "  and:");
    }
    for violation in violations.iter().skip(TOLD_MAX).take(10 * TOLD_MAX) {
        let _ = writeln!(text, "  {}", violation.sentence(history));
    }
    text
}

impl Violation {
    fn sentence(&self, history: &History) -> String {
        let name = &history.client(self.client).name;
        let mut text = format!("{:?}: client {name}", self.wrong);
        let message = self.message.and_then(|id| Some((id, history.message(id)?)));
        if let Some((id, message)) = message {
            let publisher = &history.client(message.publisher).name;
            // A String takes everything.
            let _ = write!(
                text,
                ", message {} of {publisher} to {}, {:?}, {:?}",
                id.0, message.topic, message.qos, message.kind
            );
        }
        text
    }
}
