//! One engine, and a driver that knows of no limits: what is sent arrives whole and at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use shard_engine::{
    ConnectionKey, Engine, Input, ListenerId, Next, Output, Outputs, Place, Settings,
};
use shard_topics::Epochs;
use store_model::{UnixMillis, WallClock};
use wire_message::{Instant, Qos, Seed, ShardId, TopicRef};
use wire_mqtt::{
    Ack, Connect, FilterRequest, FilterRequests, Filters, Frame, Packet, PacketId, PacketType,
    Publish, ReasonCode, Side, Subscribe, SubscribeProperties, Unsubscribe, UserProperties,
    Version, frame,
};

const PACKET_BYTES_MAX: u32 = 1 << 20;

/// A shard and the clients connected to it.
pub(crate) struct Shard {
    engine: Engine,
    now: Instant,
    out: Outputs,
    lines: BTreeMap<ConnectionKey, Line>,
}

/// What is on its way between the shard and one client.
#[derive(Default)]
struct Line {
    to_shard: Vec<u8>,
    to_client: Vec<u8>,
    is_paused: bool,
    is_closed: bool,
}

/// A client's end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    key: ConnectionKey,
    pub(crate) version: Version,
}

impl Shard {
    pub(crate) fn new(settings: Settings) -> Self {
        let now = Instant::from_secs(1);
        let place = Place {
            shard: ShardId(0),
            shards: 1,
            seed: Seed(1),
            epochs: Arc::new(Epochs::new(1)),
            clock: WallClock::new(UnixMillis(1_700_000_000_000)),
            store: None,
            chance: 1,
        };
        Self {
            engine: Engine::new(Arc::new(settings), place, now),
            now,
            out: Outputs::default(),
            lines: BTreeMap::new(),
        }
    }

    /// A connection on which nothing was sent.
    pub(crate) fn dial(&mut self, version: Version) -> Peer {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 1);
        let key = self.engine.accepted(ListenerId(0), address, self.now);
        let key = key.expect("the listener has no limits");
        self.lines.insert(key, Line::default());
        Peer { key, version }
    }

    /// A client that was accepted.
    pub(crate) fn connect(&mut self, connect: &Connect<'_>) -> Peer {
        let peer = self.dial(connect.version);
        self.send(peer, &Packet::Connect(*connect));
        let answer = self.packet(peer);
        let accepted = matches!(
            decode(&answer, peer.version),
            Packet::Connack(connack) if connack.reason == ReasonCode::Success
        );
        assert!(accepted, "refused: {answer:?}");
        peer
    }

    pub(crate) fn send(&mut self, peer: Peer, packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        packet
            .encode(peer.version, &mut bytes)
            .expect("packets of tests are valid");
        self.send_bytes(peer, &bytes);
    }

    pub(crate) fn send_bytes(&mut self, peer: Peer, bytes: &[u8]) {
        if let Some(line) = self.lines.get_mut(&peer.key) {
            line.to_shard.extend_from_slice(bytes);
        }
        self.feed(peer.key);
        self.perform();
    }

    /// The client's end fails without a word.
    pub(crate) fn lose(&mut self, peer: Peer) {
        self.lines.remove(&peer.key);
        let input = Input::Closed {
            connection: peer.key,
        };
        self.engine.handle_input(input, self.now, &mut self.out);
        self.perform();
    }

    /// Lets time pass, firing every timer on its way.
    pub(crate) fn advance(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.engine.next_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.engine.handle_timeout(self.now, &mut self.out);
            self.perform();
        }
        self.now = end;
    }

    /// All whole packets that arrived at the client since the last call.
    pub(crate) fn packets(&mut self, peer: Peer) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        if let Some(line) = self.lines.get_mut(&peer.key) {
            while let Ok(Frame::Whole { size }) = frame(&line.to_client, PACKET_BYTES_MAX) {
                packets.push(line.to_client.drain(..size as usize).collect());
            }
        }
        packets
    }

    /// The only packet that arrived.
    pub(crate) fn packet(&mut self, peer: Peer) -> Vec<u8> {
        let mut packets = self.packets(peer);
        assert_eq!(packets.len(), 1, "{packets:?}");
        packets.remove(0)
    }

    /// Whether the shard closed the connection.
    pub(crate) fn is_closed(&self, peer: Peer) -> bool {
        self.lines.get(&peer.key).is_none_or(|line| line.is_closed)
    }

    /// Subscribes to one filter and takes the SUBACK, which must be the only packet that comes.
    pub(crate) fn subscribe(&mut self, peer: Peer, filter: &str, qos: Qos) {
        self.send(peer, &subscribe(1, &[FilterRequest::new(filter, qos)]));
        let answer = self.packet(peer);
        assert_eq!(kind(&answer), PacketType::Suback);
        assert_eq!(answer.last(), Some(&qos.bits()), "granted as asked");
    }

    fn feed(&mut self, key: ConnectionKey) {
        while let Some(line) = self
            .lines
            .get_mut(&key)
            .filter(|line| !line.is_closed && !line.is_paused)
        {
            let received = self
                .engine
                .received(key, &line.to_shard, self.now, &mut self.out);
            line.to_shard.drain(..received.consumed);
            match received.next {
                Next::Again => {}
                Next::Paused => line.is_paused = true,
                Next::Gone | Next::More { .. } => return,
            }
        }
    }

    /// Does what the engine wants until it wants nothing more.
    fn perform(&mut self) {
        while !self.out.is_empty() {
            let Outputs { actions, bytes } = std::mem::take(&mut self.out);
            for action in actions {
                self.act(action, &bytes);
            }
        }
    }

    fn act(&mut self, action: Output, bytes: &[u8]) {
        match action {
            Output::Close { connection } => {
                if let Some(line) = self.lines.get_mut(&connection) {
                    line.is_closed = true;
                }
            }
            Output::Control(_) => {}
            Output::Resume { connection } => {
                if let Some(line) = self.lines.get_mut(&connection) {
                    line.is_paused = false;
                }
                self.feed(connection);
            }
            Output::Send {
                connection,
                range,
                packet_id,
            } => {
                let mut packet = bytes[range.start as usize..range.end as usize].to_vec();
                if let Some((offset, id)) = packet_id {
                    packet[offset as usize..][..2].copy_from_slice(&id.value().to_be_bytes());
                }
                self.deliver(connection, &packet);
            }
            Output::Ask(..) | Output::Durable { .. } | Output::Store(_) => {
                unreachable!("nothing is stored")
            }
            Output::SendPayload {
                connection,
                message,
            } => {
                self.deliver(connection, message.payload());
            }
            Output::Answer { .. } | Output::HandOver { .. } | Output::Push { .. } => {
                unreachable!("one shard has no other to talk to")
            }
        }
    }

    fn deliver(&mut self, connection: ConnectionKey, bytes: &[u8]) {
        let Some(line) = self
            .lines
            .get_mut(&connection)
            .filter(|line| !line.is_closed)
        else {
            return;
        };
        line.to_client.extend_from_slice(bytes);
        let bytes = u32::try_from(bytes.len()).expect("packets of tests are short");
        self.engine
            .handle_input(Input::Sent { connection, bytes }, self.now, &mut self.out);
    }
}

/// A packet as a client reads it: strictly.
pub(crate) fn decode(packet: &[u8], version: Version) -> Packet<'_> {
    Packet::decode(packet, version, Side::Client).expect("the shard sends valid packets")
}

pub(crate) fn kind(packet: &[u8]) -> PacketType {
    PacketType::of(packet[0]).expect("the shard sends valid packets")
}

pub(crate) fn kinds(packets: &[Vec<u8>]) -> Vec<PacketType> {
    packets.iter().map(|packet| kind(packet)).collect()
}

/// The PUBLISH in `packet`.
pub(crate) fn publish_in(packet: &[u8], version: Version) -> Publish<'_> {
    Publish::decode(packet, version, Side::Client).expect("the shard sends a valid PUBLISH")
}

pub(crate) fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("ids of tests are not zero")
}

pub(crate) fn ack(value: u16) -> Ack<'static> {
    Ack::new(id(value), ReasonCode::Success)
}

pub(crate) fn publish<'a>(
    topic: &'a str,
    payload: &'a [u8],
    qos: Qos,
    packet_id: u16,
) -> Publish<'a> {
    let mut publish = Publish::new(
        TopicRef::new(topic).expect("topics of tests are valid"),
        payload,
    );
    publish.qos = qos;
    publish.packet_id = PacketId::new(packet_id).filter(|_| qos != Qos::AtMostOnce);
    publish
}

pub(crate) fn subscribe<'a>(packet_id: u16, requests: &'a [FilterRequest<'a>]) -> Packet<'a> {
    Packet::Subscribe(Subscribe {
        packet_id: id(packet_id),
        properties: SubscribeProperties::default(),
        requests: FilterRequests::new(requests),
    })
}

pub(crate) fn unsubscribe<'a>(packet_id: u16, filters: &'a [&'a str]) -> Packet<'a> {
    Packet::Unsubscribe(Unsubscribe {
        packet_id: id(packet_id),
        user_properties: UserProperties::NONE,
        filters: Filters::new(filters),
    })
}

/// A CONNECT for a session that outlives its connection.
pub(crate) fn lasting(version: Version, client_id: &str) -> Connect<'_> {
    let mut connect = Connect::new(version, client_id);
    connect.clean_start = false;
    if version == Version::V5 {
        connect.properties.session_expiry_interval_s = Some(3600);
    }
    connect
}
