//! Topic aliases that a client gave.

use std::collections::BTreeMap;

use wire_message::{TopicName, TopicRef};
use wire_mqtt::ReasonCode;

use crate::limits::ALIAS_BYTES_MAX;

/// The topics behind a connection's aliases; eight bytes while there is none.
///
/// # Specification
///
/// MQTT 5.0 section 3.3.2.3.4; \[v5 3.3.2-7\]: they end with the connection.
#[derive(Debug, Default)]
pub struct InboundAliases(Option<Box<Aliases>>);

#[derive(Debug, Default)]
struct Aliases {
    /// By alias. A map: a client that uses the highest alias only does not make us pay for all.
    topics: BTreeMap<u16, TopicName>,
    bytes: usize,
}

impl InboundAliases {
    /// No alias.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// A PUBLISH with topic and alias: the alias stands for the topic from here on.
    ///
    /// # Errors
    ///
    /// Nothing has changed and the connection is to be closed:
    /// [`ReasonCode::TopicAliasInvalid`] if the alias is zero or above `maximum`, which we told
    /// the client (3.3.2.3.4); [`ReasonCode::QuotaExceeded`] if all aliases together would take
    /// more than [`ALIAS_BYTES_MAX`].
    ///
    /// # Specification
    ///
    /// \[v5 3.3.2-12\].
    pub fn set(&mut self, alias: u16, topic: TopicRef<'_>, maximum: u16) -> Result<(), ReasonCode> {
        check(alias, maximum)?;
        let aliases = self.0.get_or_insert_default();
        let known = aliases.topics.get(&alias).map(TopicName::as_ref);
        if known == Some(topic) {
            return Ok(());
        }
        let before = known.map_or(0, cost);
        let bytes = aliases.bytes - before + cost(topic);
        if bytes > ALIAS_BYTES_MAX {
            return Err(ReasonCode::QuotaExceeded);
        }
        aliases.bytes = bytes;
        aliases.topics.insert(alias, topic.to_owned());
        Ok(())
    }

    /// A PUBLISH with alias and without topic: the topic.
    ///
    /// # Errors
    ///
    /// [`ReasonCode::TopicAliasInvalid`] if the alias is zero or above `maximum`;
    /// [`ReasonCode::ProtocolError`] if it was never set. The connection is to be closed.
    pub fn get(&self, alias: u16, maximum: u16) -> Result<TopicRef<'_>, ReasonCode> {
        check(alias, maximum)?;
        let topic = self
            .0
            .as_ref()
            .and_then(|aliases| aliases.topics.get(&alias));
        topic
            .map(TopicName::as_ref)
            .ok_or(ReasonCode::ProtocolError)
    }
}

const fn check(alias: u16, maximum: u16) -> Result<(), ReasonCode> {
    if alias == 0 || alias > maximum {
        Err(ReasonCode::TopicAliasInvalid)
    } else {
        Ok(())
    }
}

/// Bytes that an alias is charged for: its topic and its place in the map.
fn cost(topic: TopicRef<'_>) -> usize {
    topic.as_str().len() + 2 * size_of::<TopicName>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(text: &str) -> TopicRef<'_> {
        TopicRef::new(text).expect("valid")
    }

    #[test]
    fn eight_bytes() {
        assert_eq!(size_of::<InboundAliases>(), 8);
    }

    #[test]
    fn v5_3_3_2_12_every_alias_up_to_the_maximum_is_accepted() {
        let mut aliases = InboundAliases::new();
        let names: Vec<_> = (1..=1_000).map(|alias| format!("topic/{alias}")).collect();
        for (alias, name) in (1..).zip(&names) {
            assert_eq!(aliases.set(alias, topic(name), 1_000), Ok(()));
        }
        for (alias, name) in (1..).zip(&names) {
            assert_eq!(aliases.get(alias, 1_000), Ok(topic(name)));
        }
    }

    #[test]
    fn zero_and_what_is_above_the_maximum_are_refused() {
        let mut aliases = InboundAliases::new();
        for (alias, maximum) in [(0, 10), (11, 10), (1, 0), (u16::MAX, u16::MAX - 1)] {
            let refused = Err(ReasonCode::TopicAliasInvalid);
            assert_eq!(aliases.set(alias, topic("a"), maximum), refused);
            assert_eq!(aliases.get(alias, maximum).map(|_| ()), refused);
        }
        assert_eq!(aliases.set(u16::MAX, topic("a"), u16::MAX), Ok(()));
    }

    #[test]
    fn an_alias_that_was_never_set_is_a_protocol_error() {
        let mut aliases = InboundAliases::new();
        assert_eq!(aliases.get(1, 10), Err(ReasonCode::ProtocolError));
        assert_eq!(aliases.set(2, topic("a"), 10), Ok(()));
        assert_eq!(aliases.get(1, 10), Err(ReasonCode::ProtocolError));
    }

    #[test]
    fn an_alias_can_be_set_anew() {
        let mut aliases = InboundAliases::new();
        for name in ["a", "b", "b", "a"] {
            assert_eq!(aliases.set(1, topic(name), 1), Ok(()));
            assert_eq!(aliases.get(1, 1), Ok(topic(name)));
        }
    }

    #[test]
    fn all_topics_together_are_bounded_and_setting_anew_frees() {
        let long = "t".repeat(60_000);
        let mut aliases = InboundAliases::new();
        let fit = u16::try_from(ALIAS_BYTES_MAX / (60_000 + 2 * size_of::<TopicName>()));
        let fit = fit.expect("few");
        for alias in 1..=fit {
            assert_eq!(aliases.set(alias, topic(&long), 100), Ok(()));
        }
        assert_eq!(
            aliases.set(fit + 1, topic(&long), 100),
            Err(ReasonCode::QuotaExceeded)
        );
        assert_eq!(aliases.get(fit + 1, 100), Err(ReasonCode::ProtocolError));
        assert_eq!(aliases.set(1, topic("short"), 100), Ok(()));
        assert_eq!(aliases.set(fit + 1, topic(&long), 100), Ok(()));
    }
}
