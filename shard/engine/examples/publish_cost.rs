//! Publishes to one subscriber again and again through a whole shard, to be counted by valgrind.
//!
//! `publish_cost v311|v5|properties|qos1 COUNT`; `scripts/gates` runs it twice with different
//! counts, so that the difference is what the messages cost, and compares that with the limit.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use shard_engine::{
    ConnectionKey, Engine, Input, ListenerId, Next, Output, Outputs, Place, Settings,
};
use shard_topics::Epochs;
use wire_message::{Instant, Qos, Seed, ShardId, TopicRef};
use wire_mqtt::{
    AckKind, Connect, FilterRequest, FilterRequests, Packet, PacketId, Publish, ReasonCode,
    Subscribe, SubscribeProperties, Version, encode_ack,
};

const TOPIC: &str = "fleet/bus/0421/speed";
const NOW: Instant = Instant::from_secs(1);

struct Shard {
    engine: Engine,
    out: Outputs,
    /// Bytes for the subscriber since it last acknowledged, as a driver would count them.
    delivered: u64,
}

impl Shard {
    fn new() -> Self {
        let place = Place {
            shard: ShardId(0),
            shards: 1,
            seed: Seed(1),
            epochs: Arc::new(Epochs::new(1)),
            unix_s_at_zero: 0,
            chance: 1,
        };
        Self {
            engine: Engine::new(Arc::new(Settings::default()), place, NOW),
            out: Outputs::default(),
            delivered: 0,
        }
    }

    fn connect(&mut self, version: Version, client_id: &str) -> ConnectionKey {
        let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);
        let key = self.engine.accepted(ListenerId(0), peer, NOW);
        let key = key.expect("the listener has no limits");
        let connect = Connect::new(version, client_id);
        self.feed(key, &encode(&Packet::Connect(connect), version));
        key
    }

    /// One read of a connection, and what a driver does with the outputs.
    fn feed(&mut self, key: ConnectionKey, bytes: &[u8]) {
        let received = self.engine.received(key, bytes, NOW, &mut self.out);
        assert!(matches!(received.next, Next::More { .. }) && received.consumed == bytes.len());
        let mut actions = std::mem::take(&mut self.out.actions);
        for action in actions.drain(..) {
            let Output::Send {
                connection, range, ..
            } = black_box(action)
            else {
                continue;
            };
            let bytes = range.end - range.start;
            self.delivered += u64::from(bytes);
            self.engine
                .handle_input(Input::Sent { connection, bytes }, NOW, &mut self.out);
        }
        assert!(
            self.out.actions.is_empty(),
            "a shard alone asks for nothing more"
        );
        self.out.actions = actions;
        self.out.clear();
    }
}

fn encode(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet
        .encode(version, &mut bytes)
        .expect("the packet is valid");
    bytes
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("the id is not zero")
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0_u32);
    let version = if what == "v311" {
        Version::V311
    } else {
        Version::V5
    };
    let qos = if what == "qos1" {
        Qos::AtLeastOnce
    } else {
        Qos::AtMostOnce
    };

    let mut shard = Shard::new();
    let subscriber = shard.connect(version, "subscriber");
    let publisher = shard.connect(version, "publisher");
    let requests = [FilterRequest::new("fleet/+/0421/#", qos)];
    let subscribe = Subscribe {
        packet_id: id(1),
        properties: SubscribeProperties::default(),
        requests: FilterRequests::new(&requests),
    };
    shard.feed(subscriber, &encode(&Packet::Subscribe(subscribe), version));

    let mut publish = Publish::new(
        TopicRef::new(TOPIC).expect("the topic is valid"),
        &[0x55; 256],
    );
    publish.qos = qos;
    publish.packet_id = (qos == Qos::AtLeastOnce).then(|| id(1));
    if what == "properties" {
        publish.properties.content_type = Some("application/octet-stream");
        publish.properties.correlation_data = Some(&[7; 16]);
    }
    let packet = encode(&Packet::Publish(publish), version);

    // The first message looks the route up, the others find it.
    shard.feed(publisher, &packet);
    shard.delivered = 0;
    let mut acknowledgement = Vec::new();
    for number in 0..count {
        shard.feed(publisher, black_box(&packet));
        if qos == Qos::AtLeastOnce {
            acknowledgement.clear();
            let number = u16::try_from(number % 65_535).expect("below 65,535") + 1;
            let reason = ReasonCode::Success;
            encode_ack(
                AckKind::Puback,
                id(number),
                reason,
                version,
                &mut acknowledgement,
            );
            shard.feed(subscriber, &acknowledgement);
        }
    }
    assert!(
        count == 0 || shard.delivered >= u64::from(count) * 256,
        "every message was delivered"
    );
}
