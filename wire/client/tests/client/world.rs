//! A client, its output and what it told.

use wire_client::{Client, ClientError, Event, Settings};
use wire_message::{Instant, Qos, TopicRef};
use wire_mqtt::{Connack, ConnackProperties, Connect, Packet, Publish, Version};

/// A client with a buffer for each thing that it gives.
pub(crate) struct World {
    pub(crate) client: Client,
    pub(crate) now: Instant,
    pub(crate) out: Vec<u8>,
    pub(crate) told: Vec<String>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            client: Client::new(settings),
            now: Instant::from_secs(100),
            out: Vec::new(),
            told: Vec::new(),
        }
    }

    /// A client whose clean start the broker accepted.
    pub(crate) fn connected(version: Version, properties: ConnackProperties<'_>) -> Self {
        let mut world = Self::new(Settings::default());
        world.connect(&Connect::new(version, "c"), false, properties);
        world
    }

    /// Connects, answered by a CONNACK without an error; forgets what both wrote.
    pub(crate) fn connect(
        &mut self,
        connect: &Connect<'_>,
        session_present: bool,
        properties: ConnackProperties<'_>,
    ) {
        self.open(connect);
        let connack = Connack {
            session_present,
            properties,
            ..Connack::default()
        };
        self.feed(&Packet::Connack(connack))
            .expect("CONNACK is valid");
    }

    pub(crate) fn open(&mut self, connect: &Connect<'_>) {
        self.client
            .connect(connect, self.now, &mut self.out)
            .expect("CONNECT can be encoded");
        self.out.clear();
        self.told.clear();
    }

    /// A packet from the broker.
    pub(crate) fn feed(&mut self, packet: &Packet<'_>) -> Result<(), ClientError> {
        let mut bytes = Vec::new();
        packet
            .encode(self.client.version(), &mut bytes)
            .expect("the test's packet can be encoded");
        self.feed_bytes(&bytes)
    }

    pub(crate) fn feed_bytes(&mut self, bytes: &[u8]) -> Result<(), ClientError> {
        let told = &mut self.told;
        self.client
            .handle_input(bytes, self.now, &mut self.out, |event| {
                told.push(text(&event));
            })
    }

    pub(crate) fn publish(&mut self, topic: &str, payload: &[u8], qos: Qos) {
        self.client
            .publish(&message(topic, payload, qos), self.now, &mut self.out)
            .expect("the message may be published");
    }

    /// What was written since the last look.
    pub(crate) fn sent(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.out)
    }

    /// What was told since the last look.
    pub(crate) fn told(&mut self) -> Vec<String> {
        core::mem::take(&mut self.told)
    }
}

/// A message to publish.
pub(crate) fn message<'a>(topic: &'a str, payload: &'a [u8], qos: Qos) -> Publish<'a> {
    let topic = TopicRef::new(topic).expect("the test's topic is valid");
    Publish {
        qos,
        ..Publish::new(topic, payload)
    }
}

/// An event in a few words.
pub(crate) fn text(event: &Event<'_>) -> String {
    match event {
        Event::Abandoned(id) => format!("abandoned {}", id.value()),
        Event::Auth(auth) => format!("auth {:?}", auth.reason),
        Event::Connected(connack) => format!("connected {}", connack.session_present),
        Event::Delivered(delivery) => format!(
            "delivered {} {}",
            delivery.topic,
            String::from_utf8_lossy(delivery.publish.payload)
        ),
        Event::Disconnected(disconnect) => format!("disconnected {:?}", disconnect.reason),
        Event::Pong => "pong".to_owned(),
        Event::Published(id, reason) => format!("published {} {reason:?}", id.value()),
        Event::Received(id, reason) => format!("received {} {reason:?}", id.value()),
        Event::Refused(connack) => format!("refused {:?}", connack.reason),
        Event::Released(id) => format!("released {}", id.value()),
        Event::Stray(kind, id, reason) => format!("stray {kind:?} {} {reason:?}", id.value()),
        Event::Subscribed(suback) => {
            format!("subscribed {} {:?}", suback.packet_id.value(), suback.codes)
        }
        Event::Unsubscribed(unsuback) => {
            format!(
                "unsubscribed {} {:?}",
                unsuback.packet_id.value(),
                unsuback.codes
            )
        }
    }
}
