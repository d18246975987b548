//! Who waits for what to be durable, here and on other shards.

use std::collections::VecDeque;

use wire_message::ShardId;

use super::deferred::DeferredKey;
use crate::key::ConnectionKey;

/// What must be durable before something leaves: for this shard the sequence of a batch, for
/// others the number of an entry in the ring to them. Each shard once; empty: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waits(Vec<(ShardId, u64)>);

impl Waits {
    pub(crate) const NONE: Self = Self(Vec::new());

    /// Waits for one mark; 0 is none.
    pub(crate) fn on(shard: ShardId, mark: u64) -> Self {
        let mut waits = Self::NONE;
        if mark > 0 {
            waits.add(shard, mark);
        }
        waits
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Waits for `mark` of `shard` too.
    pub(crate) fn add(&mut self, shard: ShardId, mark: u64) {
        match self.0.iter_mut().find(|(other, _)| *other == shard) {
            Some((_, known)) => *known = mark.max(*known),
            None => self.0.push((shard, mark)),
        }
    }

    /// Waits for all that `other` waits for too.
    pub(crate) fn join(&mut self, other: &Self) {
        for (shard, mark) in &other.0 {
            self.add(*shard, *mark);
        }
    }

    /// The same, but for `shard`.
    pub(crate) fn without(mut self, shard: ShardId) -> Self {
        self.0.retain(|(other, _)| *other != shard);
        self
    }

    /// The shards that write something.
    pub(crate) fn shards(&self) -> impl Iterator<Item = ShardId> {
        self.0.iter().map(|(shard, _)| *shard)
    }
}

/// Who is told when what it waits for is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiter {
    /// The packets that stand in line with a connection.
    Connection(ConnectionKey),
    /// Operations that follow from others.
    Deferred(DeferredKey),
}

/// How far each shard's writes are durable, and who waits for more.
#[derive(Debug)]
pub(crate) struct Awaiting {
    shards: Vec<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    reached: u64,
    /// By ascending mark.
    queue: VecDeque<(u64, Waiter)>,
}

impl Awaiting {
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            shards: (0..shards).map(|_| Progress::default()).collect(),
        }
    }

    /// The first that is not durable yet.
    pub(crate) fn unmet(&self, waits: &Waits) -> Option<(ShardId, u64)> {
        let unmet = |(shard, mark): &&(ShardId, u64)| self.shards[shard.index()].reached < *mark;
        waits.0.iter().find(unmet).copied()
    }

    /// Has `waiter` told when `shard` has reached `mark`.
    pub(crate) fn register(&mut self, (shard, mark): (ShardId, u64), waiter: Waiter) {
        let queue = &mut self.shards[shard.index()].queue;
        let place = queue.partition_point(|(other, _)| *other <= mark);
        queue.insert(place, (mark, waiter));
    }

    /// Everything of `shard` up to `through` is durable.
    pub(crate) fn reach(&mut self, shard: ShardId, through: u64) {
        let progress = &mut self.shards[shard.index()];
        progress.reached = progress.reached.max(through);
    }

    /// The next one who waited for what `shard` has reached by now.
    pub(crate) fn next_ready(&mut self, shard: ShardId) -> Option<Waiter> {
        let progress = &mut self.shards[shard.index()];
        let ready = progress
            .queue
            .front()
            .is_some_and(|(mark, _)| *mark <= progress.reached);
        ready.then(|| progress.queue.pop_front().map(|(_, waiter)| waiter))?
    }

    /// Whether nobody waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.shards.iter().all(|shard| shard.queue.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: ShardId = ShardId(0);
    const THERE: ShardId = ShardId(1);

    fn waiter(number: u32) -> Waiter {
        let mut keys = shard_table::Slab::<(), crate::key::OfConnection>::new();
        let mut last = keys.insert(());
        for _ in 0..number {
            last = keys.insert(());
        }
        Waiter::Connection(last)
    }

    #[test]
    fn what_waits_for_two_shards_waits_for_both() {
        let mut awaiting = Awaiting::new(2);
        let mut waits = Waits::on(HERE, 3);
        waits.add(THERE, 7);
        waits.add(THERE, 5);
        assert_eq!(awaiting.unmet(&waits), Some((HERE, 3)));
        awaiting.reach(HERE, 3);
        assert_eq!(awaiting.unmet(&waits), Some((THERE, 7)));
        awaiting.reach(THERE, 6);
        assert_eq!(awaiting.unmet(&waits), Some((THERE, 7)));
        awaiting.reach(THERE, 9);
        assert_eq!(awaiting.unmet(&waits), None);
        assert_eq!(awaiting.unmet(&Waits::NONE), None);
    }

    #[test]
    fn waiters_are_told_in_the_order_of_their_marks_and_once() {
        let mut awaiting = Awaiting::new(2);
        for (mark, number) in [(5, 0), (9, 1), (5, 2), (7, 3)] {
            awaiting.register((THERE, mark), waiter(number));
        }
        assert_eq!(awaiting.next_ready(THERE), None);
        awaiting.reach(THERE, 7);
        awaiting.reach(THERE, 6);
        let mut told = Vec::new();
        while let Some(waiter) = awaiting.next_ready(THERE) {
            told.push(waiter);
        }
        assert_eq!(told, [waiter(0), waiter(2), waiter(3)]);
        assert!(!awaiting.is_empty());
        awaiting.reach(THERE, 9);
        assert_eq!(awaiting.next_ready(THERE), Some(waiter(1)));
        assert!(awaiting.is_empty());
    }
}
