//! A publisher, a subscriber, and the engines between them.

use std::sync::Arc;

use shard_engine::{
    ConnectionKey, Engine, EventSettings, Input, ListenerId, Next, Output, Outputs, Place, Settings,
};
use shard_topics::Epochs;
use wire_message::{ClientId, Instant, Qos, Seed, ShardId, TopicRef};
use wire_mqtt::{
    Connect, FilterRequest, FilterRequests, Packet, PacketId, Publish, Subscribe,
    SubscribeProperties, Version,
};

const SEED: Seed = Seed(1);
const NOW: Instant = Instant::from_secs(1);
const TOPIC: &str = "site/plant7/line3/t1";

/// One lane from publisher to subscriber.
pub(crate) struct Lane {
    engines: Vec<Engine>,
    out: Outputs,
    publisher: (usize, ConnectionKey),
    publish: Vec<u8>,
    delivered: u64,
}

impl Lane {
    /// A publisher and a subscriber: on one shard, or on two different ones.
    pub(crate) fn new(version: Version, shards: usize) -> Self {
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
        let mut lane = Self {
            engines: (0..shards).map(engine).collect(),
            out: Outputs::default(),
            publisher: (0, ConnectionKey::from_bits(0)),
            publish: Vec::new(),
            delivered: 0,
        };
        lane.room();
        let (publisher, subscriber) = (0, shards - 1);
        let subscriber = lane.connect(version, subscriber, "s");
        lane.subscribe(version, subscriber);
        lane.publisher = lane.connect(version, publisher, "p");
        let topic = TopicRef::new(TOPIC).expect("valid");
        let publish = Publish::new(topic, &[b'x'; 256]);
        Packet::Publish(publish)
            .encode(version, &mut lane.publish)
            .expect("valid");
        lane
    }

    /// Publishes `messages` times; every one is delivered before the next.
    pub(crate) fn run(&mut self, messages: usize) {
        let bytes = std::mem::take(&mut self.publish);
        let (shard, key) = self.publisher;
        for number in 0..messages {
            if number % 256 == 0 {
                self.room();
            }
            let received = self.engines[shard].received(key, &bytes, NOW, &mut self.out);
            assert!(received.consumed == bytes.len(), "a publish is taken whole");
            self.perform(shard);
        }
        self.publish = bytes;
    }

    /// Deliveries so far.
    pub(crate) const fn delivered(&self) -> u64 {
        self.delivered
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

    fn connect(&mut self, version: Version, shard: usize, prefix: &str) -> (usize, ConnectionKey) {
        let names = (0..1_000).map(|number| format!("{prefix}{number}"));
        let home = |name: &str| ClientId::home(name, self.engines.len(), SEED).index();
        let name = names
            .into_iter()
            .find(|name| home(name) == shard)
            .expect("a name for it");
        let peer = "127.0.0.1:5000".parse().expect("valid");
        let key = self.engines[shard]
            .accepted(ListenerId(0), peer, NOW)
            .expect("accepted");
        self.feed(
            version,
            (shard, key),
            &Packet::Connect(Connect::new(version, &name)),
        );
        (shard, key)
    }

    fn subscribe(&mut self, version: Version, client: (usize, ConnectionKey)) {
        let requests = [FilterRequest::new(TOPIC, Qos::AtMostOnce)];
        let subscribe = Subscribe {
            packet_id: PacketId::new(1).expect("not zero"),
            properties: SubscribeProperties::default(),
            requests: FilterRequests::new(&requests),
        };
        self.feed(version, client, &Packet::Subscribe(subscribe));
    }

    /// Gives a client's packet to its engine, as often as it takes.
    fn feed(&mut self, version: Version, client: (usize, ConnectionKey), packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        packet.encode(version, &mut bytes).expect("valid");
        let (shard, key) = client;
        loop {
            let received = self.engines[shard].received(key, &bytes, NOW, &mut self.out);
            self.perform(shard);
            bytes.drain(..received.consumed);
            if bytes.is_empty() || received.next == Next::Gone {
                return;
            }
        }
    }

    /// Does what the driver would: bytes are sent at once, entries arrive at once.
    fn perform(&mut self, shard: usize) {
        self.out.bytes.clear();
        // One action at a time, without a list of what is left: the counted part is the engine's.
        while let Some(action) = self.out.actions.pop() {
            self.perform_one(shard, action);
        }
    }

    fn perform_one(&mut self, shard: usize, action: Output) {
        let from = ShardId(u8::try_from(shard).expect("few shards"));
        match action {
            Output::Send {
                connection, range, ..
            } => {
                self.delivered += u64::from(range.len() > 256);
                let bytes = range.end - range.start;
                let input = Input::Sent { connection, bytes };
                self.engines[shard].handle_input(input, NOW, &mut self.out);
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
}
