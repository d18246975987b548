//! Retained messages against a map, and walks against a search through all.

use std::collections::BTreeSet;

use proptest::prelude::*;
use wire_message::{Expiry, MessageRef, PublisherId, Qos};

use super::*;

const UNLIMITED: RetainedLimits = RetainedLimits {
    messages_max: usize::MAX,
    bytes_max: usize::MAX,
};

fn topic(text: &str) -> TopicRef<'_> {
    TopicRef::new(text).expect("the test's topic is valid")
}

fn filter(text: &str) -> FilterRef<'_> {
    FilterRef::new(text).expect("the test's filter is valid")
}

fn message(text: &str, payload: &[u8], expires_s: Option<u32>) -> Arc<Message> {
    let parts = MessageRef {
        topic: topic(text),
        payload,
        properties: &[],
        qos: Qos::AtMostOnce,
        retain: true,
        expiry: Expiry::after(expires_s, Instant::ZERO),
        received_at: Instant::ZERO,
        publisher: PublisherId::BROKER,
    };
    Arc::new(parts.to_message())
}

fn retained(topics: &[&str]) -> Retained {
    let mut retained = Retained::new(UNLIMITED);
    for topic in topics {
        retained.set(message(topic, b"x", None)).expect("no limits");
    }
    retained
}

/// Levels around `/` in the order of bytes, so that topics interleave in every way.
fn topic_text() -> impl Strategy<Value = String> {
    let level = prop::sample::select(vec!["a", "a-b", "a0", "b", "", "$s", "a.", "é"]);
    let topic = prop::collection::vec(level, 1..5).prop_map(|levels| levels.join("/"));
    topic.prop_filter("a topic is not empty", |text| !text.is_empty())
}

fn filter_text() -> impl Strategy<Value = String> {
    let level = prop::sample::select(vec!["a", "a-b", "b", "", "$s", "a0", "+", "+"]);
    (prop::collection::vec(level, 1..5), any::<bool>()).prop_map(|(mut levels, hash)| {
        if hash || levels == [""] {
            levels.push("#");
        }
        levels.join("/")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// A walk meets every topic that is there all the time once, in order, whatever comes and goes
    /// between its steps.
    #[test]
    fn a_walk_misses_and_repeats_nothing_that_stayed(
        before in prop::collection::btree_set(topic_text(), 0..60),
        changes in prop::collection::vec(prop::collection::vec(topic_text(), 0..4), 0..60),
        text in filter_text(),
        limit in 1..5_usize,
    ) {
        let mut retained = Retained::new(UNLIMITED);
        for text in &before {
            retained.set(message(text, b"x", None)).expect("no limits");
        }
        let (mut stayed, mut seen) = (before.clone(), before);
        let (mut cursor, mut found) = (RetainedCursor::default(), Vec::new());
        let mut changes = changes.into_iter();
        for _ in 0..10_000 {
            let done = retained.scan(filter(&text), &mut cursor, limit, Instant::ZERO, &mut found);
            if done {
                break;
            }
            for text in changes.next().unwrap_or_default() {
                if retained.clear(topic(&text)).is_none() {
                    retained.set(message(&text, b"y", None)).expect("no limits");
                    seen.insert(text);
                } else {
                    stayed.remove(&text);
                }
            }
        }
        let found: Vec<String> = found.iter().map(|found| found.topic().to_string()).collect();
        prop_assert!(found.is_sorted_by(|a, b| a < b), "each once, in order: {:?}", found);
        let found: BTreeSet<String> = found.into_iter().collect();
        let matching = |topics: BTreeSet<String>| -> BTreeSet<String> {
            topics.into_iter().filter(|other| filter(&text).matches(topic(other))).collect()
        };
        prop_assert!(matching(stayed).is_subset(&found), "{:?}", found);
        prop_assert!(found.is_subset(&matching(seen)), "{:?}", found);
    }

    /// The store holds what a map with the same limits holds.
    #[test]
    fn the_store_agrees_with_a_map(
        steps in prop::collection::vec((topic_text(), 0..40_usize, prop::option::of(1..9_u32)), 0..80),
        messages_max in 0..12_usize,
        bytes_max in 0..2_000_usize,
    ) {
        let mut retained = Retained::new(RetainedLimits { messages_max, bytes_max });
        let mut model: BTreeMap<String, Arc<Message>> = BTreeMap::new();
        for (step, (text, size, expires_s)) in steps.into_iter().enumerate() {
            let new = message(&text, &vec![7; size], expires_s);
            let mut next = model.clone();
            let old = if size == 0 { next.remove(&text) } else { next.insert(text, Arc::clone(&new)) };
            let bytes: usize = next.values().map(|message| message.cost_bytes()).sum();
            let fits = size == 0
                || (next.len() <= messages_max || old.is_some()) && bytes <= bytes_max;
            let result = retained.set(new);
            prop_assert_eq!(result.is_ok(), fits);
            if let Ok(replaced) = result {
                prop_assert_eq!(replaced, old);
                model = next;
            }
            if step % 16 == 15 {
                let now = Instant::from_secs(3);
                let past: Vec<_> = model.iter().filter(|(_, m)| m.expiry().is_past(now)).collect();
                prop_assert_eq!(retained.expire(now, usize::MAX, |_| {}), past.len());
                model.retain(|_, message| !message.expiry().is_past(now));
            }
            let expiries = model.values().filter_map(|message| message.expiry().instant());
            prop_assert_eq!(retained.next_expiry(), expiries.min());
        }
        prop_assert_eq!(retained.len(), model.len());
        let bytes: usize = model.values().map(|message| message.cost_bytes()).sum();
        prop_assert_eq!(retained.bytes(), bytes);
        for (text, message) in &model {
            prop_assert_eq!(retained.get(topic(text), Instant::ZERO), Some(message));
        }
    }
}

#[test]
fn a_walk_below_a_literal_prefix_looks_at_nothing_else() {
    let mut retained = Retained::new(UNLIMITED);
    for site in 0..100 {
        for device in 0..100 {
            let text = format!("site/{site}/{device}/state");
            retained.set(message(&text, b"x", None)).expect("no limits");
        }
    }
    // One step of a hundred messages looks at four hundred topics at the most, of ten thousand.
    for (text, count) in [
        ("site/50/+/state", 100),
        ("site/+/7/state", 100),
        ("site/99/#", 100),
    ] {
        let (mut cursor, mut found) = (RetainedCursor::default(), Vec::new());
        retained.scan(filter(text), &mut cursor, 101, Instant::ZERO, &mut found);
        assert_eq!(found.len(), count, "{text}");
    }
}

#[test]
fn all_of_very_many_come_in_chunks() {
    let mut retained = Retained::new(UNLIMITED);
    for number in 0..100_000 {
        retained
            .set(message(&format!("t/{number}"), b"x", None))
            .expect("no limits");
    }
    let (mut cursor, mut found, mut steps) = (RetainedCursor::default(), Vec::new(), 0);
    while !retained.scan(filter("#"), &mut cursor, 100, Instant::ZERO, &mut found) {
        steps += 1;
    }
    assert_eq!((found.len(), steps), (100_000, 1_000));
}

#[test]
fn v5_3_3_1_5_a_retained_message_replaces_the_one_before() {
    let mut retained = retained(&["a"]);
    let old = retained
        .set(message("a", b"new", None))
        .expect("no limits")
        .expect("there was one");
    assert_eq!(old.payload(), b"x");
    assert_eq!(
        retained
            .get(topic("a"), Instant::ZERO)
            .expect("retained")
            .payload(),
        b"new"
    );
}

#[test]
fn v5_3_3_1_6_an_empty_payload_clears_the_topic() {
    let mut retained = retained(&["a", "b"]);
    assert!(
        retained
            .set(message("a", b"", None))
            .expect("clearing always fits")
            .is_some()
    );
    assert!(retained.get(topic("a"), Instant::ZERO).is_none());
    assert_eq!(
        (retained.len(), retained.bytes()),
        (1, message("b", b"x", None).cost_bytes())
    );
}

#[test]
fn v5_3_3_1_7_an_empty_payload_is_not_stored() {
    let mut retained = Retained::new(UNLIMITED);
    assert_eq!(retained.set(message("a", b"", None)), Ok(None));
    assert!(retained.is_empty());
}

#[test]
fn v5_4_7_2_1_wildcards_in_the_first_level_pass_dollar_topics_by() {
    let retained = retained(&["!", "$SYS/a", "$x", "%", "a"]);
    let mut found = Vec::new();
    let done = retained.scan(
        filter("#"),
        &mut RetainedCursor::default(),
        9,
        Instant::ZERO,
        &mut found,
    );
    let topics: Vec<_> = found
        .iter()
        .map(|message| message.topic().as_str())
        .collect();
    assert!(done && topics == ["!", "%", "a"], "{topics:?}");
}

#[test]
fn expired_messages_are_not_delivered_and_go_when_told() {
    let mut retained = Retained::new(UNLIMITED);
    retained
        .set(message("a", b"x", Some(5)))
        .expect("no limits");
    retained
        .set(message("b", b"x", Some(2)))
        .expect("no limits");
    retained.set(message("b", b"y", None)).expect("no limits");
    assert_eq!(retained.next_expiry(), Some(Instant::from_secs(5)));
    let now = Instant::from_secs(5);
    assert!(retained.get(topic("a"), now).is_none() && retained.get(topic("b"), now).is_some());
    let mut found = Vec::new();
    retained.scan(
        filter("+"),
        &mut RetainedCursor::default(),
        9,
        now,
        &mut found,
    );
    assert_eq!(found.len(), 1);
    assert_eq!(
        (
            retained.expire(now, 9, |_| {}),
            retained.len(),
            retained.next_expiry()
        ),
        (1, 1, None)
    );
}
