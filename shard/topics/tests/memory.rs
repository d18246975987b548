//! Bytes per subscription, route and retained message, counted by the allocator.
//!
//! Budgets: 128 bytes for one more exact subscription and 192 for one with wildcards, in the index
//! of the subscriber's shard, in the slice of the filter's owner, and in the session (4 bytes).
#![expect(
    clippy::cast_precision_loss,
    reason = "no count of bytes here is above 2^52"
)]

use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use shard_topics::{
    Epochs, FilterId, Index, Interest, Lookup, Mark, Retained, RetainedLimits, RouteCache,
    RouteCacheLimits, SessionIndex, Subscription, SubscriptionId, TopicKey,
};
use wire_message::{
    Expiry, FilterTarget, Instant, MessageRef, PublisherId, Qos, Seed, ShardId, TopicRef,
};

const SEED: Seed = Seed(5);
const COUNT: u32 = 50_000;

/// Bytes that a session keeps of a subscription.
const SESSION_BYTES: f64 = size_of::<SubscriptionId>() as f64;

fn held(act: impl FnOnce()) -> f64 {
    let AllocationInfo { bytes_current, .. } = measure(act);
    bytes_current as f64
}

fn target(text: &str) -> FilterTarget<'_> {
    FilterTarget::parse(text).expect("the test's filter is valid")
}

fn key(text: &str) -> TopicKey<'_> {
    TopicKey::new(
        TopicRef::new(text).expect("the test's topic is valid"),
        SEED,
    )
}

/// One filter in a table of its own: what a subscriber's shard and an owner hold of many of them.
struct Held {
    index: f64,
    owner: f64,
}

fn hold(filter: impl Fn(u32) -> String) -> Held {
    let filters: Vec<String> = (0..COUNT).map(filter).collect();
    let (mut index, mut ids) = (Index::new(SEED), Vec::with_capacity(COUNT as usize));
    let index_bytes = held(|| {
        for (session, filter) in (0..).zip(&filters) {
            let session = SessionIndex(session);
            ids.push(
                index
                    .subscribe(target(filter), session, Subscription::default())
                    .id,
            );
        }
    });
    let mut interest = Interest::new(ShardId(0), SEED, Arc::new(Epochs::new(2)));
    let owner_bytes = held(|| {
        for filter in &filters {
            interest.add(target(filter).filter(), ShardId(1), Mark::Persistent);
        }
    });
    let left = held(|| {
        for (session, (id, filter)) in (0..).zip(ids.iter().zip(&filters)) {
            assert!(index.unsubscribe(*id, SessionIndex(session)).is_some());
            assert!(interest.remove(target(filter).filter(), ShardId(1), Mark::Persistent));
        }
    });
    let freed = -left / (index_bytes + owner_bytes);
    assert!(freed > 0.99, "{freed} of the memory comes back");
    Held {
        index: index_bytes / f64::from(COUNT),
        owner: owner_bytes / f64::from(COUNT),
    }
}

#[test]
fn an_exact_subscription_costs_at_most_128_bytes() {
    let held = hold(|n| format!("site/{}/line/{}/dev-{n}/state", n % 50, n % 7));
    println!(
        "exact: index {:.1} B, owner {:.1} B, session 4 B",
        held.index, held.owner
    );
    assert!(held.index + held.owner + SESSION_BYTES <= 100.0);
}

#[test]
fn a_wildcard_subscription_costs_at_most_192_bytes() {
    for (name, filter) in [
        (
            "dev/ID/+/state",
            (|n| format!("site/{}/dev-{n}/+/state", n % 50)) as fn(u32) -> _,
        ),
        ("dev/ID/#", |n| format!("site/{}/dev-{n}/#", n % 50)),
        ("+/dev/ID", |n| format!("site/+/dev-{n}/state")),
        ("+/+/ID/#", |n| format!("+/+/dev-{n}/#")),
    ] {
        let held = hold(filter);
        println!(
            "{name}: index {:.1} B, owner {:.1} B, session 4 B",
            held.index, held.owner
        );
        assert!(held.index + held.owner + SESSION_BYTES <= 192.0, "{name}");
    }
}

#[test]
fn one_more_subscriber_of_a_filter_costs_at_most_16_bytes() {
    let mut index = Index::new(SEED);
    let bytes = held(|| {
        for session in 0..COUNT {
            let session = SessionIndex(session.wrapping_mul(2_654_435_761));
            index.subscribe(target("all/+"), session, Subscription::default());
        }
    });
    println!(
        "subscriber of one filter: {:.1} B",
        bytes / f64::from(COUNT)
    );
    assert!(bytes / f64::from(COUNT) <= 16.0);
}

#[test]
fn the_cache_counts_its_memory_and_a_hit_allocates_nothing() {
    let mut index = Index::new(SEED);
    let filters = ["t/#", "t/+", "+/7"];
    let session = SessionIndex(0);
    for filter in filters {
        index.subscribe(target(filter), session, Subscription::default());
    }
    let epochs = Arc::new(Epochs::new(1));
    let interest = Interest::new(ShardId(0), SEED, Arc::clone(&epochs));
    let limits = RouteCacheLimits {
        entries_max: 10_000,
        bytes_max: usize::MAX,
    };
    let mut cache = RouteCache::new(SEED, limits);
    let topics: Vec<String> = (0..10_000).map(|n| format!("t/{n}")).collect();
    let bytes = held(|| {
        for topic in &topics {
            cache.lookup(key(topic), &epochs, &interest, &index);
        }
    });
    println!(
        "cached topic: {:.0} B, counted {:.0} B",
        bytes / 1e4,
        cache.bytes() as f64 / 1e4
    );
    let ratio = bytes / cache.bytes() as f64;
    assert!(
        (0.8..1.5).contains(&ratio),
        "{bytes} are {ratio} times what is counted"
    );
    let hits = measure(|| {
        for topic in &topics {
            let Lookup::Known { route, local } =
                cache.lookup(key(topic), &epochs, &interest, &index)
            else {
                unreachable!("one shard asks nobody");
            };
            assert!(route.shards.contains(ShardId(0)) && local.len() >= 2);
        }
    });
    assert_eq!(hits.count_total, 0);
}

#[test]
fn a_look_up_that_finds_room_for_its_matches_allocates_nothing() {
    let mut index = Index::new(SEED);
    for filter in ["a/b/c", "a/+/c", "+/b/#", "#", "a/b/+", "+/+/+"] {
        index.subscribe(target(filter), SessionIndex(0), Subscription::default());
    }
    let mut matches: Vec<FilterId> = Vec::with_capacity(8);
    let counted = measure(|| index.lookup(key("a/b/c"), &mut matches));
    assert_eq!((matches.len(), counted.count_total), (6, 0));
}

#[test]
fn a_retained_message_costs_little_more_than_itself() {
    let limits = RetainedLimits {
        messages_max: usize::MAX,
        bytes_max: usize::MAX,
    };
    let mut retained = Retained::new(limits);
    let mut messages: Vec<_> = (0..50_000)
        .map(|n| {
            let topic = format!("site/{}/dev-{n}/state", n % 50);
            let parts = MessageRef {
                topic: TopicRef::new(&topic).expect("valid"),
                payload: b"x",
                properties: &[],
                qos: Qos::AtMostOnce,
                retain: true,
                expiry: Expiry::NEVER,
                received_at: Instant::ZERO,
                publisher: PublisherId::BROKER,
            };
            (topic.len(), Arc::new(parts.to_message()))
        })
        .collect();
    let topics: usize = messages.iter().map(|(length, _)| length).sum();
    let bytes = held(|| {
        for (_, message) in &mut messages {
            retained.set(Arc::clone(message)).expect("no limits");
        }
    });
    let each = (bytes - topics as f64) / 50_000.0;
    println!("retained message: {each:.1} B and its topic, besides the message");
    assert!(each <= 48.0);
}
