//! What came and what did not: nothing lost, doubled, stray, too early or too late.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use wire_message::Qos;

use super::books::{Account, Arrival, At, Books, Fate, Subscription};
use super::{Violation, Wrong};
use crate::history::{ClientId, Event, Kind, Message, MessageId};

/// Clocks of two processes and the rounding to milliseconds.
const EARLY: Duration = Duration::from_millis(50);

/// What a loaded machine may need to deliver what was due in time.
const LATE: Duration = Duration::from_millis(2500);

/// What the broker may need to see that a connection has ended.
const DOUBT: Duration = Duration::from_millis(300);

/// What a broker may take to bring an acknowledged message to where its subscribers are: one that
/// subscribes meanwhile may get it.
const ON_ITS_WAY: Duration = Duration::from_millis(500);

/// Messages that were promised to a session, or to a group of them, and have not come.
pub(super) fn missing(books: &Books<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut groups = BTreeMap::<&str, Group<'_>>::new();
    for (client, account) in books.clients() {
        if account.subscriptions.is_empty() {
            continue;
        }
        let came = arrived(account);
        for (id, message, fate) in books.messages() {
            let mut owed = account
                .subscriptions
                .iter()
                .filter(|one| is_owed(one, message, fate));
            if !came.contains(&id) && owed.any(|one| !one.is_shared()) {
                found.push(lost(client, id));
            }
        }
        for shared in account.subscriptions.iter().filter(|one| one.is_shared()) {
            let group = groups.entry(&shared.filter).or_default();
            group.came.extend(&came);
            group.members.push((client, shared));
        }
    }
    for group in groups.values() {
        for (id, message, fate) in books.messages().filter(|(id, ..)| !group.came.contains(id)) {
            let mut owed = group
                .members
                .iter()
                .filter(|(_, one)| is_owed(one, message, fate));
            found.extend(owed.next().map(|(client, _)| lost(*client, id)));
        }
    }
    found
}

/// Sessions that share a subscription, and what came to any of them.
#[derive(Default)]
struct Group<'a> {
    members: Vec<(ClientId, &'a Subscription)>,
    came: BTreeSet<MessageId>,
}

fn arrived(account: &Account<'_>) -> BTreeSet<MessageId> {
    let published = account
        .arrivals
        .iter()
        .filter(|arrival| !arrival.delivery.retain);
    published
        .filter_map(|arrival| arrival.delivery.message)
        .collect()
}

fn lost(client: ClientId, id: MessageId) -> Violation {
    Violation {
        wrong: Wrong::Lost,
        client,
        message: Some(id),
    }
}

fn is_owed(subscription: &Subscription, message: &Message, fate: &Fate) -> bool {
    let promised = match message.kind {
        Kind::Clear | Kind::Expiring(_) => false,
        Kind::Delayed(_) | Kind::Plain | Kind::Retained | Kind::Will(_) => true,
    };
    promised
        && fate.taken.is_some()
        && fate
            .sent
            .first()
            .is_some_and(|sent| subscription.promises(*sent))
        && subscription.matches(&message.topic)
}

/// Judges everything that came.
pub(super) fn check(books: &Books<'_>, found: &mut Vec<Violation>) {
    for (_, event) in &books.history.events {
        if let Event::Fault(client, text) = event {
            let wrong = Wrong::Rule(text.clone());
            found.push(Violation {
                wrong,
                client: *client,
                message: None,
            });
        }
    }
    for (client, account) in books.clients() {
        let mut counts = Counts {
            is_shared: account.subscriptions.iter().any(Subscription::is_shared),
            ..Counts::default()
        };
        for arrival in &account.arrivals {
            // An empty one can't say which it is.
            if arrival.delivery.empty {
                continue;
            }
            match judge(books, account, arrival) {
                Ok((id, message, fate)) if !arrival.delivery.retain => {
                    let mut sends = books.sends(message, fate);
                    if counts.is_shared {
                        // A group is served again if a crash leaves open whether it was.
                        sends = sends.max(fate.sent.len());
                    }
                    counts.count(client, arrival, id, sends, found);
                }
                Ok(_) => {}
                Err(wrong) => {
                    found.push(Violation {
                        wrong,
                        client,
                        message: arrival.delivery.message,
                    });
                }
            }
        }
    }
}

/// Whether an arrival is right by itself.
fn judge<'b>(
    books: &'b Books<'_>,
    account: &Account<'_>,
    arrival: &Arrival<'_>,
) -> Result<(MessageId, &'b Message, &'b Fate), Wrong> {
    let delivery = arrival.delivery;
    let id = delivery.message.ok_or(Wrong::Damaged)?;
    let message = books.history.message(id).ok_or(Wrong::Damaged)?;
    let fate = books.fate(id).ok_or(Wrong::Damaged)?;
    let first = *fate.sent.first().ok_or(Wrong::Damaged)?;
    if *message.topic != *delivery.topic {
        return Err(Wrong::Damaged);
    }
    if fate
        .withdrawn
        .is_some_and(|withdrawn| withdrawn < arrival.at)
    {
        return Err(Wrong::Withdrawn);
    }
    // Those that the broker publishes are matched when it does so.
    let by_broker = matches!(message.kind, Kind::Delayed(_) | Kind::Will(_));
    let matched = fate.taken.filter(|_| !by_broker && !delivery.retain);
    let matched = matched.map_or(arrival.at, |taken| books.later(taken, ON_ITS_WAY));
    let fitting = account
        .subscriptions
        .iter()
        .filter(|one| one.overlaps(first, matched.max(first + 1)) && one.matches(&message.topic));
    let fitting: Vec<_> = fitting.collect();
    if fitting.is_empty() {
        return Err(Wrong::NotSubscribed);
    }
    if !fitting
        .iter()
        .any(|one| one.qos.min(message.qos) == delivery.qos)
    {
        return Err(Wrong::OtherQos(delivery.qos));
    }
    let known = |identifier| fitting.iter().any(|one| one.identifier == identifier);
    let named = !delivery.identifiers.is_empty() || known(0);
    if !named
        || !delivery
            .identifiers
            .iter()
            .all(|identifier| known(*identifier))
    {
        return Err(Wrong::OtherIdentifier);
    }
    in_time(books, message, fate, arrival)?;
    Ok((id, message, fate))
}

fn in_time(
    books: &Books<'_>,
    message: &Message,
    fate: &Fate,
    arrival: &Arrival<'_>,
) -> Result<(), Wrong> {
    let (events, at) = (&books.history.events, arrival.at);
    let time = |at: At| events.get(at).map_or(Duration::ZERO, |(time, _)| *time);
    let first = fate.sent.first().copied().unwrap_or(0);
    let latest = fate
        .sent
        .iter()
        .rfind(|sent| **sent < at)
        .copied()
        .unwrap_or(first);
    match message.kind {
        Kind::Delayed(delay) if time(at) + EARLY < time(first) + delay => Err(Wrong::TooEarly),
        Kind::Expiring(life) => {
            // A delivery that was begun in time is ended whenever the client comes back.
            let (closed, opened) = arrival.away;
            let begun = time(first) < time(closed) + DOUBT;
            let late = time(opened) > time(latest) + life + LATE;
            if late && !begun {
                Err(Wrong::TooLate)
            } else {
                Ok(())
            }
        }
        Kind::Will(delay) => {
            let mut later = events.iter().skip(first);
            // A broker that stops ends connections in its own time.
            let lost = later.find(|(_, event)| {
                matches!(event, Event::Killed)
                    || matches!(event, Event::Closed(client) if *client == message.publisher)
            });
            let due = lost.map_or(Duration::MAX, |(time, _)| *time + delay);
            if time(at) + EARLY < due {
                Err(Wrong::TooEarly)
            } else {
                Ok(())
            }
        }
        Kind::Clear | Kind::Delayed(_) | Kind::Plain | Kind::Retained => Ok(()),
    }
}

/// How often messages came: of QoS 2 to a session, of QoS 1 on a connection.
#[derive(Default)]
struct Counts {
    /// What goes from one member of a group to another may, in a crash, be with both, and go back.
    is_shared: bool,
    to_session: BTreeMap<(usize, MessageId), usize>,
    on_connection: BTreeMap<(usize, MessageId), usize>,
}

impl Counts {
    fn count(
        &mut self,
        client: ClientId,
        arrival: &Arrival<'_>,
        id: MessageId,
        sends: usize,
        found: &mut Vec<Violation>,
    ) {
        let exactly_once = arrival.delivery.qos == Qos::ExactlyOnce;
        let times = if exactly_once {
            self.to_session.entry((arrival.session, id)).or_default()
        } else {
            self.on_connection
                .entry((arrival.connection, id))
                .or_default()
        };
        *times += 1;
        let wrong = match *times {
            times if times != sends + 1 => return,
            _ if exactly_once => Wrong::Twice,
            times if !self.is_shared => Wrong::TooOften { times },
            _ => return,
        };
        found.push(Violation {
            wrong,
            client,
            message: Some(id),
        });
    }
}
