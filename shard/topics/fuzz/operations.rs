//! Operations read from bytes, done to an index and to a list of subscriptions, and compared.
//!
//! The fuzz target and the replay of its corpus share this file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arbitrary::{Arbitrary, Result, Unstructured};
use shard_topics::{
    Epochs, FilterId, Index, Interest, Lookup, RouteCache, RouteCacheLimits, SessionIndex,
    Subscription, SubscriptionId, TopicKey,
};
use wire_message::{FilterTarget, Seed, ShardId, TopicRef};

const SEED: Seed = Seed(42);

/// Levels by number: few, so that filters and topics meet; some long, some empty, some with `$`.
const LEVELS: [&str; 8] = [
    "a",
    "b",
    "c",
    "",
    "$s",
    "a level of thirty-two characters",
    "é",
    "0",
];

#[derive(Arbitrary, Debug)]
enum Operation {
    Lookup {
        levels: Levels,
    },
    Publish {
        levels: Levels,
    },
    Subscribe {
        filter: Filter,
        session: u8,
        identifier: u32,
    },
    Unsubscribe {
        filter: Filter,
        session: u8,
    },
    UnsubscribeAny {
        number: u8,
    },
}

/// A topic's levels.
#[derive(Debug)]
struct Levels(String);

impl<'a> Arbitrary<'a> for Levels {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let mut levels = Vec::new();
        for _ in 0..bytes.int_in_range(1..=20)? {
            levels.push(*bytes.choose(&LEVELS)?);
        }
        let text = levels.join("/");
        Ok(Self(if text.is_empty() {
            "/".to_owned()
        } else {
            text
        }))
    }
}

/// The text of a subscription.
#[derive(Debug)]
struct Filter(String);

impl<'a> Arbitrary<'a> for Filter {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let mut levels = Vec::new();
        for _ in 0..bytes.int_in_range(1..=20)? {
            let plus = bytes.ratio(1, 3)?;
            levels.push(if plus { "+" } else { bytes.choose(&LEVELS)? });
        }
        if bytes.ratio(1, 4)? || levels == [""] {
            levels.push("#");
        }
        let filter = levels.join("/");
        let group = if bytes.ratio(1, 8)? {
            bytes.choose(&["g", "h"])?
        } else {
            ""
        };
        Ok(Self(if group.is_empty() {
            filter
        } else {
            format!("$share/{group}/{filter}")
        }))
    }
}

/// Text and session of each subscription.
type Model = BTreeMap<(String, SessionIndex), (SubscriptionId, Subscription)>;

struct World {
    index: Index,
    model: Model,
    cache: RouteCache,
    epochs: Arc<Epochs>,
    interest: Interest,
}

/// Does what `data` says.
///
/// # Panics
///
/// If the index disagrees with the list.
pub(crate) fn run(data: &[u8]) {
    let epochs = Arc::new(Epochs::new(1));
    let limits = RouteCacheLimits {
        entries_max: 4,
        bytes_max: 1 << 16,
    };
    let mut world = World {
        index: Index::new(SEED),
        model: Model::new(),
        cache: RouteCache::new(SEED, limits),
        interest: Interest::new(ShardId(0), SEED, Arc::clone(&epochs)),
        epochs,
    };
    let mut bytes = Unstructured::new(data);
    while !bytes.is_empty()
        && let Ok(operation) = Operation::arbitrary(&mut bytes)
    {
        world.apply(operation);
    }
    while let Some((text, session)) = world.model.keys().next().cloned() {
        world.unsubscribe(&text, session);
    }
    assert_eq!(world.index.filters(), 0, "nothing is left behind");
}

impl World {
    fn apply(&mut self, operation: Operation) {
        match operation {
            Operation::Lookup { levels } => self.lookup(&levels.0),
            Operation::Publish { levels } => self.publish(&levels.0),
            Operation::Subscribe {
                filter,
                session,
                identifier,
            } => {
                let subscription = Subscription {
                    identifier: core::num::NonZeroU32::new(identifier & 0x0fff_ffff),
                    ..Subscription::default()
                };
                self.subscribe(filter.0, SessionIndex(session.into()), subscription);
            }
            Operation::Unsubscribe { filter, session } => {
                self.unsubscribe(&filter.0, SessionIndex(session.into()));
            }
            Operation::UnsubscribeAny { number } => {
                let number = usize::from(number) % self.model.len().max(1);
                if let Some((text, session)) = self.model.keys().nth(number).cloned() {
                    self.unsubscribe(&text, session);
                }
            }
        }
    }

    fn subscribe(&mut self, text: String, session: SessionIndex, subscription: Subscription) {
        let done = self.index.subscribe(target(&text), session, subscription);
        assert_eq!(self.index.find(target(&text)), Some(done.id));
        assert_eq!(self.index.target(done.id), target(&text));
        assert_eq!(
            self.index.subscription(done.id, session),
            Some(subscription)
        );
        let old = self.model.insert((text, session), (done.id, subscription));
        assert_eq!(done.replaced, old.map(|(_, subscription)| subscription));
        assert!(old.is_none_or(|(id, _)| id == done.id), "an id stays");
    }

    fn unsubscribe(&mut self, text: &str, session: SessionIndex) {
        let known = self.index.find(target(text));
        let Some((id, subscription)) = self.model.remove(&(text.to_owned(), session)) else {
            let done = known.and_then(|id| self.index.unsubscribe(id, session));
            return assert_eq!(done, None);
        };
        assert_eq!(known, Some(id));
        let done = self
            .index
            .unsubscribe(id, session)
            .expect("the list has it");
        let others = self.model.keys().any(|(other, _)| other == text);
        assert_eq!((done.subscription, done.last), (subscription, !others));
        assert_eq!(self.index.find(target(text)).is_some(), others);
    }

    fn lookup(&mut self, topic: &str) {
        let mut matches = Vec::new();
        self.index.lookup(key(topic), &mut matches);
        self.check(topic, &matches);
    }

    fn publish(&mut self, topic: &str) {
        let Self {
            index,
            cache,
            epochs,
            interest,
            ..
        } = self;
        let Lookup::Known { route, local } = cache.lookup(key(topic), epochs, interest, index)
        else {
            unreachable!("one shard asks nobody");
        };
        let (plain, groups) = (!route.shards.is_empty(), route.groups.len());
        let local = local.to_vec();
        self.check(topic, &local);
        let entries = || local.iter().map(|id| self.index.filter(*id));
        assert_eq!(plain, entries().any(|entry| entry.subscribers_count() > 0));
        assert_eq!(
            groups,
            entries().map(|entry| entry.groups().len()).sum::<usize>()
        );
    }

    /// Compares what was found with the subscriptions whose filter matches.
    fn check(&self, topic: &str, matches: &[FilterId]) {
        let mut found = BTreeSet::new();
        for entry in matches.iter().map(|id| self.index.filter(*id)) {
            for subscriber in entry.subscribers() {
                let text = entry.text().to_owned();
                assert!(
                    found.insert((text, subscriber.session)),
                    "a filter comes once"
                );
            }
            for group in entry.groups().iter().map(|group| self.index.group(*group)) {
                for member in group.members() {
                    let text = format!("$share/{}/{}", group.name(), entry.text());
                    assert!(found.insert((text, member.session)), "a member comes once");
                }
            }
        }
        let matching = |text: &str| target(text).filter().matches(key(topic).topic());
        let expected = self.model.keys().filter(|(text, _)| matching(text));
        assert!(found.iter().eq(expected), "{topic}: {found:?}");
    }
}

fn target(text: &str) -> FilterTarget<'_> {
    FilterTarget::parse(text).expect("made as a filter")
}

fn key(topic: &str) -> TopicKey<'_> {
    TopicKey::new(TopicRef::new(topic).expect("made without wildcards"), SEED)
}
