//! Filters come, go, and are found by their text.

use wire_message::FilterRef;

use super::node::{Node, ROOT};
use super::runs::{Kind, Run};
use super::target::Target;
use super::text::Text;
use super::{Entry, FilterId, Filters, LEAVES, NODE_DEPTH_MAX};

/// Where a filter's slot is: the last place on its way.
#[derive(Clone, Copy, Debug)]
struct Home {
    node: u32,
    /// Runs of the filter before the last one on its way.
    depth: usize,
    run: Run,
    key: u32,
}

impl<V> Filters<V> {
    /// The filter's number.
    pub(crate) fn find(&self, filter: FilterRef<'_>) -> Option<FilterId> {
        let text = filter.as_str();
        if !filter.is_wildcard() {
            return self.find_at(self.exact_key(text), text);
        }
        let mut node = ROOT;
        for run in self.hasher.runs(text) {
            let key = self.hasher.key(node, &run);
            if let Some(id) = self.find_at(key, text) {
                return Some(id);
            }
            node = self.node_at(key).filter(|_| run.kind == Kind::Plus)?;
        }
        None
    }

    /// Adds a filter that is not there.
    pub(crate) fn insert(&mut self, filter: FilterRef<'_>, value: V) -> FilterId {
        let text = filter.as_str();
        debug_assert!(self.find(filter).is_none(), "a filter is inserted once");
        let id = self.entries.insert(Entry {
            text: Text::new(text),
            value,
        });
        if filter.is_wildcard() {
            self.insert_wildcard(text, id);
        } else {
            self.table
                .insert(self.exact_key(text), Target::Filter(id).pack());
        }
        FilterId(id)
    }

    /// Takes a filter out.
    pub(crate) fn remove(&mut self, id: FilterId) -> V {
        let entry = self.entries.get(id.0);
        let text = entry.text.as_str();
        if !text.bytes().any(|byte| byte == b'+' || byte == b'#') {
            let key = self.exact_key(text);
            self.table.remove(key, Target::Filter(id.0).pack());
            return self.entries.remove(id.0).value;
        }
        let mut way = Vec::new();
        let home = self.home(id.0, |node, run, key| way.push((node, run, key)));
        self.table.remove(home.key, Target::Filter(id.0).pack());
        // From the end to the root, so that a node that runs empty is unlinked from its parent.
        let mut below = None;
        for (node, run, key) in way.into_iter().rev() {
            if let Some(empty) = below.take() {
                self.table.remove(key, Target::Node(empty).pack());
                self.nodes.remove(empty - 1);
            }
            let place = self.node_mut(node);
            place.remove(&run);
            below = (place.filters == 0 && node != ROOT).then_some(node);
        }
        self.entries.remove(id.0).value
    }

    fn insert_wildcard(&mut self, text: &str, id: u32) {
        let runs: Vec<Run> = self.hasher.runs(text).collect();
        let mut node = ROOT;
        for (depth, run) in runs.into_iter().enumerate() {
            self.count(node, &run);
            let key = self.hasher.key(node, &run);
            if run.kind == Kind::Plus {
                if let Some(next) = self.node_at(key) {
                    node = next;
                    continue;
                }
                if depth < NODE_DEPTH_MAX && self.filters_at(key).len() >= LEAVES {
                    node = self.burst(node, depth, key);
                    continue;
                }
            }
            self.table.insert(key, Target::Filter(id).pack());
            return;
        }
        unreachable!("the last run of a filter is followed by no `+`");
    }

    /// A filter goes from `node` over `run`.
    fn count(&mut self, node: u32, run: &Run) {
        let place = match node {
            ROOT => &mut self.root,
            _ => self.nodes.get_mut(node - 1),
        };
        place.add(node, run, &self.hasher);
    }

    /// Puts a node in the place of the filters that stand behind a `+` of `node`.
    fn burst(&mut self, node: u32, depth: usize, key: u32) -> u32 {
        // A collision may have brought filters here that belong elsewhere: they stay.
        let mut leaves = self.filters_at(key);
        leaves.retain(|id| self.is_leaf(*id, node, depth));
        let next = self.nodes.insert(Node::default()) + 1;
        for id in leaves {
            self.table.remove(key, Target::Filter(id).pack());
            let run = self
                .hasher
                .runs(self.entries.get(id).text.as_str())
                .nth(depth + 1);
            let run = run.expect("a run that ends with `+` is followed by another");
            self.count(next, &run);
            self.table
                .insert(self.hasher.key(next, &run), Target::Filter(id).pack());
        }
        self.table.insert(key, Target::Node(next).pack());
        next
    }

    /// Whether the filter stands behind a `+` of `node` that is its `depth`th wildcard.
    fn is_leaf(&self, id: u32, node: u32, depth: usize) -> bool {
        let text = self.entries.get(id).text.as_bytes();
        if !text.iter().any(|byte| matches!(byte, b'+' | b'#')) {
            return false;
        }
        let home = self.home(id, |_, _, _| ());
        home.node == node && home.depth == depth && home.run.kind == Kind::Plus
    }

    /// Goes the way of a filter with wildcards from the root to its slot.
    fn home(&self, id: u32, mut pass: impl FnMut(u32, Run, u32)) -> Home {
        let mut node = ROOT;
        for (depth, run) in self
            .hasher
            .runs(self.entries.get(id).text.as_str())
            .enumerate()
        {
            let key = self.hasher.key(node, &run);
            pass(node, run, key);
            let here = |value| (Target::unpack(value) == Target::Filter(id)).then_some(());
            if self.table.find(key, here).is_some() {
                return Home {
                    node,
                    depth,
                    run,
                    key,
                };
            }
            node = self
                .node_at(key)
                .expect("the way of a filter leads to its slot");
        }
        unreachable!("the way of a filter ends at its slot");
    }

    fn find_at(&self, key: u32, text: &str) -> Option<FilterId> {
        self.table.find(key, |value| match Target::unpack(value) {
            Target::Filter(id) => {
                (self.entries.get(id).text.as_bytes() == text.as_bytes()).then_some(FilterId(id))
            }
            Target::Node(_) => None,
        })
    }

    fn node_at(&self, key: u32) -> Option<u32> {
        self.table.find(key, |value| match Target::unpack(value) {
            Target::Filter(_) => None,
            Target::Node(id) => Some(id),
        })
    }

    fn filters_at(&self, key: u32) -> Vec<u32> {
        let mut filters = Vec::new();
        self.table.each(key, |value| match Target::unpack(value) {
            Target::Filter(id) => filters.push(id),
            Target::Node(_) => {}
        });
        filters
    }

    fn exact_key(&self, text: &str) -> u32 {
        self.hasher.exact_key(self.hasher.text(text))
    }
}
