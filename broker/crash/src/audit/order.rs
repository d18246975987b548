//! Order: messages of one publisher, topic and QoS come as they were sent.

use std::collections::{BTreeMap, BTreeSet};

use wire_message::Qos;

use super::books::{Account, Arrival, Books, Subscription};
use super::{Violation, Wrong};
use crate::history::{ClientId, Kind, Message, MessageId};

/// What is ordered: session, publisher, topic, QoS of the message and of the delivery.
type Row<'a> = (usize, ClientId, &'a str, Qos, Qos);

/// Where a row stands.
#[derive(Default)]
struct Progress {
    seen: BTreeSet<MessageId>,
    newest: Option<MessageId>,
    /// The last one that came and the connection on which it did.
    last: Option<(MessageId, usize)>,
    /// Steps back on this connection.
    steps: usize,
}

pub(super) fn check(books: &Books<'_>, found: &mut Vec<Violation>) {
    for (client, account) in books.clients() {
        // What another member of a group had first may come late.
        if account.subscriptions.iter().any(Subscription::is_shared) {
            continue;
        }
        let mut rows = BTreeMap::<Row<'_>, Progress>::new();
        for arrival in &account.arrivals {
            let Some((id, message)) = ordered(books, arrival) else {
                continue;
            };
            let publisher = message.publisher;
            let delivered = arrival.delivery.qos;
            let row = (
                arrival.session,
                publisher,
                &*message.topic,
                message.qos,
                delivered,
            );
            let publishing = books
                .accounts
                .get(publisher.0)
                .map_or(0, |one| one.connections);
            let progress = rows.entry(row).or_default();
            let wrong = progress.advance(id, arrival.connection, publishing);
            let wrong = wrong.filter(|wrong| {
                let misordered = matches!(wrong, Wrong::Misordered { .. });
                !(misordered && is_new(books, account, id))
            });
            if let Some(wrong) = wrong {
                found.push(Violation {
                    wrong,
                    client,
                    message: Some(id),
                });
            }
        }
    }
}

/// What a publisher sent by itself, and not what was retained or published by the broker.
fn ordered<'b>(books: &'b Books<'_>, arrival: &Arrival<'_>) -> Option<(MessageId, &'b Message)> {
    let id = arrival.delivery.message?;
    let message = books.history.message(id)?;
    let plain = matches!(message.kind, Kind::Plain | Kind::Retained);
    (plain && !arrival.delivery.retain).then_some((id, message))
}

/// Whether what was sent first may have found no subscription, so that only its repetition came.
/// Of QoS 1 that is another message, and of QoS 2 nobody had to remember the first.
fn is_new(books: &Books<'_>, account: &Account<'_>, id: MessageId) -> bool {
    let (Some(message), Some(fate)) = (books.history.message(id), books.fate(id)) else {
        return false;
    };
    let [first, .., last] = fate.sent[..] else {
        return false;
    };
    let stood = |one: &Subscription| {
        let granted = one.granted.is_some_and(|granted| granted < first);
        granted && one.left.is_none_or(|left| last < left) && one.matches(&message.topic)
    };
    !account.subscriptions.iter().any(stood)
}

impl Progress {
    /// Takes the next message; `publishing` connections of its publisher are reasons to go back.
    fn advance(&mut self, id: MessageId, connection: usize, publishing: usize) -> Option<Wrong> {
        let first = self.seen.insert(id);
        let newest = self.newest.max(Some(id));
        let overtaken = self.newest.filter(|newest| first && *newest > id);
        self.newest = newest;
        let back = match self.last {
            Some((last, on)) if on == connection => last >= id,
            Some(_) | None => {
                self.steps = 0;
                false
            }
        };
        self.last = Some((id, connection));
        self.steps += usize::from(back);
        if let Some(after) = overtaken {
            return Some(Wrong::Misordered { after });
        }
        // Each connection of the publisher but the first may send again what is unacknowledged.
        let repeated = back && self.steps == publishing.max(1);
        repeated.then_some(Wrong::Repeated { times: self.steps })
    }
}
