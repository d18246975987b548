//! A naive MQTT broker without sockets and clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use loadgen_work::ClientNumber;
use wire_message::{FilterTarget, Qos, TopicRef};
use wire_mqtt::{
    Ack, Connack, ConnackProperties, Connect, Frame, Packet, PacketId, Publish, PublishProperties,
    ReasonCode, ReasonProperties, Side, Suback, UserProperties, Version, frame,
};

/// What happens to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Drop,
    Duplicate,
    /// Comes again, marked as such.
    DuplicateMarked,
    /// Flips this bit of the payload.
    Corrupt(u32),
    /// Comes after the next one to the same client.
    Swap,
    /// Comes under another topic.
    Misroute,
    /// Comes with QoS 0.
    Downgrade,
}

/// Decides what happens to a delivery.
pub(crate) type Judge = dyn FnMut(ClientNumber, &Message) -> Fault;

/// A message on its way through the broker.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    response: Option<String>,
    correlation: Option<Vec<u8>>,
    user: Vec<(String, String)>,
}

#[derive(Debug, Default)]
struct Session {
    connection: Option<ClientNumber>,
    persistent: bool,
    /// Filters and their QoS.
    subscriptions: Vec<(String, Qos)>,
    queue: VecDeque<Message>,
    /// Deliveries without acknowledgement: the message, or nothing after PUBREC.
    in_flight: BTreeMap<u16, Option<Message>>,
    last_id: u16,
    /// Messages of QoS 2 that the client has not released.
    unreleased: BTreeSet<u16>,
}

#[derive(Debug)]
struct Connection {
    pending: Vec<u8>,
    session: Option<String>,
    version: Version,
    will: Option<Message>,
    /// A delivery that comes after the next one.
    held: Option<Vec<u8>>,
    aliases: BTreeMap<u16, String>,
}

pub(crate) struct Broker {
    connections: BTreeMap<ClientNumber, Connection>,
    sessions: BTreeMap<String, Session>,
    retained: BTreeMap<String, Message>,
    /// Whose turn it is in each shared group.
    turns: BTreeMap<String, usize>,
    /// Bytes to clients, in order.
    pub(crate) out: Vec<(ClientNumber, Vec<u8>)>,
    pub(crate) fault: Box<Judge>,
    pub(crate) receive_maximum: Option<u16>,
    /// The highest QoS that it grants.
    pub(crate) maximum_qos: Qos,
    /// Clients that are refused.
    pub(crate) refuses: BTreeSet<u32>,
    pub(crate) pings: u64,
}

fn granted(qos: Qos) -> ReasonCode {
    match qos {
        Qos::AtMostOnce => ReasonCode::Success,
        Qos::AtLeastOnce => ReasonCode::GrantedQos1,
        Qos::ExactlyOnce => ReasonCode::GrantedQos2,
    }
}

impl Broker {
    pub(crate) fn new() -> Self {
        Self {
            connections: BTreeMap::new(),
            sessions: BTreeMap::new(),
            retained: BTreeMap::new(),
            turns: BTreeMap::new(),
            out: Vec::new(),
            fault: Box::new(|_, _| Fault::None),
            receive_maximum: None,
            maximum_qos: Qos::ExactlyOnce,
            refuses: BTreeSet::new(),
            pings: 0,
        }
    }

    pub(crate) fn retained(&self) -> usize {
        self.retained.len()
    }

    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    pub(crate) fn open(&mut self, client: ClientNumber) {
        let connection = Connection {
            pending: Vec::new(),
            session: None,
            version: Version::V5,
            will: None,
            held: None,
            aliases: BTreeMap::new(),
        };
        self.connections.insert(client, connection);
    }

    /// The transport is gone; without DISCONNECT the will is published.
    pub(crate) fn close(&mut self, client: ClientNumber) {
        let Some(connection) = self.connections.remove(&client) else {
            return;
        };
        if let Some(id) = connection.session {
            self.detach(&id);
        }
        if let Some(will) = connection.will {
            self.publish(&will);
        }
    }

    fn detach(&mut self, id: &str) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.connection = None;
            if !session.persistent {
                self.sessions.remove(id);
            }
        }
    }

    pub(crate) fn receive(&mut self, client: ClientNumber, bytes: &[u8]) {
        let Some(connection) = self.connections.get_mut(&client) else {
            return;
        };
        let mut pending = core::mem::take(&mut connection.pending);
        pending.extend_from_slice(bytes);
        let mut rest = pending.as_slice();
        while let Ok(Frame::Whole { size }) = frame(rest, u32::MAX) {
            let (packet, behind) = rest.split_at(size as usize);
            rest = behind;
            let Some(connection) = self.connections.get(&client) else {
                return;
            };
            let packet = Packet::decode(packet, connection.version, Side::Server);
            self.take(client, &packet.expect("the crew writes valid packets"));
        }
        let rest = rest.to_vec();
        if let Some(connection) = self.connections.get_mut(&client) {
            connection.pending = rest;
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the crew sends no other packets"
    )]
    fn take(&mut self, client: ClientNumber, packet: &Packet<'_>) {
        match packet {
            Packet::Connect(connect) => self.connect(client, connect),
            Packet::Publish(publish) => self.take_publish(client, publish),
            Packet::Subscribe(subscribe) => {
                let requests = subscribe.requests.iter();
                let requests = requests.map(|request| (request.filter.to_owned(), request.qos));
                let requests = requests.collect::<Vec<_>>();
                let codes = requests
                    .iter()
                    .map(|(_, qos)| granted((*qos).min(self.maximum_qos)))
                    .collect::<Vec<_>>();
                let suback = Suback {
                    packet_id: subscribe.packet_id,
                    properties: ReasonProperties::default(),
                    codes: wire_mqtt::ReasonCodes::new(&codes),
                };
                self.send(client, &Packet::Suback(suback));
                for (filter, qos) in requests {
                    self.subscribe(client, &filter, qos.min(self.maximum_qos));
                }
            }
            Packet::Pingreq => {
                self.pings += 1;
                self.send(client, &Packet::Pingresp);
            }
            Packet::Puback(ack) | Packet::Pubcomp(ack) => {
                self.session(client)
                    .in_flight
                    .remove(&ack.packet_id.value());
            }
            Packet::Pubrec(ack) => {
                let in_flight = &mut self.session(client).in_flight;
                in_flight.insert(ack.packet_id.value(), None);
                self.send(
                    client,
                    &Packet::Pubrel(Ack::new(ack.packet_id, ReasonCode::Success)),
                );
            }
            Packet::Pubrel(ack) => {
                self.session(client)
                    .unreleased
                    .remove(&ack.packet_id.value());
                self.send(
                    client,
                    &Packet::Pubcomp(Ack::new(ack.packet_id, ReasonCode::Success)),
                );
            }
            Packet::Disconnect(disconnect) => {
                let forget = disconnect.properties.session_expiry_interval_s == Some(0);
                let connection = self.connections.get_mut(&client).expect("it sent this");
                connection.will = None;
                if forget {
                    self.session(client).persistent = false;
                }
            }
            other => unreachable!("a crew does not send {other:?}"),
        }
    }

    fn session(&mut self, client: ClientNumber) -> &mut Session {
        let id = self.connections[&client]
            .session
            .as_ref()
            .expect("CONNECT came first");
        self.sessions
            .get_mut(id)
            .expect("a connection has a session")
    }

    fn connect(&mut self, client: ClientNumber, connect: &Connect<'_>) {
        let connection = self.connections.get_mut(&client).expect("it sent this");
        connection.version = connect.version;
        if self.refuses.contains(&client.0) {
            let refusal = Connack {
                reason: ReasonCode::NotAuthorized,
                ..Connack::default()
            };
            self.send(client, &Packet::Connack(refusal));
            return;
        }
        connection.session = Some(connect.client_id.to_owned());
        connection.will = connect.will.map(|will| Message {
            topic: will.topic.as_str().to_owned(),
            payload: will.payload.to_vec(),
            qos: will.qos,
            retain: will.retain,
            response: None,
            correlation: None,
            user: Vec::new(),
        });
        if connect.clean_start {
            self.sessions.remove(connect.client_id);
        }
        let present = self.sessions.contains_key(connect.client_id);
        let session = self
            .sessions
            .entry(connect.client_id.to_owned())
            .or_default();
        assert_eq!(session.connection, None, "client ids are unique");
        session.connection = Some(client);
        session.persistent = match connect.version {
            Version::V5 => connect
                .properties
                .session_expiry_interval_s
                .is_some_and(|s| s > 0),
            Version::V31 | Version::V311 => !connect.clean_start,
        };
        let connack = Connack {
            session_present: present,
            properties: ConnackProperties {
                receive_maximum: self.receive_maximum.and_then(core::num::NonZeroU16::new),
                topic_alias_maximum: Some(8),
                ..ConnackProperties::default()
            },
            ..Connack::default()
        };
        self.send(client, &Packet::Connack(connack));
        let session = self.session(client);
        let unfinished = session.in_flight.clone();
        let queue = core::mem::take(&mut session.queue);
        for (id, message) in unfinished {
            let packet_id = PacketId::new(id).expect("ids are above zero");
            if let Some(message) = message {
                self.send_message(client, &message, Some(packet_id), true);
            } else {
                let ack = Ack::new(packet_id, ReasonCode::Success);
                self.send(client, &Packet::Pubrel(ack));
            }
        }
        for message in queue {
            self.deliver(client, &message);
        }
    }

    fn subscribe(&mut self, client: ClientNumber, filter: &str, qos: Qos) {
        self.session(client)
            .subscriptions
            .push((filter.to_owned(), qos));
        if let Ok(FilterTarget::Plain(plain)) = FilterTarget::parse(filter) {
            let matching =
                |message: &&Message| plain.matches(TopicRef::new(&message.topic).expect("a topic"));
            // In another order than they were stored.
            let stored = self
                .retained
                .values()
                .rev()
                .filter(matching)
                .cloned()
                .collect::<Vec<_>>();
            for message in stored {
                let qos = message.qos.min(qos);
                self.deliver(
                    client,
                    &Message {
                        qos,
                        retain: true,
                        ..message
                    },
                );
            }
        }
    }

    fn take_publish(&mut self, client: ClientNumber, publish: &Publish<'_>) {
        let connection = self.connections.get_mut(&client).expect("it sent this");
        let alias = publish.properties.topic_alias.map(u16::from);
        let topic = match (publish.topic, alias) {
            (Some(topic), Some(alias)) => {
                connection.aliases.insert(alias, topic.as_str().to_owned());
                topic.as_str().to_owned()
            }
            (Some(topic), None) => topic.as_str().to_owned(),
            (None, alias) => connection.aliases[&alias.expect("topic or alias")].clone(),
        };
        let user = publish.properties.user_properties.iter();
        let message = Message {
            topic,
            payload: publish.payload.to_vec(),
            qos: publish.qos,
            retain: publish.retain,
            response: publish
                .properties
                .response_topic
                .map(|topic| topic.as_str().to_owned()),
            correlation: publish.properties.correlation_data.map(<[u8]>::to_vec),
            user: user
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        };
        let Some(packet_id) = publish.packet_id else {
            self.publish(&message);
            return;
        };
        if publish.qos == Qos::AtLeastOnce {
            self.publish(&message);
            self.send(
                client,
                &Packet::Puback(Ack::new(packet_id, ReasonCode::Success)),
            );
            return;
        }
        if self.session(client).unreleased.insert(packet_id.value()) {
            self.publish(&message);
        }
        self.send(
            client,
            &Packet::Pubrec(Ack::new(packet_id, ReasonCode::Success)),
        );
    }

    fn publish(&mut self, message: &Message) {
        if message.retain {
            if message.payload.is_empty() {
                self.retained.remove(&message.topic);
                return;
            }
            self.retained.insert(message.topic.clone(), message.clone());
        }
        let topic = TopicRef::new(&message.topic).expect("a topic");
        let mut shared = BTreeMap::<String, Vec<(String, Qos)>>::new();
        let mut receivers = Vec::new();
        for (id, session) in &self.sessions {
            for (text, qos) in &session.subscriptions {
                match FilterTarget::parse(text).expect("a filter") {
                    FilterTarget::Shared(_, filter) if filter.matches(topic) => {
                        let members = shared.entry(text.clone()).or_default();
                        members.push((id.clone(), *qos));
                    }
                    FilterTarget::Plain(filter) if filter.matches(topic) => {
                        receivers.push((id.clone(), *qos));
                    }
                    FilterTarget::Exclusive(_)
                    | FilterTarget::Plain(_)
                    | FilterTarget::Shared(..) => {}
                }
            }
        }
        for (text, members) in shared {
            let turn = self.turns.entry(text).or_default();
            *turn += 1;
            receivers.push(members[*turn % members.len()].clone());
        }
        for (id, qos) in receivers {
            let qos = qos.min(message.qos);
            let copy = Message {
                qos,
                retain: false,
                ..message.clone()
            };
            let session = self.sessions.get_mut(&id).expect("it was found");
            match session.connection {
                Some(client) => self.deliver(client, &copy),
                None if qos > Qos::AtMostOnce => session.queue.push_back(copy),
                None => {}
            }
        }
    }

    fn deliver(&mut self, client: ClientNumber, message: &Message) {
        let packet_id = (message.qos > Qos::AtMostOnce).then(|| {
            let session = self.session(client);
            session.last_id = session.last_id % u16::MAX + 1;
            session
                .in_flight
                .insert(session.last_id, Some(message.clone()));
            PacketId::new(session.last_id).expect("above zero")
        });
        self.send_message(client, message, packet_id, false);
    }

    fn send_message(
        &mut self,
        client: ClientNumber,
        message: &Message,
        packet_id: Option<PacketId>,
        dup: bool,
    ) {
        let fault = (self.fault)(client, message);
        let mut payload = message.payload.clone();
        if let Fault::Corrupt(bit) = fault {
            let bit = bit as usize % (payload.len() * 8);
            payload[bit / 8] ^= 1 << (bit % 8);
        }
        let pairs = message.user.iter();
        let pairs = pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect::<Vec<_>>();
        let mut topic = message.topic.clone();
        if fault == Fault::Misroute {
            topic.pop();
            topic.push('x');
        }
        let (mut qos, mut packet_id) = (message.qos, packet_id);
        if fault == Fault::Downgrade {
            (qos, packet_id) = (Qos::AtMostOnce, None);
        }
        let connection = self.connections.get_mut(&client).expect("it is connected");
        let publish = Publish {
            dup,
            qos,
            retain: message.retain,
            packet_id,
            properties: PublishProperties {
                response_topic: message
                    .response
                    .as_deref()
                    .map(|t| TopicRef::new(t).expect("a topic")),
                correlation_data: message.correlation.as_deref(),
                user_properties: UserProperties::new(&pairs),
                ..PublishProperties::default()
            },
            ..Publish::new(TopicRef::new(&topic).expect("a topic"), &payload)
        };
        let mut bytes = Vec::new();
        let encoded = Packet::Publish(publish).encode(connection.version, &mut bytes);
        encoded.expect("it fits a packet");
        let held = connection.held.take();
        match fault {
            Fault::Drop => {}
            Fault::Swap if held.is_none() => connection.held = Some(bytes),
            Fault::None | Fault::Corrupt(_) | Fault::Downgrade | Fault::Misroute | Fault::Swap => {
                self.out.push((client, bytes));
            }
            Fault::Duplicate | Fault::DuplicateMarked => {
                self.out.push((client, bytes.clone()));
                let mut bytes = bytes;
                if fault == Fault::DuplicateMarked {
                    bytes[0] |= 0b1000;
                }
                self.out.push((client, bytes));
            }
        }
        if let Some(held) = held {
            self.out.push((client, held));
        }
    }

    fn send(&mut self, client: ClientNumber, packet: &Packet<'_>) {
        let version = self.connections[&client].version;
        let mut bytes = Vec::new();
        packet
            .encode(version, &mut bytes)
            .expect("it fits a packet");
        self.out.push((client, bytes));
    }
}
