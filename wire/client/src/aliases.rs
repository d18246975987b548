//! Topic aliases of one connection, both ways.

use std::collections::BTreeMap;

use wire_message::{TopicName, TopicRef};

/// Aliases that the broker set.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    /// By alias, which counts from 1.
    topics: Vec<Option<TopicName>>,
}

impl Inbound {
    /// From now on `alias`, 1 to the client's maximum, stands for `topic`.
    pub(crate) fn set(&mut self, alias: u16, topic: TopicRef<'_>) {
        let index = usize::from(alias).saturating_sub(1);
        if self.topics.len() <= index {
            self.topics.resize(index + 1, None);
        }
        if let Some(slot) = self.topics.get_mut(index) {
            *slot = Some(topic.to_owned());
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(crate) fn topic(&self, alias: u16) -> Option<TopicRef<'_>> {
        let index = usize::from(alias).checked_sub(1)?;
        self.topics.get(index)?.as_ref().map(TopicName::as_ref)
    }
}

/// Aliases that the client set: first come, first served.
#[derive(Debug, Default)]
pub(crate) struct Outbound {
    aliases: BTreeMap<Box<str>, u16>,
}

impl Outbound {
    pub(crate) fn is_empty(&self) -> bool {
        self.aliases.is_empty()
    }

    /// The alias of `topic` and whether the broker knows it already; `None` if all `max` are taken.
    pub(crate) fn alias(&self, topic: TopicRef<'_>, max: u16) -> Option<(u16, bool)> {
        if let Some(&alias) = self.aliases.get(topic.as_str()) {
            return Some((alias, true));
        }
        let next = u16::try_from(self.aliases.len()).ok()?.checked_add(1)?;
        (next <= max).then_some((next, false))
    }

    pub(crate) fn set(&mut self, alias: u16, topic: TopicRef<'_>) {
        self.aliases.insert(topic.as_str().into(), alias);
    }
}
