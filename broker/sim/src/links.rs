//! The transports between clients and shards.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::ops::{Index, IndexMut};
use core::time::Duration;

use store_memory::Rng;
use wire_message::Instant;

use crate::pipe::Pipe;

/// The number of a transport; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LinkId(pub(crate) usize);

/// A transport: a pipe each way, and what the broker's side did with it.
#[derive(Debug)]
pub(crate) struct Link {
    /// From the client.
    pub(crate) up: Pipe,
    /// To the client.
    pub(crate) down: Pipe,
    /// Bytes from the client that an engine is done with.
    pub(crate) consumed: u64,
    /// When an engine was done with it: told that it is closed, or wants it closed.
    pub(crate) detached_at: Option<Instant>,
    /// When the broker's side closed it.
    pub(crate) closed_by_broker: Option<Instant>,
    /// Whether it broke, so that bytes were lost.
    pub(crate) is_broken: bool,
    /// The client's address.
    pub(crate) peer: SocketAddr,
}

impl Link {
    /// Everything on the way is lost, and both sides see the end.
    pub(crate) fn break_off(&mut self, now: Instant) {
        self.is_broken = true;
        self.up.break_off(now);
        self.down.break_off(now);
    }
}

/// All transports there ever were.
#[derive(Debug, Default)]
pub(crate) struct Links(Vec<Link>);

impl Links {
    /// Opens a transport.
    pub(crate) fn open(&mut self, capacity: usize, longest_delay: Duration) -> LinkId {
        let id = LinkId(self.0.len());
        let port = u16::try_from(id.0 % 60_000).expect("below 60,000") + 1024;
        self.0.push(Link {
            up: Pipe::new(capacity, longest_delay),
            down: Pipe::new(capacity, longest_delay),
            consumed: 0,
            detached_at: None,
            closed_by_broker: None,
            is_broken: false,
            peer: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port),
        });
        id
    }

    /// The client closes its side for good: what it wrote arrives, what comes is lost.
    pub(crate) fn close_by_client(&mut self, id: LinkId, now: Instant, rng: &mut Rng) {
        let link = &mut self[id];
        link.up.end(now, rng);
        link.down.leave();
    }

    /// The process at the other end of all links ends: what clients wrote is lost, and of what it
    /// wrote some arrives.
    pub(crate) fn end_of_process(&mut self, now: Instant, rng: &mut Rng) {
        for link in &mut self.0 {
            if link.closed_by_broker.is_some() {
                continue;
            }
            link.is_broken = true;
            link.closed_by_broker = Some(now);
            link.detached_at.get_or_insert(now);
            link.up.break_off(now);
            if rng.chance(500) {
                link.down.end(now, rng);
            } else {
                link.down.break_off(now);
            }
        }
    }

    /// The broker closes its side for good: what it wrote arrives, what comes is lost.
    pub(crate) fn close_by_broker(&mut self, id: LinkId, now: Instant, rng: &mut Rng) {
        let link = &mut self[id];
        link.closed_by_broker.get_or_insert(now);
        link.down.end(now, rng);
        link.up.leave();
    }
}

impl Index<LinkId> for Links {
    type Output = Link;

    fn index(&self, id: LinkId) -> &Link {
        &self.0[id.0]
    }
}

impl IndexMut<LinkId> for Links {
    fn index_mut(&mut self, id: LinkId) -> &mut Link {
        &mut self.0[id.0]
    }
}
