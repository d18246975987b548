//! Filters with a value each, from a topic to all filters that match it.
//!
//! A filter is cut at its wildcards into runs of literal levels. One hash table leads from (node,
//! what follows the run, run) on: a filter without wildcards is found by the hash of its whole text;
//! one that ends in `#`, or behind the run, is found there too; behind a `+` stands either a node,
//! or up to [`LEAVES`] filters that are not taken apart further. So a filter costs its entry (a
//! cache line, if its text is short) and a slot, and seldom a share of a node:
//!
//! ```text
//! root --[site] +--> node --[dev/7] end--> site/+/dev/7        site/9/dev/7   (a whole text)
//!      |                  `-[] #---------> site/+/#
//!      `-[tank/1] +--> tank/1/+/level, tank/1/+/alarm          (filters below LEAVES)
//! ```
//!
//! A look-up goes from the root through every node that the topic reaches, asking only for the
//! lengths of runs that exist there, and then compares the texts of all filters found. Keys are 32
//! bits of hash: runs that collide share nodes or slots, which costs comparisons.

mod change;
mod lookup;
mod node;
mod runs;
mod target;
mod text;

use wire_message::Seed;

use self::node::Node;
use self::runs::Hasher;
use self::text::Text;
use crate::pool::Pool;
use crate::table::Table;

/// Filters behind the same `+` that are kept together before a node takes their place.
const LEAVES: usize = 4;

/// Wildcards before a node, at the most. Full: filters behind the next `+` stay together in a list.
///
/// Taking filters apart costs time in proportion to their wildcards at each of them; more than this
/// many occur only where no limit on levels is set.
const NODE_DEPTH_MAX: usize = 128;

/// The number of a filter in its index, valid until the filter is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterId(pub(crate) u32);

/// Filters and their values.
#[derive(Debug)]
pub(crate) struct Filters<V> {
    hasher: Hasher,
    table: Table,
    root: Node,
    nodes: Pool<Node>,
    entries: Pool<Entry<V>>,
}

/// A filter and its value: with a value of 16 bytes, one cache line.
#[derive(Debug)]
#[repr(align(64))]
struct Entry<V> {
    text: Text,
    value: V,
}

impl<V> Filters<V> {
    pub(crate) fn new(seed: Seed) -> Self {
        Self {
            hasher: Hasher::new(seed),
            table: Table::new(),
            root: Node::default(),
            nodes: Pool::new(),
            entries: Pool::new(),
        }
    }

    /// Number of filters.
    pub(crate) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// The filter's text.
    pub(crate) fn text(&self, id: FilterId) -> &str {
        self.entries.get(id.0).text.as_str()
    }

    pub(crate) fn get(&self, id: FilterId) -> &V {
        &self.entries.get(id.0).value
    }

    pub(crate) fn get_mut(&mut self, id: FilterId) -> &mut V {
        &mut self.entries.get_mut(id.0).value
    }

    fn node_mut(&mut self, id: u32) -> &mut Node {
        if id == node::ROOT {
            &mut self.root
        } else {
            self.nodes.get_mut(id - 1)
        }
    }
}

#[cfg(test)]
mod tests;
