//! Publishers, subscribers, and the engines between them.

use std::net::SocketAddr;
use std::sync::Arc;

use shard_engine::{
    ConnectionKey, Engine, EventSettings, Input, ListenerId, Next, Output, Outputs, Place,
    Received, Settings,
};
use shard_topics::Epochs;
use store_model::{Event, Number, UnixMillis, WallClock};
use wire_message::{ClientId, Instant, Qos, Seed, ShardId, TopicRef};
use wire_mqtt::{
    Connect, Disconnect, FilterRequest, FilterRequests, Frame, Packet, PacketId, Publish,
    ReasonCode, Subscribe, SubscribeProperties, Version, frame,
};

const SEED: Seed = Seed(1);
const NOW: Instant = Instant::from_secs(1);
const PAYLOAD: [u8; 256] = [b'x'; 256];

/// What is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneSettings {
    pub(crate) version: Version,
    /// 1: everybody is on one shard; 2: the publishers on the first, the subscribers on the second.
    pub(crate) shards: usize,
    pub(crate) qos: Qos,
    /// Each with a topic of its own, below one filter if there are several.
    pub(crate) publishers: usize,
    pub(crate) subscribers: usize,
    /// Packets that come at once.
    pub(crate) batch: usize,
    /// Whether all sessions outlive their connections, in a store that takes no time.
    pub(crate) stored: bool,
}

impl LaneSettings {
    /// One publisher, one subscriber, QoS 0, one message at a time.
    pub(crate) const fn new(version: Version, shards: usize) -> Self {
        Self {
            version,
            shards,
            qos: Qos::AtMostOnce,
            publishers: 1,
            subscribers: 1,
            batch: 1,
            stored: false,
        }
    }
}

/// A client: where it is, what it sends next.
struct Client {
    shard: usize,
    key: ConnectionKey,
    unsent: Vec<u8>,
}

/// Lanes from publishers to subscribers.
pub(crate) struct Lane {
    settings: LaneSettings,
    engines: Vec<Engine>,
    outs: Vec<Outputs>,
    /// What follows from sending: nothing, for clients are fast.
    nothing: Outputs,
    clients: Vec<Client>,
    /// Clients by shard and index of their connection.
    places: Vec<Vec<usize>>,
    /// Clients that have something to send.
    ready: Vec<usize>,
    /// Clients that publish, and a packet of each.
    publishers: Vec<(usize, Vec<u8>)>,
    /// Where in a packet its packet id stands.
    packet_id_at: usize,
    next_id: u16,
    delivered: u64,
    greeted: u64,
}

impl Lane {
    /// Connects and subscribes everybody.
    pub(crate) fn new(settings: LaneSettings) -> Self {
        let events = EventSettings {
            connected: false,
            disconnected: false,
            subscribed: false,
            unsubscribed: false,
        };
        let engine_settings = Arc::new(Settings {
            events,
            ..Settings::default()
        });
        let shards = settings.shards;
        let epochs = Arc::new(Epochs::new(shards));
        let engine = |shard: usize| {
            let place = Place {
                shard: shard_id(shard),
                shards,
                seed: SEED,
                epochs: Arc::clone(&epochs),
                clock: WallClock::new(UnixMillis(0)),
                store: settings.stored.then_some(Number(0)),
                chance: 1,
            };
            Engine::new(Arc::clone(&engine_settings), place, NOW)
        };
        let mut lane = Self {
            settings,
            engines: (0..shards).map(engine).collect(),
            outs: (0..shards).map(|_| Outputs::default()).collect(),
            nothing: Outputs::default(),
            clients: Vec::new(),
            places: vec![Vec::new(); shards],
            ready: Vec::new(),
            publishers: Vec::new(),
            packet_id_at: 0,
            next_id: 1,
            delivered: 0,
            greeted: 0,
        };
        lane.room();
        let several = settings.publishers > 1;
        for number in 0..settings.subscribers {
            let client = lane.connect(shards - 1, &format!("s{number}-"));
            let filter = if several {
                "site/plant7/+/t1"
            } else {
                "site/plant7/line3/t1"
            };
            lane.subscribe(client, filter);
        }
        for number in 0..settings.publishers {
            let client = lane.connect(0, &format!("p{number}-"));
            let topic = if several {
                format!("site/plant7/line{number}/t1")
            } else {
                "site/plant7/line3/t1".into()
            };
            lane.add_publisher(client, &topic);
        }
        lane
    }

    /// Publishes `messages` times, by one publisher after the other; every batch is delivered, and
    /// acknowledged, before the next.
    pub(crate) fn run(&mut self, messages: usize) {
        let mut turn = 0;
        for number in 0..messages.div_ceil(self.settings.batch) {
            if number % (256 / self.settings.batch).max(1) == 0 {
                self.room();
            }
            self.publish(turn);
            turn = (turn + 1) % self.publishers.len();
            self.end_turns();
            while let Some(client) = self.ready.pop() {
                self.send(client);
                self.end_turns();
            }
        }
    }

    /// What was written down is durable at once.
    fn end_turns(&mut self) {
        if !self.settings.stored {
            return;
        }
        for shard in 0..self.engines.len() {
            counted_end(&mut self.engines[shard], &mut self.outs[shard]);
            self.perform(shard);
        }
    }

    /// Deliveries so far.
    pub(crate) const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// A client connects, is greeted and disconnects, so many `times`.
    #[allow(dead_code, reason = "the benchmark has more options than the test")]
    pub(crate) fn come_and_go(&mut self, times: usize) {
        let version = self.settings.version;
        let name = self.name_on(0, "v");
        let encoded = |packet: &Packet<'_>| {
            let mut bytes = Vec::new();
            packet.encode(version, &mut bytes).expect("valid");
            bytes
        };
        let first = encoded(&Packet::Connect(Connect::new(version, &name)));
        let last = encoded(&Packet::Disconnect(Disconnect::new(ReasonCode::Success)));
        let visitor = self.clients.len();
        self.accept(0, visitor);
        for _ in 0..times {
            for packet in [&first, &last] {
                self.clients[visitor].unsent.extend_from_slice(packet);
                self.send(visitor);
            }
            self.accept(0, visitor);
        }
    }

    /// Clients greeted so far.
    #[allow(dead_code, reason = "the benchmark has more options than the test")]
    pub(crate) const fn greeted(&self) -> u64 {
        self.greeted
    }

    /// Has a publisher send a batch.
    fn publish(&mut self, publisher: usize) {
        let (client, packet) = &self.publishers[publisher];
        let (client, at) = (*client, self.packet_id_at);
        let unsent = &mut self.clients[client].unsent;
        for _ in 0..self.settings.batch {
            let start = unsent.len();
            unsent.extend_from_slice(packet);
            if self.settings.qos != Qos::AtMostOnce {
                let place = start + at;
                unsent[place..place + 2].copy_from_slice(&self.next_id.to_be_bytes());
                self.next_id = self.next_id % 60_000 + 1;
            }
        }
        self.send(client);
    }

    /// Gives an engine what a client has to send.
    fn send(&mut self, client: usize) {
        let Client { shard, key, unsent } = &mut self.clients[client];
        let (shard, key) = (*shard, *key);
        let mut bytes = core::mem::take(unsent);
        let mut start = 0;
        while start < bytes.len() {
            let out = &mut self.outs[shard];
            let received = counted_received(&mut self.engines[shard], key, &bytes[start..], out);
            start += received.consumed;
            self.perform(shard);
            if received.next == Next::Gone {
                break;
            }
        }
        bytes.clear();
        // What came to it meanwhile is answered in its turn.
        let unsent = &mut self.clients[client].unsent;
        bytes.extend_from_slice(unsent);
        *unsent = bytes;
    }

    fn room(&mut self) {
        for from in 0..self.engines.len() {
            for to in (0..self.engines.len()).filter(|to| *to != from) {
                let input = Input::Room {
                    to: shard_id(to),
                    slots: 4096,
                };
                counted_input(&mut self.engines[from], input, &mut self.outs[from]);
                self.perform(from);
            }
        }
    }

    fn connect(&mut self, shard: usize, prefix: &str) -> usize {
        let version = self.settings.version;
        let name = self.name_on(shard, prefix);
        let client = self.clients.len();
        self.accept(shard, client);
        let mut connect = Connect::new(version, &name);
        connect.clean_start = !self.settings.stored;
        if self.settings.stored && version == Version::V5 {
            connect.properties.session_expiry_interval_s = Some(3_600);
        }
        self.feed(client, &Packet::Connect(connect));
        self.end_turns();
        client
    }

    /// A client id whose home is the shard.
    fn name_on(&self, shard: usize, prefix: &str) -> String {
        let home = |name: &String| ClientId::home(name, self.engines.len(), SEED).index();
        (0..1_000)
            .map(|number| format!("{prefix}{number}"))
            .find(|name| home(name) == shard)
            .expect("a name for it")
    }

    /// A new connection of a client, which may be new, too.
    fn accept(&mut self, shard: usize, client: usize) {
        let peer = "127.0.0.1:5000".parse().expect("valid");
        let key = counted_accepted(&mut self.engines[shard], peer);
        let places = &mut self.places[shard];
        places.resize(places.len().max(key.index() as usize + 1), usize::MAX);
        places[key.index() as usize] = client;
        match self.clients.get_mut(client) {
            Some(client) => client.key = key,
            None => self.clients.push(Client {
                shard,
                key,
                unsent: Vec::new(),
            }),
        }
    }

    fn subscribe(&mut self, client: usize, filter: &str) {
        let requests = [FilterRequest::new(filter, self.settings.qos)];
        let subscribe = Subscribe {
            packet_id: PacketId::new(1).expect("not zero"),
            properties: SubscribeProperties::default(),
            requests: FilterRequests::new(&requests),
        };
        self.feed(client, &Packet::Subscribe(subscribe));
        self.end_turns();
    }

    fn add_publisher(&mut self, client: usize, topic: &str) {
        let mut publish = Publish::new(TopicRef::new(topic).expect("valid"), &PAYLOAD);
        publish.qos = self.settings.qos;
        if publish.qos != Qos::AtMostOnce {
            publish.packet_id = PacketId::new(1);
        }
        let mut packet = Vec::new();
        Packet::Publish(publish)
            .encode(self.settings.version, &mut packet)
            .expect("valid");
        // First byte, two of the length, two of the topic's.
        self.packet_id_at = 5 + topic.len();
        self.publishers.push((client, packet));
    }

    fn feed(&mut self, client: usize, packet: &Packet<'_>) {
        let unsent = &mut self.clients[client].unsent;
        packet.encode(self.settings.version, unsent).expect("valid");
        self.send(client);
    }

    /// Does what the driver would: bytes are sent at once, entries arrive at once.
    fn perform(&mut self, shard: usize) {
        if self.outs[shard].is_empty() {
            return;
        }
        let mut out = core::mem::take(&mut self.outs[shard]);
        for action in out.actions.drain(..) {
            self.perform_one(shard, action, &out.bytes);
        }
        out.clear();
        self.outs[shard] = out;
    }

    fn perform_one(&mut self, shard: usize, action: Output, bytes: &[u8]) {
        let from = shard_id(shard);
        match action {
            Output::Send {
                connection,
                range,
                packet_id,
            } => {
                let length = range.end - range.start;
                let bytes = &bytes[range.start as usize..range.end as usize];
                self.answer(
                    self.places[shard][connection.index() as usize],
                    bytes,
                    packet_id,
                );
                let input = Input::Sent {
                    connection,
                    bytes: length,
                };
                counted_input(&mut self.engines[shard], input, &mut self.nothing);
                assert!(self.nothing.is_empty(), "clients are fast");
            }
            Output::Push { to, entry } => {
                let to = to.index();
                let input = Input::Entry { from, entry };
                counted_input(&mut self.engines[to], input, &mut self.outs[to]);
                self.perform(to);
            }
            Output::Answer { to, answer } => {
                let to = to.index();
                let input = Input::Answer { from, answer };
                counted_input(&mut self.engines[to], input, &mut self.outs[to]);
                self.perform(to);
            }
            Output::Resume { .. }
            | Output::Close { .. }
            | Output::Control(_)
            | Output::HandOver { .. }
            | Output::SendPayload { .. } => {}
            Output::Durable { to, through } => {
                let to = to.index();
                let input = Input::Durable { from, through };
                counted_input(&mut self.engines[to], input, &mut self.outs[to]);
                self.perform(to);
            }
            Output::Store(batch) => {
                let through = batch.sequence;
                let input = Input::Store(Event::Durable { through });
                counted_input(&mut self.engines[shard], input, &mut self.outs[shard]);
                self.perform(shard);
                // Other shards hear of it in the next turn.
                counted_end(&mut self.engines[shard], &mut self.outs[shard]);
                self.perform(shard);
            }
            Output::Ask(..) => unreachable!("no client comes back"),
        }
    }

    /// Reads packets as a client and notes its answers.
    fn answer(&mut self, client: usize, bytes: &[u8], packet_id: Option<(u32, PacketId)>) {
        let unsent = &mut self.clients[client].unsent;
        let was_empty = unsent.is_empty();
        let mut rest = bytes;
        while let Ok(Frame::Whole { size }) = frame(rest, u32::MAX) {
            let packet;
            (packet, rest) = rest.split_at(size as usize);
            let (first, id) = match packet[0] >> 4 {
                2 => {
                    self.greeted += 1;
                    continue;
                }
                3 => {
                    self.delivered += 1;
                    let at = self.packet_id_at;
                    let own = packet_id.map(|(_, id)| id.value().to_be_bytes());
                    let id = own.unwrap_or([packet[at], packet[at + 1]]);
                    match packet[0] & 6 {
                        0 => continue,
                        2 => (0x40, id),
                        _ => (0x50, id),
                    }
                }
                5 => (0x62, [packet[2], packet[3]]),
                6 => (0x70, [packet[2], packet[3]]),
                _ => continue,
            };
            unsent.extend_from_slice(&[first, 2, id[0], id[1]]);
        }
        if was_empty && !unsent.is_empty() {
            self.ready.push(client);
        }
    }
}

fn shard_id(shard: usize) -> ShardId {
    ShardId(u8::try_from(shard).expect("few shards"))
}

// Every call of an engine goes through one of these. What happens inside of a function with such a
// name is counted, all else is the clients' part and is not.

#[inline(never)]
fn counted_accepted(engine: &mut Engine, peer: SocketAddr) -> ConnectionKey {
    let accepted = engine.accepted(ListenerId(0), peer, NOW);
    accepted.expect("nothing limits connections")
}

#[inline(never)]
fn counted_end(engine: &mut Engine, out: &mut Outputs) {
    engine.end_turn(NOW, out);
}

#[inline(never)]
fn counted_input(engine: &mut Engine, input: Input, out: &mut Outputs) {
    engine.handle_input(input, NOW, out);
}

#[inline(never)]
fn counted_received(
    engine: &mut Engine,
    key: ConnectionKey,
    bytes: &[u8],
    out: &mut Outputs,
) -> Received {
    engine.received(key, bytes, NOW, out)
}
