//! Topic aliases that the broker gives to a client.

#[cfg(test)]
mod tests;

use core::num::NonZeroU16;

use wire_message::{Seed, Table, TopicName, TopicRef};

/// Hashes of topics that had no alias lately. One that comes again gets the next alias.
const SEEN: usize = 16;

/// How to name a topic in a PUBLISH to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AliasUse {
    /// The alias.
    pub alias: NonZeroU16,
    /// The topic must be sent along: the alias stands for it from this packet on.
    pub first_time: bool,
}

/// The aliases in use towards one client; eight bytes while there is none.
///
/// A topic gets an alias while there are free ones. Later, a topic that is published repeatedly
/// takes the alias of the one not used for longest; a topic that comes once takes none, so that a
/// stream of single topics does not push the frequent ones out.
///
/// # Specification
///
/// MQTT 5.0 section 3.3.2.3.4, \[v5 3.1.2-26\], \[v5 3.3.2-11\].
#[derive(Debug, Default)]
pub struct OutboundAliases(Option<Box<Aliases>>);

#[derive(Debug)]
struct Aliases {
    /// Places in `slots`, by topic.
    table: Table<u16>,
    /// Alias n is in place n - 1.
    slots: Vec<Slot>,
    /// Most and least recently used place.
    newest: u16,
    oldest: u16,
    seen: [u32; SEEN],
}

#[derive(Debug)]
struct Slot {
    topic: TopicName,
    newer: u16,
    older: u16,
}

impl OutboundAliases {
    /// No alias.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Number of aliases given.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |aliases| aliases.slots.len())
    }

    /// Whether no alias was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The alias for `topic` in a PUBLISH that is sent for certain: the client learns a new alias
    /// from it. `None`: send the topic alone. `maximum` is the least of the client's Topic Alias
    /// Maximum and the broker's, the same at each call.
    ///
    /// # Specification
    ///
    /// \[v5 3.1.2-27\]: none if `maximum` is zero.
    pub fn assign(&mut self, topic: TopicRef<'_>, maximum: u16, seed: Seed) -> Option<AliasUse> {
        if maximum == 0 {
            return None;
        }
        let hash = seed.hash(topic.as_str().as_bytes());
        let aliases = self.0.get_or_insert_with(|| Box::new(Aliases::new()));
        let first_time = match aliases.find(topic, hash) {
            Some(place) => {
                aliases.touch(place);
                false
            }
            None if aliases.slots.len() < usize::from(maximum) => {
                aliases.add(topic, hash, seed);
                true
            }
            None if aliases.was_seen(hash) => {
                aliases.replace_oldest(topic, hash, seed);
                true
            }
            None => return None,
        };
        let alias = NonZeroU16::MIN.saturating_add(aliases.newest);
        Some(AliasUse { alias, first_time })
    }
}

impl Aliases {
    const fn new() -> Self {
        Self {
            table: Table::new(),
            slots: Vec::new(),
            newest: 0,
            oldest: 0,
            seen: [0; SEEN],
        }
    }

    fn find(&self, topic: TopicRef<'_>, hash: u64) -> Option<u16> {
        let same = |place: &u16| self.slots[usize::from(*place)].topic.as_ref() == topic;
        self.table.find(hash, same).copied()
    }

    fn add(&mut self, topic: TopicRef<'_>, hash: u64, seed: Seed) {
        let place = u16::try_from(self.slots.len()).expect("fewer places than the maximum");
        self.slots.push(Slot {
            topic: topic.to_owned(),
            newer: place,
            older: place,
        });
        if place > 0 {
            self.link_newest(place);
        }
        self.index(place, hash, seed);
    }

    fn replace_oldest(&mut self, topic: TopicRef<'_>, hash: u64, seed: Seed) {
        let place = self.oldest;
        self.touch(place);
        let gone = core::mem::replace(&mut self.slots[usize::from(place)].topic, topic.to_owned());
        let entry = self
            .table
            .find_entry(hash_of(gone.as_ref(), seed), |other| *other == place);
        entry.expect("every place is in the table").remove();
        self.index(place, hash, seed);
    }

    fn index(&mut self, place: u16, hash: u64, seed: Seed) {
        let slots = &self.slots;
        let rehash = |place: &u16| hash_of(slots[usize::from(*place)].topic.as_ref(), seed);
        self.table.insert_unique(hash, place, rehash);
    }

    /// Makes `place` the most recently used.
    fn touch(&mut self, place: u16) {
        if self.newest == place {
            return;
        }
        let Slot { newer, older, .. } = self.slots[usize::from(place)];
        if self.oldest == place {
            self.oldest = newer;
        } else {
            self.slots[usize::from(older)].newer = newer;
        }
        self.slots[usize::from(newer)].older = older;
        self.link_newest(place);
    }

    fn link_newest(&mut self, place: u16) {
        self.slots[usize::from(self.newest)].newer = place;
        self.slots[usize::from(place)].older = self.newest;
        self.newest = place;
    }

    /// Whether the topic with this hash came lately, and that it did now.
    fn was_seen(&mut self, hash: u64) -> bool {
        // The top bits choose the place, other bits tell topics apart; zero is an empty place.
        let place = (hash >> 60) as usize % SEEN;
        let mark = u32::try_from(hash >> 16 & 0xffff_ffff).expect("32 bits") | 1;
        core::mem::replace(&mut self.seen[place], mark) == mark
    }
}

fn hash_of(topic: TopicRef<'_>, seed: Seed) -> u64 {
    seed.hash(topic.as_str().as_bytes())
}
