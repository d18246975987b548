//! A history sorted by message, by subscription and by receiver.

use std::rc::Rc;
use std::time::Duration;

use wire_message::Qos;

use crate::history::{ClientId, Delivery, Event, History, Kind, Message, MessageId};

/// Begins a filter that a group of sessions shares; the group's name and its filter follow.
const SHARED: &str = "$share/";

/// A place in the history; smaller is earlier.
pub(super) type At = usize;

/// What became of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate {
    pub(super) sent: Vec<At>,
    pub(super) taken: Option<At>,
    pub(super) withdrawn: Option<At>,
}

/// A subscription from the first that may know of it to the last.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) filter: Rc<str>,
    pub(super) qos: Qos,
    pub(super) identifier: u32,
    pub(super) asked: At,
    pub(super) granted: Option<At>,
    /// From here on nothing is promised.
    pub(super) left: Option<At>,
    /// From here on nothing may come that was published later.
    pub(super) gone: Option<At>,
}

/// A message that came to a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival<'a> {
    pub(super) at: At,
    pub(super) delivery: &'a Delivery,
    /// Counts the sessions of the client.
    pub(super) session: usize,
    /// Counts the connections of the client.
    pub(super) connection: usize,
    /// When the connection before this one ended, and when this one began.
    pub(super) away: (At, At),
}

/// What concerns one client.
#[derive(Clone, Debug, Default)]
pub(super) struct Account<'a> {
    pub(super) subscriptions: Vec<Subscription>,
    pub(super) arrivals: Vec<Arrival<'a>>,
    pub(super) connections: usize,
    sessions: usize,
    last_closed: At,
    away: (At, At),
}

/// The whole history.
#[derive(Debug)]
pub(super) struct Books<'a> {
    pub(super) history: &'a History,
    pub(super) fates: Vec<Fate>,
    pub(super) accounts: Vec<Account<'a>>,
    /// How often the broker was ended.
    ends: usize,
    /// The most shards that it had.
    shards_max: u32,
}

impl<'a> Books<'a> {
    pub(super) fn of(history: &'a History) -> Self {
        let mut books = Self {
            history,
            fates: vec![Fate::default(); history.messages.len()],
            accounts: vec![Account::default(); history.clients.len()],
            ends: 0,
            shards_max: 1,
        };
        for (at, (_, event)) in history.events.iter().enumerate() {
            books.enter(at, event);
        }
        books
    }

    /// Message, number and fate of each.
    pub(super) fn messages(&self) -> impl Iterator<Item = (MessageId, &Message, &Fate)> {
        let fated = self.history.messages.iter().zip(&self.fates);
        (0..)
            .map(MessageId)
            .zip(fated)
            .map(|(id, (m, f))| (id, m, f))
    }

    pub(super) fn clients(&self) -> impl Iterator<Item = (ClientId, &Account<'a>)> {
        self.accounts
            .iter()
            .enumerate()
            .map(|(at, account)| (ClientId(at), account))
    }

    pub(super) fn fate(&self, id: MessageId) -> Option<&Fate> {
        self.fates.get(usize::try_from(id.0).ok()?)
    }

    /// The place in the history so much after another.
    pub(super) fn later(&self, at: At, by: Duration) -> At {
        let events = &self.history.events;
        let until = events.get(at).map_or(by, |(time, _)| *time + by);
        events.partition_point(|(time, _)| *time <= until)
    }

    /// Times that the broker may lawfully publish a message.
    pub(super) fn sends(&self, message: &Message, fate: &Fate) -> usize {
        let by_broker = matches!(message.kind, Kind::Delayed(_) | Kind::Will(_));
        let exactly_once = message.qos == Qos::ExactlyOnce;
        // Between shards the broker notes that it has published when others have stored it, so both
        // may be there after a crash; and a delayed message leaves no receipt to its publisher.
        let doubles = self.shards_max > 1 || fate.sent.len() > 1 || !exactly_once;
        match (by_broker, exactly_once) {
            (true, _) if doubles => fate.sent.len() + self.ends,
            (_, true) => 1,
            (_, false) => fate.sent.len(),
        }
    }

    fn enter(&mut self, at: At, event: &'a Event) {
        match event {
            Event::Sent(id) => self.change(*id, |fate| fate.sent.push(at)),
            Event::Taken(id) => self.change(*id, |fate| {
                fate.taken.get_or_insert(at);
            }),
            Event::Withdrawn(id) => self.change(*id, |fate| fate.withdrawn = Some(at)),
            Event::Killed => self.ends += 1,
            Event::Closed(client) => {
                let ends = self.history.client(*client).expiry.is_zero();
                self.account(*client).closed(at, ends);
            }
            Event::Connecting { client, clean } => self.account(*client).connecting(at, *clean),
            Event::Connected { client, present } => self.account(*client).connected(at, *present),
            Event::Delivered(client, delivery) => self.account(*client).delivered(at, delivery),
            Event::Subscribing {
                client,
                filter,
                qos,
                identifier,
            } => {
                let subscription = Subscription {
                    filter: Rc::clone(filter),
                    qos: *qos,
                    identifier: *identifier,
                    asked: at,
                    granted: None,
                    left: None,
                    gone: None,
                };
                self.account(*client).subscriptions.push(subscription);
            }
            Event::Subscribed(client, filter) => {
                let asked = self.account(*client).with(filter).next_back();
                if let Some(subscription) = asked {
                    subscription.granted.get_or_insert(at);
                }
            }
            Event::Unsubscribing(client, filter) => {
                self.account(*client).with(filter).for_each(|one| {
                    one.left.get_or_insert(at);
                });
            }
            Event::Unsubscribed(client, filter) => {
                self.account(*client).with(filter).for_each(|one| {
                    one.gone.get_or_insert(at);
                });
            }
            Event::Started { shards } => self.shards_max = self.shards_max.max(*shards),
            Event::Fault(..) | Event::Looked(_) | Event::Looking(_) => {}
        }
    }

    fn change(&mut self, id: MessageId, change: impl FnOnce(&mut Fate)) {
        let at = usize::try_from(id.0).expect("a round has few messages");
        change(
            self.fates
                .get_mut(at)
                .expect("the history knows its messages"),
        );
    }

    fn account(&mut self, client: ClientId) -> &mut Account<'a> {
        self.accounts
            .get_mut(client.0)
            .expect("the history knows its clients")
    }
}

impl<'a> Account<'a> {
    fn connecting(&mut self, at: At, clean: bool) {
        self.connections += 1;
        self.away = (self.last_closed, at);
        if clean {
            for subscription in &mut self.subscriptions {
                subscription.left.get_or_insert(at);
            }
        }
    }

    fn closed(&mut self, at: At, ends: bool) {
        self.last_closed = at;
        if ends {
            self.end_session(at);
        }
    }

    fn connected(&mut self, at: At, present: bool) {
        if !present {
            self.end_session(at);
        }
    }

    fn end_session(&mut self, at: At) {
        self.sessions += 1;
        for subscription in &mut self.subscriptions {
            subscription.left.get_or_insert(self.last_closed);
            subscription.gone.get_or_insert(at);
        }
    }

    fn delivered(&mut self, at: At, delivery: &'a Delivery) {
        self.arrivals.push(Arrival {
            at,
            delivery,
            session: self.sessions,
            connection: self.connections,
            away: self.away,
        });
    }

    /// The subscriptions with `filter` that may be there, oldest first.
    fn with(&mut self, filter: &str) -> impl DoubleEndedIterator<Item = &mut Subscription> {
        self.subscriptions
            .iter_mut()
            .filter(move |one| *one.filter == *filter && one.gone.is_none())
    }
}

impl Subscription {
    /// Whether others share it: then what matches comes to one of them.
    pub(super) fn is_shared(&self) -> bool {
        self.filter.starts_with(SHARED)
    }

    /// Whether it promises what was first sent at `sent`.
    pub(super) fn promises(&self, sent: At) -> bool {
        self.left.is_none() && self.granted.is_some_and(|granted| granted < sent)
    }

    /// Whether it may have been there at some time between these two.
    pub(super) fn overlaps(&self, from: At, to: At) -> bool {
        self.asked < to && self.gone.is_none_or(|gone| from < gone)
    }

    pub(super) fn matches(&self, topic: &str) -> bool {
        let own = self.filter.strip_prefix(SHARED);
        let filter = own
            .and_then(|rest| rest.split_once('/'))
            .map(|(_, filter)| filter);
        matches(filter.unwrap_or(&self.filter), topic)
    }
}

/// Whether a filter matches a topic, level by level.
pub(super) fn matches(filter: &str, topic: &str) -> bool {
    let mut levels = topic.split('/');
    for wanted in filter.split('/') {
        if wanted == "#" {
            return true;
        }
        match levels.next() {
            Some(level) if wanted == "+" || wanted == level => {}
            Some(_) | None => return false,
        }
    }
    levels.next().is_none()
}
