//! A place behind a `+`.

use super::runs::{Hasher, Kind, Run};

/// The number of the node where every filter begins; node `n` has place `n - 1` in the pool.
pub(super) const ROOT: u32 = 0;

/// What leads away from a place: which runs to ask the table for.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// Filters that lead through here or end in a slot below.
    pub(super) filters: u32,
    pub(super) edges: Vec<Edge>,
}

/// Runs of one length with the same end, below one node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) levels: u32,
    pub(super) kind: Kind,
    /// Filters that go this way.
    filters: u32,
    /// [`Hasher::salt`] of these runs.
    salt: u64,
    /// [`Hasher::power`] of the levels.
    power: u64,
}

impl Edge {
    /// The key of the run of a topic behind its first `start` levels, from the hashes of the topic's
    /// prefixes.
    #[inline]
    pub(super) fn key(&self, hasher: &Hasher, prefixes: &[u64], start: usize) -> u32 {
        let before = prefixes[start].wrapping_mul(self.power);
        let hash = prefixes[start + self.levels as usize].wrapping_sub(before);
        hasher.salted(hash, self.salt)
    }
}

impl Node {
    /// A filter goes this way from here, which is the node `number`.
    pub(super) fn add(&mut self, number: u32, run: &Run, hasher: &Hasher) {
        self.filters += 1;
        let same = |edge: &&mut Edge| edge.levels == run.levels && edge.kind == run.kind;
        if let Some(edge) = self.edges.iter_mut().find(same) {
            edge.filters += 1;
        } else {
            self.edges.push(Edge {
                levels: run.levels,
                kind: run.kind,
                filters: 1,
                salt: hasher.salt(number, run.levels, run.kind),
                power: hasher.power(run.levels),
            });
        }
    }

    /// A filter that went this way is gone.
    pub(super) fn remove(&mut self, run: &Run) {
        self.filters -= 1;
        let same = |edge: &Edge| edge.levels == run.levels && edge.kind == run.kind;
        let place = self
            .edges
            .iter()
            .position(same)
            .expect("the filter's edge was counted");
        self.edges[place].filters -= 1;
        if self.edges[place].filters == 0 {
            self.edges.swap_remove(place);
        }
        if self.edges.is_empty() {
            self.edges = Vec::new();
        }
    }
}
