//! The structure against a list that is searched from end to end.

use std::collections::BTreeMap;

use proptest::prelude::*;
use wire_message::{FilterRef, Seed, TopicRef};

use super::*;
use crate::TopicKey;

fn filter(text: &str) -> FilterRef<'_> {
    FilterRef::new(text).expect("the test's filter is valid")
}

fn topic(text: &str) -> TopicKey<'_> {
    TopicKey::new(
        TopicRef::new(text).expect("the test's topic is valid"),
        Seed(1),
    )
}

fn found(filters: &Filters<u16>, text: &str) -> Vec<u16> {
    let mut ids = Vec::new();
    filters.lookup(topic(text), &mut ids);
    let mut values: Vec<u16> = ids.iter().map(|id| *filters.get(*id)).collect();
    values.sort_unstable();
    values
}

/// Few different levels, so that filters share runs, nodes and topics.
fn level() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        "c",
        "",
        "$s",
        "longer-than-the-others-and-not-inline",
    ])
}

fn filter_text() -> impl Strategy<Value = String> {
    let level = prop_oneof![3 => level(), 2 => Just("+")];
    let levels = prop::collection::vec(level, 0..7);
    (levels, any::<bool>()).prop_map(|(mut levels, hash)| {
        if hash || levels.is_empty() || levels == [""] {
            levels.push("#");
        }
        levels.join("/")
    })
}

fn topic_text() -> impl Strategy<Value = String> {
    let text = prop::collection::vec(level(), 1..8).prop_map(|levels| levels.join("/"));
    text.prop_filter("a topic is not empty", |text| !text.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A look-up finds what a search through all filters finds, whatever came and went before.
    #[test]
    fn lookups_agree_with_a_search_through_all(
        steps in prop::collection::vec(filter_text(), 1..200),
        topics in prop::collection::vec(topic_text(), 1..30),
    ) {
        let (mut filters, mut model) = (Filters::new(Seed(1)), BTreeMap::new());
        for (value, text) in steps.iter().enumerate() {
            let value = u16::try_from(value).expect("fewer steps than that");
            let known = filters.find(filter(text));
            prop_assert_eq!(known.is_some(), model.contains_key(text));
            if let Some(id) = known {
                prop_assert_eq!(filters.text(id), text.as_str());
                prop_assert_eq!(Some(filters.remove(id)), model.remove(text));
            } else {
                filters.insert(filter(text), value);
                model.insert(text.clone(), value);
            }
        }
        for text in &topics {
            let hits = model.iter().filter(|(text2, _)| filter(text2).matches(topic(text).topic()));
            let mut expected: Vec<u16> = hits.map(|(_, value)| *value).collect();
            expected.sort_unstable();
            prop_assert_eq!(found(&filters, text), expected, "{}", text);
        }
        for text in model.keys() {
            let id = filters.find(filter(text)).expect("the model has it");
            filters.remove(id);
        }
        prop_assert_eq!(filters.nodes.len(), 0);
        prop_assert!(filters.root.edges.is_empty() && filters.root.filters == 0);
    }

    /// The comparisons of bytes say the same as the one level by level.
    #[test]
    fn all_comparisons_agree(filter_text in filter_text(), topic_text in topic_text()) {
        let expected = filter(&filter_text).matches(topic(&topic_text).topic());
        prop_assert_eq!(Text::new(&filter_text).matches(topic_text.as_bytes()), expected);
        prop_assert_eq!(text::matches(filter_text.as_bytes(), topic_text.as_bytes()), expected);
    }
}

#[test]
fn many_filters_behind_one_plus_get_a_node_and_give_it_back() {
    let mut filters = Filters::new(Seed(1));
    let ids: Vec<_> = (0..1_000)
        .map(|n| filters.insert(filter(&format!("site/+/dev/{n}/+/state")), n))
        .collect();
    assert_eq!(found(&filters, "site/7/dev/42/x/state"), [42]);
    assert_eq!(filters.nodes.len(), 1);
    for id in ids {
        filters.remove(id);
    }
    assert_eq!((filters.nodes.len(), filters.len()), (0, 0));
}

#[test]
fn a_way_through_very_many_nodes_needs_no_deep_stack() {
    let mut filters = Filters::new(Seed(1));
    let deep = "+/".repeat(20_000);
    for (n, end) in ["a", "b", "c", "d", "e", "f"].iter().enumerate() {
        filters.insert(
            filter(&format!("{deep}{end}")),
            u16::try_from(n).expect("few"),
        );
    }
    assert_eq!(found(&filters, &format!("{}e", "/".repeat(20_000))), [4]);
}

#[test]
fn v5_4_7_2_1_wildcards_in_the_first_level_pass_dollar_topics_by() {
    let mut filters = Filters::new(Seed(1));
    for (n, text) in ["#", "+/a", "+/#", "$SYS/#", "$SYS/+", "$SYS/a"]
        .iter()
        .enumerate()
    {
        filters.insert(filter(text), u16::try_from(n).expect("few"));
    }
    assert_eq!(found(&filters, "$SYS/a"), [3, 4, 5]);
    assert_eq!(found(&filters, "x/a"), [0, 1, 2]);
}

#[test]
fn an_entry_is_a_cache_line() {
    assert_eq!(size_of::<Entry<[u64; 2]>>(), 64);
    assert_eq!(size_of::<Text>(), 48);
}

/// The keys, in the root, of the exact filter `x<n>` and of what stands behind `x<n>/+`.
fn root_keys(filters: &Filters<u16>, n: u32) -> [(u32, bool, u32); 2] {
    let text = format!("x{n}");
    let exact = filters.hasher.exact_key(filters.hasher.text(&text));
    let behind = format!("{text}/+/a");
    let run = filters
        .hasher
        .runs(&behind)
        .next()
        .expect("a run before the wildcard");
    [
        (exact, false, n),
        (filters.hasher.key(node::ROOT, &run), true, n),
    ]
}

#[test]
fn keys_that_collide_cost_comparisons_only() {
    let empty = Filters::new(Seed(1));
    let mut keys: Vec<_> = (0..250_000).flat_map(|n| root_keys(&empty, n)).collect();
    keys.sort_unstable();
    let pairs: Vec<_> = keys
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .collect();
    assert!(
        pairs.iter().any(|pair| pair[0].1 && pair[1].1),
        "two bursts in one slot"
    );
    assert!(
        pairs.iter().any(|pair| pair[0].1 != pair[1].1),
        "an exact filter where one bursts"
    );
    for pair in pairs {
        let texts = |(_, plus, n): (u32, bool, u32)| -> Vec<String> {
            let behind = ["a", "b", "c", "d", "e", "+/x", "#"].map(|end| format!("x{n}/+/{end}"));
            if plus {
                behind.into()
            } else {
                vec![format!("x{n}")]
            }
        };
        let (first, second) = (texts(pair[0]), texts(pair[1]));
        // One bucket first, the other first, and both in turn.
        let longest = first.len().max(second.len());
        let mixed = (0..longest).flat_map(|n| [first.get(n), second.get(n)]);
        let mixed = mixed.flatten().cloned().collect();
        for order in [
            [&*first, &*second].concat(),
            [&*second, &*first].concat(),
            mixed,
        ] {
            agree_while_removed(&order);
        }
    }
}

/// Inserts the filters in this order and takes them out again, and compares after each step.
fn agree_while_removed(texts: &[String]) {
    let mut filters = Filters::new(Seed(1));
    let topics: Vec<String> = texts
        .iter()
        .map(|text| text.replace(['+', '#'], "a"))
        .collect();
    let check = |filters: &Filters<u16>, present: &[String], offset: usize| {
        for topic_text in &topics {
            let matching = (offset..)
                .zip(present)
                .filter(|(_, text)| filter(text).matches(topic(topic_text).topic()));
            let values = matching.map(|(value, _)| u16::try_from(value).expect("few"));
            assert_eq!(
                found(filters, topic_text),
                values.collect::<Vec<_>>(),
                "{texts:?}"
            );
        }
    };
    let mut ids = Vec::new();
    for (value, text) in (0..).zip(texts) {
        ids.push(filters.insert(filter(text), value));
        check(&filters, &texts[..ids.len()], 0);
    }
    for (number, id) in ids.into_iter().enumerate() {
        assert_eq!(filters.find(filter(&texts[number])), Some(id));
        filters.remove(id);
        check(&filters, &texts[number + 1..], number + 1);
    }
    assert_eq!((filters.nodes.len(), filters.len()), (0, 0));
}
