//! Send buffers between two uses.
#![allow(
    clippy::vec_box,
    clippy::unnecessary_box_returns,
    reason = "a use allocates nothing"
)]

use crate::Outbox;
use crate::limits::{OUTBOX_KEPT_BYTES, OUTBOX_SMALL_BYTES};

/// Outboxes that nobody uses, small and large apart, the last used first because it is warm.
///
/// They are boxed where they are used, so they stay boxed here.
pub(crate) struct Pool {
    small: Vec<Box<Outbox>>,
    large: Vec<Box<Outbox>>,
    bytes: usize,
    bytes_max: usize,
}

impl Pool {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self {
            small: Vec::new(),
            large: Vec::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// An empty outbox, one that has room for `bytes` if there is one.
    pub(crate) fn take(&mut self, bytes: usize) -> Box<Outbox> {
        let (first, second) = if bytes > OUTBOX_SMALL_BYTES {
            (&mut self.large, &mut self.small)
        } else {
            (&mut self.small, &mut self.large)
        };
        let Some(outbox) = first.pop().or_else(|| second.pop()) else {
            return Box::new(Outbox::new());
        };
        self.bytes -= cost(&outbox);
        outbox
    }

    /// Takes back an outbox; frees it if it is very large or the pool is full.
    pub(crate) fn give(&mut self, mut outbox: Box<Outbox>) {
        let cost = cost(&outbox);
        if outbox.capacity() > OUTBOX_KEPT_BYTES || self.bytes + cost > self.bytes_max {
            return;
        }
        self.bytes += cost;
        outbox.clear();
        let list = if outbox.capacity() > OUTBOX_SMALL_BYTES {
            &mut self.large
        } else {
            &mut self.small
        };
        list.push(outbox);
    }
}

fn cost(outbox: &Outbox) -> usize {
    size_of::<Outbox>() + outbox.capacity()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_keeps_no_more_than_it_may() {
        let mut pool = Pool::new(3000);
        let mut boxes: Vec<_> = (0..10).map(|_| pool.take(0)).collect();
        for outbox in &mut boxes {
            outbox.push(&[0; 900]);
        }
        for outbox in boxes {
            pool.give(outbox);
        }
        assert!(
            pool.bytes <= 3000 && pool.small.len() == 2,
            "{} bytes",
            pool.bytes
        );
        let outbox = pool.take(0);
        assert!(outbox.is_empty());
        drop((outbox, pool.take(0), pool.take(0)));
        assert_eq!(pool.bytes, 0);
    }

    #[test]
    fn a_large_write_gets_a_large_buffer() {
        let mut pool = Pool::new(1 << 20);
        let (mut large, mut small) = (pool.take(0), pool.take(0));
        large.push(&[0; 10_000]);
        small.push(&[0; 10]);
        pool.give(large);
        pool.give(small);
        assert!(pool.take(8000).capacity() >= 10_000);
        assert!(pool.take(10).capacity() < 10_000);
    }
}
