//! Several shards against a list of who subscribed to what: interest, epochs and caches together.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use wire_message::{FilterRef, FilterTarget, Seed, ShardId, ShardSet, TopicRef};

use super::*;
use crate::{FilterKey, Mark, Presence, SessionIndex, Subscription, SubscriptionId, filter_key};

const SEED: Seed = Seed(11);

/// A subscription of the model: shard, session, text.
type Subscribed = (u8, u32, String);

struct World {
    epochs: Arc<Epochs>,
    shards: Vec<Shard>,
    model: BTreeMap<Subscribed, (SubscriptionId, Mark)>,
    asked: Vec<(usize, String, Pending)>,
}

struct Shard {
    index: Index,
    interest: Interest,
    cache: RouteCache,
}

fn key(topic: &str) -> TopicKey<'_> {
    TopicKey::new(
        TopicRef::new(topic).expect("the test's topic is valid"),
        SEED,
    )
}

impl World {
    fn new(shards: u8) -> Self {
        let epochs = Arc::new(Epochs::new(shards.into()));
        let limits = RouteCacheLimits {
            entries_max: 6,
            bytes_max: 1 << 20,
        };
        let shard = |id| Shard {
            index: Index::new(SEED),
            interest: Interest::new(ShardId(id), SEED, Arc::clone(&epochs)),
            cache: RouteCache::new(SEED, limits),
        };
        let shards = (0..shards).map(shard).collect();
        Self {
            epochs,
            shards,
            model: BTreeMap::new(),
            asked: Vec::new(),
        }
    }

    /// Does `act` with every slice that holds the filter.
    fn holders(&mut self, target: FilterTarget<'_>, mut act: impl FnMut(&mut Interest)) {
        let owner = filter_key(target.filter(), SEED).owner(self.shards.len());
        for shard in &mut self.shards {
            if owner.is_none_or(|owner| owner == shard.interest.shard()) {
                act(&mut shard.interest);
            }
        }
    }

    /// Subscribes, or unsubscribes if it did already.
    fn toggle(&mut self, shard: u8, session: u32, text: &str, mark: Mark) {
        let target = FilterTarget::parse(text).expect("the test's filter is valid");
        let (subscribed, id) = ((shard, session, text.to_owned()), ShardId(shard));
        let session = SessionIndex(session);
        let index = &mut self.shards[usize::from(shard)].index;
        if let Some((subscription, mark)) = self.model.remove(&subscribed) {
            assert!(index.unsubscribe(subscription, session).is_some());
            self.holders(target, |interest| match target {
                FilterTarget::Shared(group, filter) => {
                    interest.leave(group, filter, id, Presence::Online);
                }
                FilterTarget::Exclusive(_) | FilterTarget::Plain(_) => {
                    interest.remove(target.filter(), id, mark);
                }
            });
            return;
        }
        let wanted = Subscription {
            persistent: mark == Mark::Persistent,
            ..Subscription::default()
        };
        let subscription = index.subscribe(target, session, wanted).id;
        assert_eq!(index.target(subscription), target);
        self.holders(target, |interest| match target {
            FilterTarget::Shared(group, filter) => {
                interest.join(group, filter, id, Presence::Online);
            }
            FilterTarget::Exclusive(_) | FilterTarget::Plain(_) => {
                interest.add(target.filter(), id, mark);
            }
        });
        self.model.insert(subscribed, (subscription, mark));
    }

    /// What the route of the topic must be.
    fn expected(&self, topic: &str) -> (ShardSet, ShardSet, BTreeMap<String, BTreeMap<u8, u32>>) {
        let (mut shards, mut persistent) = (ShardSet::EMPTY, ShardSet::EMPTY);
        let mut groups: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for ((shard, _, text), (_, mark)) in &self.model {
            let target = FilterTarget::parse(text).expect("it was valid before");
            if !target.filter().matches(key(topic).topic()) {
                continue;
            }
            if let FilterTarget::Shared(..) = target {
                *groups
                    .entry(text.clone())
                    .or_default()
                    .entry(*shard)
                    .or_insert(0) += 1;
                continue;
            }
            shards.insert(ShardId(*shard));
            if *mark == Mark::Persistent {
                persistent.insert(ShardId(*shard));
            }
        }
        (shards, persistent, groups)
    }

    fn check(&self, topic: &str, route: &Route) {
        let (shards, persistent, groups) = self.expected(topic);
        assert_eq!(
            (route.shards, route.persistent),
            (shards, persistent),
            "{topic}"
        );
        let mut found = BTreeMap::new();
        for group in &route.groups {
            let text = format!("$share/{}/{}", group.group, group.filter);
            let counts = group
                .shards
                .iter()
                .map(|count| (count.shard.0, count.online));
            assert!(
                found.insert(text, counts.collect()).is_none(),
                "a group comes once"
            );
        }
        if self.shards.len() == 1 {
            // The only shard's members are counted when one is picked.
            assert!(found.keys().eq(groups.keys()));
        } else {
            assert_eq!(found, groups, "{topic}");
        }
    }

    fn check_local(&self, shard: usize, topic: &str, local: &[FilterId]) {
        let index = &self.shards[shard].index;
        let mut found: Vec<&str> = local.iter().map(|id| index.filter(*id).text()).collect();
        let all = self
            .model
            .keys()
            .filter(|(other, ..)| usize::from(*other) == shard);
        let filters = all.map(|(_, _, text)| FilterTarget::parse(text).expect("valid").filter());
        let matching = filters.filter(|filter| filter.matches(key(topic).topic()));
        let mut expected: Vec<&str> = matching.map(FilterRef::as_str).collect();
        found.sort_unstable();
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(found, expected, "{topic}");
    }

    /// Publishes, and asks whom the cache says at once, or later.
    fn publish(&mut self, shard: usize, topic: &str, at_once: bool) {
        let Shard {
            index,
            interest,
            cache,
        } = &mut self.shards[shard];
        let pending = match cache.lookup(key(topic), &self.epochs, interest, index) {
            Lookup::Ask(pending) => pending,
            Lookup::Known { route, local } => {
                let (route, local) = (route.clone(), local.to_vec());
                self.check(topic, &route);
                return self.check_local(shard, topic, &local);
            }
        };
        self.asked.push((shard, topic.to_owned(), pending));
        if at_once {
            let last = self.asked.len() - 1;
            while !self.answer(last) {}
        }
    }

    /// One owner answers a question; true if it was the last.
    fn answer(&mut self, number: usize) -> bool {
        let (shard, topic, pending) = &mut self.asked[number];
        let owner = pending
            .owners()
            .iter()
            .next()
            .expect("it is open while an owner is asked");
        let answer = self.shards[owner.index()].interest.answer(key(topic));
        if !pending.merge(owner, answer) {
            return false;
        }
        let (shard, topic, pending) = (*shard, topic.clone(), self.asked.swap_remove(number).2);
        let Shard { index, cache, .. } = &mut self.shards[shard];
        let (_, local) = cache.store(key(&topic), pending, index);
        let local = local.to_vec();
        self.check_local(shard, &topic, &local);
        true
    }
}

#[derive(Clone, Debug)]
enum Step {
    Answer(usize),
    Arrive(usize, String),
    Publish(usize, String, bool),
    Toggle(u8, u32, String, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let level = || prop::sample::select(vec!["a", "b", "c", "$d"]);
    let topic = prop::collection::vec(level(), 1..4).prop_map(|levels| levels.join("/"));
    let level = prop_oneof![3 => level(), 1 => Just("+")];
    let filter = (prop::collection::vec(level, 1..4), 0..8_u8).prop_map(|(mut levels, kind)| {
        if kind % 4 == 0 {
            levels.push("#");
        }
        let filter = levels.join("/");
        if kind >= 6 {
            format!("$share/g{kind}/{filter}")
        } else {
            filter
        }
    });
    let step = prop_oneof![
        (0..9_usize).prop_map(Step::Answer),
        (0..5_usize, topic.clone()).prop_map(|(shard, topic)| Step::Arrive(shard, topic)),
        (0..5_usize, topic, any::<bool>())
            .prop_map(|(shard, topic, at_once)| Step::Publish(shard, topic, at_once)),
        (0..5_u8, 0..3_u32, filter, any::<bool>())
            .prop_map(|(shard, session, filter, mark)| Step::Toggle(shard, session, filter, mark)),
    ];
    prop::collection::vec(step, 0..250)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A route that the cache calls valid is the one that all subscriptions together make, whatever
    /// came, went, was asked and evicted before.
    #[test]
    fn a_valid_route_misses_nothing(steps in steps(), shards in 1..5_u8) {
        let mut world = World::new(shards);
        let count = usize::from(shards);
        for step in steps {
            match step {
                Step::Answer(number) if !world.asked.is_empty() => {
                    let number = number % world.asked.len();
                    world.answer(number);
                }
                Step::Answer(_) => {}
                Step::Arrive(shard, topic) => {
                    let Shard { index, cache, .. } = &mut world.shards[shard % count];
                    let local = cache.local_matches(key(&topic), index).to_vec();
                    world.check_local(shard % count, &topic, &local);
                }
                Step::Publish(shard, topic, at_once) => {
                    world.publish(shard % count, &topic, at_once);
                }
                Step::Toggle(shard, session, filter, persistent) => {
                    let mark = if persistent { Mark::Persistent } else { Mark::Transient };
                    world.toggle(shard % shards, session, &filter, mark);
                }
            }
        }
    }
}

#[test]
fn a_route_that_was_asked_for_before_a_change_is_asked_for_again() {
    let mut world = World::new(2);
    let publisher = 1 - key("a/b").owner(2).0;
    world.publish(publisher.into(), "a/b", false);
    assert!(world.answer(0), "one owner is asked");
    // The answer is on its way while a client of the publisher's own shard subscribes.
    world.toggle(publisher, 0, "a/b", Mark::Transient);
    world.publish(publisher.into(), "a/b", false);
    assert_eq!(world.asked.len(), 1, "the cached route is stale");
    world.answer(0);
    world.publish(publisher.into(), "a/b", false);
    assert!(
        world.asked.is_empty(),
        "a second publish needs no other shard"
    );
}

#[test]
fn a_change_elsewhere_costs_nothing() {
    let mut world = World::new(3);
    for number in 0..3 {
        world.publish(number, "a/b", true);
    }
    for number in 0..50 {
        world.toggle(0, 0, &format!("x/{number}"), Mark::Transient);
    }
    for number in 0..3 {
        world.publish(number, "a/b", false);
    }
    assert!(world.asked.is_empty());
}

#[test]
fn a_filter_at_a_new_depth_is_not_missed() {
    let mut world = World::new(4);
    world.publish(0, "a/b/c/d", true);
    world.toggle(3, 0, "a/b/#", Mark::Persistent);
    world.publish(0, "a/b/c/d", true);
    world.publish(0, "a/b/c/d", true);
    world.toggle(2, 0, "#", Mark::Transient);
    world.publish(0, "a/b/c/d", true);
    assert!(matches!(
        filter_key(FilterTarget::parse("#").expect("valid").filter(), SEED),
        FilterKey::Everywhere
    ));
}

#[test]
fn a_filter_deeper_than_all_counters_is_not_missed() {
    let mut world = World::new(4);
    let deep = vec!["a"; 200].join("/");
    for cut in [2 * 126 - 1, 2 * 127 - 1, 2 * 128 - 1, 2 * 190 - 1] {
        world.publish(0, &deep, true);
        world.toggle(3, 0, &format!("{}/#", &deep[..cut]), Mark::Persistent);
        world.publish(0, &deep, true);
        world.publish(0, &deep, true);
    }
    assert!(world.asked.is_empty());
}

#[test]
fn the_cache_stays_within_its_bounds() {
    let epochs = Epochs::new(1);
    let interest = Interest::new(ShardId(0), SEED, Arc::new(Epochs::new(1)));
    let index = Index::new(SEED);
    for limits in [
        RouteCacheLimits {
            entries_max: 10,
            bytes_max: 1 << 20,
        },
        RouteCacheLimits {
            entries_max: 1_000,
            bytes_max: 4_000,
        },
        RouteCacheLimits {
            entries_max: 0,
            bytes_max: 0,
        },
    ] {
        let mut cache = RouteCache::new(SEED, limits);
        for number in 0..100 {
            let topic = format!("t/{number}");
            cache.lookup(key(&topic), &epochs, &interest, &index);
            assert!(cache.len() <= limits.entries_max.max(1));
            assert!(cache.bytes() <= limits.bytes_max || cache.len() == 1);
            // The first topic is in use all the time, and stays.
            let before = cache.len();
            cache.lookup(key("t/0"), &epochs, &interest, &index);
            assert!(cache.len() == before || limits.entries_max == 0);
        }
    }
}

#[test]
fn what_is_forgotten_takes_no_memory_and_is_found_again() {
    let epochs = Epochs::new(1);
    let interest = Interest::new(ShardId(0), SEED, Arc::new(Epochs::new(1)));
    let index = Index::new(SEED);
    let limits = RouteCacheLimits {
        entries_max: 100,
        bytes_max: 1 << 20,
    };
    let mut cache = RouteCache::new(SEED, limits);
    let topics: Vec<_> = (0..20).map(|number| format!("t/{number}")).collect();
    for topic in &topics {
        cache.lookup(key(topic), &epochs, &interest, &index);
    }
    for topic in topics.iter().step_by(3).chain(topics.iter().step_by(2)) {
        cache.forget(key(topic));
    }
    let kept = (0..20)
        .filter(|number| number % 3 > 0 && number % 2 > 0)
        .count();
    assert_eq!(cache.len(), kept);
    for topic in &topics {
        cache.lookup(key(topic), &epochs, &interest, &index);
    }
    assert_eq!(cache.len(), 20);
    for topic in &topics {
        cache.forget(key(topic));
    }
    assert_eq!(cache.bytes(), 0);
}
