//! Retained messages: who looks sees the last that was acknowledged, or a later one.

use std::collections::BTreeMap;

use super::books::{Account, Arrival, At, Books};
use super::{Violation, Wrong};
use crate::history::{ClientId, Event, Kind, MessageId};

pub(super) fn check(books: &Books<'_>, found: &mut Vec<Violation>) {
    let mut looking = BTreeMap::<ClientId, At>::new();
    for (at, (_, event)) in books.history.events.iter().enumerate() {
        if let Event::Looking(client) = event {
            looking.insert(*client, at);
        } else if let Event::Looked(client) = event {
            let from = looking.remove(client).unwrap_or(at);
            check_look(books, *client, from, at, found);
        }
    }
    for (client, account) in books.clients() {
        for arrival in account
            .arrivals
            .iter()
            .filter(|arrival| arrival.delivery.retain)
        {
            if let Some(violation) = too_old(books, client, account, arrival) {
                found.push(violation);
            }
        }
    }
}

/// What a look from `from` to `to` must have shown.
fn check_look(books: &Books<'_>, client: ClientId, from: At, to: At, found: &mut Vec<Violation>) {
    let account = books.accounts.get(client.0);
    let arrivals = account.into_iter().flat_map(|account| &account.arrivals);
    let shown = arrivals.filter(|arrival| (from..to).contains(&arrival.at));
    let shown: BTreeMap<_, _> = shown
        .filter_map(|arrival| Some((&*arrival.delivery.topic, arrival.delivery.message?)))
        .collect();
    for (topic, least) in acknowledged(books, from) {
        let right = match shown.get(topic) {
            Some(id) => *id >= least,
            None => may_be_clear(books, topic, least, to),
        };
        if !right {
            found.push(lost(client, topic, least, shown.get(topic).copied()));
        }
    }
}

/// By topic, the last message to retain, or to clear, that was acknowledged before `at`.
fn acknowledged<'b>(books: &'b Books<'_>, at: At) -> BTreeMap<&'b str, MessageId> {
    let taken = books.messages().filter(|(_, message, fate)| {
        let retains = matches!(message.kind, Kind::Clear | Kind::Retained);
        retains && fate.taken.is_some_and(|taken| taken < at)
    });
    taken
        .map(|(id, message, _)| (&*message.topic, id))
        .collect()
}

/// Whether nothing is retained, by `least` or by a later message that was sent before `to`.
fn may_be_clear(books: &Books<'_>, topic: &str, least: MessageId, to: At) -> bool {
    books.messages().any(|(id, message, fate)| {
        let clears = message.kind == Kind::Clear && *message.topic == *topic;
        clears && id >= least && fate.sent.first().is_some_and(|sent| *sent < to)
    })
}

/// A subscriber must not be given what was replaced before it asked.
fn too_old(
    books: &Books<'_>,
    client: ClientId,
    account: &Account<'_>,
    arrival: &Arrival<'_>,
) -> Option<Violation> {
    let topic = &*arrival.delivery.topic;
    let id = arrival.delivery.message?;
    let asked = account
        .subscriptions
        .iter()
        .filter(|one| one.matches(topic));
    let asked = asked
        .map(|one| one.asked)
        .filter(|asked| *asked < arrival.at);
    // It may answer any of them.
    let least = *acknowledged(books, asked.min()?).get(topic)?;
    (id < least).then(|| lost(client, topic, least, Some(id)))
}

fn lost(client: ClientId, topic: &str, least: MessageId, seen: Option<MessageId>) -> Violation {
    let topic = topic.to_owned();
    let wrong = Wrong::RetainedLost {
        topic,
        instead_of: least,
    };
    Violation {
        wrong,
        client,
        message: seen.or(Some(least)),
    }
}
