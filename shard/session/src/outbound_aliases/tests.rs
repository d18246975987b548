//! Aliases towards a client: the statements, and random use against the client's own table.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const SEED: Seed = Seed(7);

fn assign(aliases: &mut OutboundAliases, topic: &str, maximum: u16) -> Option<(u16, bool)> {
    let topic = TopicRef::new(topic).expect("valid");
    let given = aliases.assign(topic, maximum, SEED)?;
    Some((given.alias.get(), given.first_time))
}

#[test]
fn eight_bytes_while_no_alias_was_given() {
    assert_eq!(size_of::<OutboundAliases>(), 8);
}

#[test]
fn v5_3_1_2_27_no_alias_goes_to_a_client_that_allows_none() {
    let mut aliases = OutboundAliases::new();
    for _ in 0..3 {
        assert_eq!(assign(&mut aliases, "a", 0), None);
    }
    assert!(aliases.is_empty() && aliases.0.is_none());
}

#[test]
fn the_topic_goes_along_the_first_time_only() {
    let mut aliases = OutboundAliases::new();
    assert_eq!(assign(&mut aliases, "a", 2), Some((1, true)));
    assert_eq!(assign(&mut aliases, "b", 2), Some((2, true)));
    assert_eq!(assign(&mut aliases, "a", 2), Some((1, false)));
    assert_eq!(assign(&mut aliases, "b", 2), Some((2, false)));
}

#[test]
fn a_topic_that_comes_again_takes_the_alias_not_used_for_longest() {
    let mut aliases = OutboundAliases::new();
    for topic in ["a", "b", "c", "a"] {
        assign(&mut aliases, topic, 3);
    }
    assert_eq!(assign(&mut aliases, "d", 3), None);
    assert_eq!(assign(&mut aliases, "d", 3), Some((2, true)));
    assert_eq!(assign(&mut aliases, "d", 3), Some((2, false)));
    assert_eq!(assign(&mut aliases, "a", 3), Some((1, false)));
    assert_eq!(assign(&mut aliases, "b", 3), None);
    assert_eq!(assign(&mut aliases, "b", 3), Some((3, true)));
}

#[test]
fn topics_that_come_once_do_not_push_frequent_ones_out() {
    let mut aliases = OutboundAliases::new();
    assign(&mut aliases, "frequent", 1);
    for number in 0..1_000 {
        assert_eq!(assign(&mut aliases, &format!("once/{number}"), 1), None);
        assert_eq!(assign(&mut aliases, "frequent", 1), Some((1, false)));
    }
}

#[test]
fn the_largest_maximum_can_be_used_up() {
    let mut aliases = OutboundAliases::new();
    for number in 1..=u16::MAX {
        assert_eq!(
            assign(&mut aliases, &number.to_string(), u16::MAX),
            Some((number, true))
        );
    }
    assert_eq!(assign(&mut aliases, "x", u16::MAX), None);
    assert_eq!(assign(&mut aliases, "x", u16::MAX), Some((1, true)));
    assert_eq!(
        assign(&mut aliases, "65535", u16::MAX),
        Some((u16::MAX, false))
    );
}

proptest! {
    /// A client that only keeps the table it was told always reads the topic that was meant,
    /// \[v5 3.1.2-26\]: and never sees an alias of zero or above its maximum.
    #[test]
    fn v5_3_1_2_26_the_client_always_knows_which_topic_is_meant(
        topics in prop::collection::vec(0..30_u8, 0..400), maximum in 1..12_u16,
    ) {
        let mut aliases = OutboundAliases::new();
        let mut client: BTreeMap<u16, String> = BTreeMap::new();
        let mut used: Vec<u16> = Vec::new();
        for topic in topics {
            // Low numbers come much more often than high ones.
            let topic = format!("topic/{}", u32::from(topic) * u32::from(topic) / 100);
            let Some((alias, first_time)) = assign(&mut aliases, &topic, maximum) else { continue };
            prop_assert!((1..=maximum).contains(&alias));
            used.retain(|other| *other != alias);
            if first_time && client.len() == usize::from(maximum) {
                prop_assert_eq!(used.len(), client.len() - 1);
            }
            if first_time {
                client.insert(alias, topic);
            } else {
                prop_assert_eq!(client.get(&alias), Some(&topic));
            }
            used.push(alias);
        }
        prop_assert_eq!(aliases.len(), client.len());
    }

    /// With everything coming twice, the alias taken is that of the topic not used for longest.
    #[test]
    fn the_victim_is_the_least_recently_used(
        topics in prop::collection::vec(0..9_u8, 0..200), maximum in 1..6_u16,
    ) {
        let mut aliases = OutboundAliases::new();
        // Alias by topic, least recently used first.
        let mut recent: Vec<(u8, u16)> = Vec::new();
        for topic in topics {
            let text = topic.to_string();
            let first = assign(&mut aliases, &text, maximum);
            let (alias, _) = first.or_else(|| assign(&mut aliases, &text, maximum)).expect("twice");
            let expected = match recent.iter().position(|(known, _)| *known == topic) {
                Some(place) => recent.remove(place).1,
                None if recent.len() < usize::from(maximum) => {
                    u16::try_from(recent.len()).expect("few") + 1
                }
                None => recent.remove(0).1,
            };
            prop_assert_eq!(alias, expected);
            recent.push((topic, alias));
        }
    }
}
