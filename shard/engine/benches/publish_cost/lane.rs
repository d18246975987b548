//! Publishers, subscribers, and the engines between them.

use std::sync::Arc;

use shard_engine::{
    ConnectionKey, Engine, EventSettings, Input, ListenerId, Next, Output, Outputs, Place, Settings,
};
use shard_topics::Epochs;
use wire_message::{ClientId, Instant, Qos, Seed, ShardId, TopicRef};
use wire_mqtt::{
    Connect, Disconnect, FilterRequest, FilterRequests, Packet, PacketId, PacketType, Publish,
    ReasonCode, Subscribe, SubscribeProperties, Version,
};

const SEED: Seed = Seed(1);
const NOW: Instant = Instant::from_secs(1);
const TOPIC: &str = "site/plant7/line3/t";
const WILDCARD: &str = "site/plant7/+/#";

// Packets that a client answers or is glad of, by the upper half of their first byte.
const CONNACK: u8 = 2;
const PUBLISH: u8 = 3;
const PUBREC: u8 = 5;
const PUBREL: u8 = 6;

/// Who publishes to whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) version: Version,
    pub(crate) qos: Qos,
    /// With two, publishers are on the first and subscribers on the second.
    pub(crate) shards: usize,
    /// Each has a topic of its own; more than one, and the subscription is a wildcard.
    pub(crate) publishers: usize,
    pub(crate) subscribers: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            version: Version::V5,
            qos: Qos::AtMostOnce,
            shards: 1,
            publishers: 1,
            subscribers: 1,
        }
    }
}

/// A client: its shard and its connection there.
type Client = (usize, ConnectionKey);

/// The way from publishers to subscribers.
pub(crate) struct Lane {
    version: Version,
    engines: Vec<Engine>,
    out: Outputs,
    /// With the bytes that each publishes.
    publishers: Vec<(Client, Vec<u8>)>,
    /// Whose turn it was.
    next: usize,
    published: u64,
    /// Of a client that comes and goes: its first and its last packet.
    visit: [Vec<u8>; 2],
    delivered: u64,
    greeted: u64,
}

impl Lane {
    /// A publisher and a subscriber of QoS 0: on one shard, or on two different ones.
    #[allow(dead_code, reason = "the benchmark has more options than the test")]
    pub(crate) fn new(version: Version, shards: usize) -> Self {
        Self::of(Shape {
            version,
            shards,
            ..Shape::default()
        })
    }

    /// All clients connected and subscribed.
    pub(crate) fn of(shape: Shape) -> Self {
        let Shape { version, qos, .. } = shape;
        let mut lane = Self {
            version,
            engines: engines(shape.shards),
            out: Outputs::default(),
            publishers: Vec::new(),
            next: 0,
            published: 0,
            visit: [Vec::new(), Vec::new()],
            delivered: 0,
            greeted: 0,
        };
        lane.room();
        let filter = match shape.publishers {
            1 => format!("{TOPIC}1"),
            _ => WILDCARD.to_owned(),
        };
        for number in 0..shape.subscribers {
            let name = lane.name_on(shape.shards - 1, &format!("s{number}-"));
            let subscriber = lane.connect(shape.shards - 1, &name);
            lane.subscribe(subscriber, &filter, qos);
        }
        for number in 1..=shape.publishers {
            let name = lane.name_on(0, &format!("p{number}-"));
            let publisher = lane.connect(0, &name);
            let topic = format!("{TOPIC}{number}");
            let mut publish = Publish::new(TopicRef::new(&topic).expect("valid"), &[b'x'; 256]);
            publish.qos = qos;
            publish.packet_id = PacketId::new(1).filter(|_| qos != Qos::AtMostOnce);
            lane.publishers
                .push((publisher, lane.encoded(&Packet::Publish(publish))));
        }
        let visitor = lane.name_on(0, "v");
        lane.visit = [
            lane.encoded(&Packet::Connect(Connect::new(version, &visitor))),
            lane.encoded(&Packet::Disconnect(Disconnect::new(ReasonCode::Success))),
        ];
        lane
    }

    /// Publishes `messages` times.
    #[allow(dead_code, reason = "the test has another loop than the benchmark")]
    pub(crate) fn run(&mut self, messages: usize) {
        (0..messages).for_each(|_| self.publish());
    }

    /// Publishes once; all is delivered and acknowledged in the end.
    pub(crate) fn publish(&mut self) {
        if self.published.is_multiple_of(256) {
            self.room();
        }
        self.published += 1;
        self.next = (self.next + 1) % self.publishers.len();
        let ((shard, key), bytes) = &self.publishers[self.next];
        self.out.bytes.clear();
        let received = self.engines[*shard].received(*key, bytes, NOW, &mut self.out);
        assert!(received.consumed == bytes.len(), "a publish is taken whole");
        let shard = *shard;
        self.perform(shard);
    }

    /// A client connects, is greeted, and disconnects.
    #[allow(dead_code, reason = "the benchmark has more options than the test")]
    pub(crate) fn come_and_go(&mut self) {
        let key = self.accept(0);
        let visit = std::mem::take(&mut self.visit);
        for bytes in &visit {
            self.feed((0, key), bytes);
        }
        self.visit = visit;
    }

    /// Deliveries so far.
    pub(crate) const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Clients greeted so far.
    #[allow(dead_code, reason = "the benchmark has more options than the test")]
    pub(crate) const fn greeted(&self) -> u64 {
        self.greeted
    }

    fn room(&mut self) {
        for from in 0..self.engines.len() {
            for to in (0..self.engines.len()).filter(|to| *to != from) {
                let to = ShardId(u8::try_from(to).expect("few shards"));
                let input = Input::Room { to, slots: 4096 };
                self.engines[from].handle_input(input, NOW, &mut self.out);
            }
        }
    }

    /// A client id that belongs to the shard.
    fn name_on(&self, shard: usize, prefix: &str) -> String {
        let home = |name: &str| ClientId::home(name, self.engines.len(), SEED).index();
        let mut names = (0..1_000).map(|number| format!("{prefix}{number}"));
        names
            .find(|name| home(name) == shard)
            .expect("a name for it")
    }

    fn accept(&mut self, shard: usize) -> ConnectionKey {
        let peer = "127.0.0.1:5000".parse().expect("valid");
        self.engines[shard]
            .accepted(ListenerId(0), peer, NOW)
            .expect("accepted")
    }

    fn connect(&mut self, shard: usize, name: &str) -> Client {
        let client = (shard, self.accept(shard));
        let connect = self.encoded(&Packet::Connect(Connect::new(self.version, name)));
        self.feed(client, &connect);
        client
    }

    fn subscribe(&mut self, client: Client, filter: &str, qos: Qos) {
        let requests = [FilterRequest::new(filter, qos)];
        let subscribe = self.encoded(&Packet::Subscribe(Subscribe {
            packet_id: PacketId::new(1).expect("not zero"),
            properties: SubscribeProperties::default(),
            requests: FilterRequests::new(&requests),
        }));
        self.feed(client, &subscribe);
    }

    fn encoded(&self, packet: &Packet<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        packet.encode(self.version, &mut bytes).expect("valid");
        bytes
    }

    /// Gives a client's packet to its engine, as often as it takes.
    fn feed(&mut self, client: Client, bytes: &[u8]) {
        let (shard, key) = client;
        let mut rest = bytes;
        loop {
            self.out.bytes.clear();
            let received = self.engines[shard].received(key, rest, NOW, &mut self.out);
            self.perform(shard);
            rest = &rest[received.consumed..];
            if rest.is_empty() || received.next == Next::Gone {
                return;
            }
        }
    }

    /// Gives a client's packet to its engine, which takes it at once.
    fn receive(&mut self, client: Client, bytes: &[u8]) {
        let (shard, key) = client;
        let received = self.engines[shard].received(key, bytes, NOW, &mut self.out);
        assert!(received.consumed == bytes.len(), "a packet is taken whole");
        self.perform(shard);
    }

    /// Does what the driver would: bytes are sent at once, entries arrive at once.
    fn perform(&mut self, shard: usize) {
        // One action at a time, without a list of what is left: the counted part is the engine's.
        while let Some(action) = self.out.actions.pop() {
            self.perform_one(shard, action);
        }
    }

    fn perform_one(&mut self, shard: usize, action: Output) {
        let from = ShardId(u8::try_from(shard).expect("few shards"));
        match action {
            Output::Send {
                connection,
                range,
                packet_id,
            } => {
                let bytes = range.end - range.start;
                let input = Input::Sent { connection, bytes };
                self.engines[shard].handle_input(input, NOW, &mut self.out);
                let packet_id = packet_id.map(|(_, id)| id);
                if let Some(answer) = self.answer(range.start as usize, packet_id) {
                    self.receive((shard, connection), &answer);
                }
            }
            Output::Push { to, entry } => {
                let input = Input::Entry { from, entry };
                self.engines[to.index()].handle_input(input, NOW, &mut self.out);
                self.perform(to.index());
            }
            Output::Answer { to, answer } => {
                let input = Input::Answer { from, answer };
                self.engines[to.index()].handle_input(input, NOW, &mut self.out);
                self.perform(to.index());
            }
            Output::Resume { .. }
            | Output::Close { .. }
            | Output::Control(_)
            | Output::HandOver { .. }
            | Output::SendPayload { .. } => {}
        }
    }

    /// What a client says to the packet at `start` of the bytes that the engine sends.
    fn answer(&mut self, start: usize, packet_id: Option<PacketId>) -> Option<[u8; 4]> {
        let packet = &self.out.bytes[start..];
        let (answer, id) = match packet[0] >> 4 {
            CONNACK => {
                self.greeted += 1;
                return None;
            }
            PUBLISH => {
                self.delivered += 1;
                // The length takes two bytes, for 256 bytes of payload.
                let id = 5 + usize::from(packet[4]);
                match packet[0] >> 1 & 3 {
                    0 => return None,
                    1 => (PacketType::Puback, id),
                    _ => (PacketType::Pubrec, id),
                }
            }
            PUBREC => (PacketType::Pubrel, 2),
            PUBREL => (PacketType::Pubcomp, 2),
            _ => return None,
        };
        let written = || u16::from_be_bytes([packet[id], packet[id + 1]]);
        let [high, low] = packet_id
            .map_or_else(written, PacketId::value)
            .to_be_bytes();
        Some([answer.first_byte(), 2, high, low])
    }
}

/// Engines that know of each other.
fn engines(shards: usize) -> Vec<Engine> {
    let events = EventSettings {
        connected: false,
        disconnected: false,
        subscribed: false,
        unsubscribed: false,
    };
    let settings = Arc::new(Settings {
        events,
        ..Settings::default()
    });
    let epochs = Arc::new(Epochs::new(shards));
    let engine = |shard: usize| {
        let place = Place {
            shard: ShardId(u8::try_from(shard).expect("few shards")),
            shards,
            seed: SEED,
            epochs: Arc::clone(&epochs),
            unix_s_at_zero: 0,
            chance: 1,
        };
        Engine::new(Arc::clone(&settings), place, NOW)
    };
    (0..shards).map(engine).collect()
}
