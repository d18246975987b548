//! The rings to the other shards as the engine sees them: room, requests under way, who waits.

use std::collections::VecDeque;

use wire_message::{Instant, PublisherId, ShardId, ShardSet};
use wire_mqtt::Version;

use crate::entry::{Entry, Packets};
use crate::key::ConnectionKey;
use crate::limits::{PACKETS_BYTES_MAX, REQUESTS_PER_PEER_MAX, RING_RESERVE};
use crate::output::{Output, Outputs};

/// The ring of entries to one shard.
#[derive(Debug, Default)]
struct Link {
    /// Free slots, less what was pushed since the driver last said.
    room: usize,
    /// Requests without an answer yet.
    outstanding: usize,
    /// What packets in progress want to push and can't yet, in order.
    outbox: VecDeque<Entry>,
    /// Connections that hold a packet until there is room.
    waiting: Vec<ConnectionKey>,
    /// Usual publishes that go together, and have their slot; empty between calls.
    packets: Vec<u8>,
    /// Entries pushed so far, without adoptions: the number of the last one.
    pushed: u64,
}

/// Who publishes, and when: the same for all packets of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sender {
    pub(crate) publisher: PublisherId,
    pub(crate) version: Version,
    pub(crate) now: Instant,
}

/// The rings of entries to all shards, one's own included and unused.
#[derive(Debug)]
pub(crate) struct Links {
    links: Vec<Link>,
    /// Whose packets are being collected.
    sender: Option<Sender>,
}

impl Links {
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            links: (0..shards).map(|_| Link::default()).collect(),
            sender: None,
        }
    }

    /// Whether a publish may be pushed now.
    pub(crate) fn has_room(&self, to: ShardId) -> bool {
        let link = &self.links[to.index()];
        link.outbox.is_empty() && link.room > RING_RESERVE
    }

    /// Whether a publish may be pushed now to every one of `shards`, of which there is one, apart
    /// from `here`.
    pub(crate) fn have_room(&self, shards: &ShardSet, here: ShardId) -> bool {
        !shards.is_empty() && shards.iter().all(|to| to == here || self.has_room(to))
    }

    /// Whether a handover may be pushed now: into what publishes leave, so that they can't keep
    /// clients from connecting; requests have the other half.
    pub(crate) fn has_room_for_handover(&self, to: ShardId) -> bool {
        let link = &self.links[to.index()];
        link.outbox.is_empty() && link.room > RING_RESERVE / 2
    }

    /// Takes the slot that [`Self::has_room`] or [`Self::has_room_for_handover`] promised.
    pub(crate) fn take_slot(&mut self, to: ShardId) {
        let link = &mut self.links[to.index()];
        assert!(link.room > 0, "only after `has_room`");
        link.room -= 1;
    }

    /// Puts a usual publish with others that go to the same shards, to each of which
    /// [`Self::has_room`] has promised a slot; their number. [`Self::send_packets`] must follow before
    /// anything else is pushed.
    #[inline]
    pub(crate) fn collect(
        &mut self,
        shards: impl Iterator<Item = ShardId>,
        sender: Sender,
        packet: &[u8],
        out: &mut Outputs,
    ) -> u64 {
        self.sender = Some(sender);
        let mut count = 0;
        for to in shards {
            count += 1;
            let link = &mut self.links[to.index()];
            let bytes = link.packets.len() + packet.len();
            if bytes > PACKETS_BYTES_MAX && !link.packets.is_empty() {
                link.send_packets(to, sender, out);
            }
            if link.packets.is_empty() {
                self.take_slot(to);
            }
            self.links[to.index()].packets.extend_from_slice(packet);
        }
        count
    }

    /// Pushes the usual publishes that were collected.
    #[inline]
    pub(crate) fn send_packets(&mut self, out: &mut Outputs) {
        if let Some(sender) = self.sender.take() {
            self.send_all(sender, out);
        }
    }

    fn send_all(&mut self, sender: Sender, out: &mut Outputs) {
        for (shard, link) in (0..).map(ShardId).zip(&mut self.links) {
            if !link.packets.is_empty() {
                link.send_packets(shard, sender, out);
            }
        }
    }

    /// Pushes what can't be refused; it waits in the outbox while there is no room.
    ///
    /// The outbox is bounded by what the packets in progress ask for: a connection has one packet
    /// in progress, and a packet has a bounded size.
    pub(crate) fn push(&mut self, to: ShardId, entry: Entry, out: &mut Outputs) {
        let link = &mut self.links[to.index()];
        link.outbox.push_back(entry);
        link.drain(to, out);
    }

    /// Pushes what [`Self::has_room`] has promised a slot for; its number.
    pub(crate) fn push_now(&mut self, to: ShardId, entry: Entry, out: &mut Outputs) -> u64 {
        self.take_slot(to);
        let link = &mut self.links[to.index()];
        link.pushed += 1;
        out.actions.push(Output::Push { to, entry });
        link.pushed
    }

    /// Leaves a note that `connection` waits for room.
    pub(crate) fn wait(&mut self, to: ShardId, connection: ConnectionKey) {
        self.links[to.index()].waiting.push(connection);
    }

    /// The driver's word on free slots.
    pub(crate) fn set_room(&mut self, to: ShardId, slots: usize, out: &mut Outputs) {
        let link = &mut self.links[to.index()];
        link.room = slots;
        link.drain(to, out);
    }

    /// An answer came: another request may go.
    pub(crate) fn answered(&mut self, from: ShardId, out: &mut Outputs) {
        let link = &mut self.links[from.index()];
        assert!(
            link.outstanding > 0,
            "a shard answers only what it was asked"
        );
        link.outstanding -= 1;
        link.drain(from, out);
    }

    /// Those who waited for room, if there is some now; each is told once.
    pub(crate) fn take_waiting(&mut self, to: ShardId) -> Vec<ConnectionKey> {
        if self.has_room(to) {
            core::mem::take(&mut self.links[to.index()].waiting)
        } else {
            Vec::new()
        }
    }

    /// Whether everything that packets in progress asked for is on its way and answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.links
            .iter()
            .all(|link| link.outbox.is_empty() && link.outstanding == 0)
    }
}

impl Link {
    fn send_packets(&mut self, to: ShardId, sender: Sender, out: &mut Outputs) {
        let packets = Box::new(Packets {
            publisher: sender.publisher,
            received_at: sender.now,
            version: sender.version,
            bytes: self.packets.as_slice().into(),
        });
        self.packets.clear();
        self.pushed += 1;
        let entry = Entry::Packets(packets);
        out.actions.push(Output::Push { to, entry });
    }

    fn drain(&mut self, to: ShardId, out: &mut Outputs) {
        while self.room > 0 {
            let Some(entry) = self.outbox.front() else {
                return;
            };
            let asks = is_request(entry);
            if asks && self.outstanding == REQUESTS_PER_PEER_MAX {
                return;
            }
            self.outstanding += usize::from(asks);
            self.room -= 1;
            self.pushed += 1;
            let entry = self.outbox.pop_front().expect("the front was looked at");
            out.actions.push(Output::Push { to, entry });
        }
    }
}

/// Whether an entry is answered.
const fn is_request(entry: &Entry) -> bool {
    match entry {
        Entry::ExclusiveClaim(..)
        | Entry::InterestAdd(..)
        | Entry::RetainedQuery(..)
        | Entry::RetainedStore(..)
        | Entry::RouteQuery(..) => true,
        Entry::Adopt(_)
        | Entry::ExclusiveRelease(..)
        | Entry::InterestRemove(_)
        | Entry::Packets(_)
        | Entry::Presence(_)
        | Entry::Publish(_) => false,
    }
}
