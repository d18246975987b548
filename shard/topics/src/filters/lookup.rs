//! From a topic to the filters that match it.

use super::node::Node;
use super::runs::{Kind, Prefixes};
use super::target::Target;
use super::{FilterId, Filters};
use crate::TopicKey;

/// A place that the look-up has still to go on from: a node and the topic's levels before it.
type Place = (u32, u32);

/// Places that wait, without an allocation as long as they are few.
struct Places {
    first: [Place; 8],
    count: usize,
    more: Vec<Place>,
}

impl Places {
    const fn new() -> Self {
        Self {
            first: [(0, 0); 8],
            count: 0,
            more: Vec::new(),
        }
    }

    #[inline]
    fn push(&mut self, place: Place) {
        match self.first.get_mut(self.count) {
            Some(free) => {
                *free = place;
                self.count += 1;
            }
            None => self.more.push(place),
        }
    }

    #[inline]
    fn pop(&mut self) -> Option<Place> {
        self.more.pop().or_else(|| {
            self.count = self.count.checked_sub(1)?;
            Some(self.first[self.count])
        })
    }
}

impl<V> Filters<V> {
    /// Appends the filters that match the topic, in no order, each once.
    pub(crate) fn lookup(&self, key: TopicKey<'_>, matches: &mut Vec<FilterId>) {
        if self.len() > self.root.filters as usize {
            self.exact(key, matches);
        }
        if !self.root.edges.is_empty() {
            let start = matches.len();
            self.walk(key, matches);
            self.verify(key, matches, start);
        }
    }

    /// Appends the filter that is the topic itself.
    #[inline]
    fn exact(&self, key: TopicKey<'_>, matches: &mut Vec<FilterId>) {
        let topic = key.topic().as_str().as_bytes();
        self.table.each(self.hasher.exact_key(key.hash()), |value| {
            if let Target::Filter(id) = Target::unpack(value)
                && self.entries.get(id).text.as_bytes() == topic
            {
                matches.push(FilterId(id));
            }
        });
    }

    /// Appends the filters at `hash`; returns the node there.
    #[inline]
    fn candidates(&self, hash: u32, matches: &mut Vec<FilterId>) -> Option<u32> {
        let mut node = None;
        self.table.each(hash, |value| match Target::unpack(value) {
            Target::Filter(id) => matches.push(FilterId(id)),
            Target::Node(id) => node = Some(id),
        });
        node
    }

    /// Appends the filters with wildcards that may match the topic.
    fn walk(&self, key: TopicKey<'_>, matches: &mut Vec<FilterId>) {
        let mut prefixes = Prefixes::new();
        prefixes.fill(&self.hasher, key.topic().as_str().as_bytes());
        let prefixes = prefixes.as_slice();
        let mut places = Places::new();
        // [v5 4.7.2-1]: a first level that starts with `$` is matched by no wildcard.
        let first = usize::from(key.topic().is_dollar());
        self.step(&self.root, 0, prefixes, first, &mut places, matches);
        while let Some((node, start)) = places.pop() {
            self.step(
                self.nodes.get(node - 1),
                start,
                prefixes,
                0,
                &mut places,
                matches,
            );
        }
    }

    /// Asks for every run behind `node` that begins at the level `start` of the topic and has
    /// `shortest` levels or more.
    #[inline]
    fn step(
        &self,
        node: &Node,
        start: u32,
        prefixes: &[u64],
        shortest: usize,
        places: &mut Places,
        matches: &mut Vec<FilterId>,
    ) {
        let left = prefixes.len() - 1 - start as usize;
        for edge in &node.edges {
            let levels = edge.levels as usize;
            let fits = match edge.kind {
                Kind::End | Kind::Exact => levels == left,
                Kind::Hash => levels <= left,
                Kind::Plus => levels < left,
            };
            if !fits || levels < shortest {
                continue;
            }
            let key = edge.key(&self.hasher, prefixes, start as usize);
            let next = self.candidates(key, matches);
            if let (Some(next), Kind::Plus) = (next, edge.kind) {
                places.push((next, start + edge.levels + 1));
            }
        }
    }

    /// Keeps those of the candidates from `start` on whose text matches.
    #[inline]
    fn verify(&self, key: TopicKey<'_>, matches: &mut Vec<FilterId>, start: usize) {
        let topic = key.topic().as_str().as_bytes();
        let mut kept = start;
        for index in start..matches.len() {
            let id = matches[index];
            if self.entries.get(id.0).text.matches(topic) {
                matches[kept] = id;
                kept += 1;
            }
        }
        matches.truncate(kept);
    }
}
