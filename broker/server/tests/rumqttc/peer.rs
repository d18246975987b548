//! One client of rumqttc with a thread that drives it, the same for both versions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rumqttc::v5::mqttbytes as m5;
use rumqttc::{Packet, QoS, v5};

/// What a loaded machine may need.
const DEADLINE: Duration = Duration::from_secs(20);
/// How often a client that hears nothing looks whether it shall end.
const TICK: Duration = Duration::from_millis(20);
const PACKET_BYTES_MAX: usize = 17 << 20;

/// A version of MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 3.1.1
    V311,
    /// 5.0
    V5,
}

/// Each version with a name for its topics and clients.
pub const VERSIONS: [(Version, &str); 2] = [(Version::V311, "v311"), (Version::V5, "v5")];

/// How to connect.
pub struct Options {
    id: String,
    port: u16,
    /// Clean session, or clean start with a session that ends with its connection.
    pub clean: bool,
    /// Topic of a retained will of `QoS` 1 with the payload `gone`.
    pub will: Option<String>,
}

impl Options {
    /// A clean session without a will.
    pub fn new(id: &str, port: u16) -> Self {
        Self { id: id.to_owned(), port, clean: true, will: None }
    }
}

/// A message as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its topic.
    pub topic: String,
    /// Its payload.
    pub payload: Vec<u8>,
    /// Quality of service of the delivery.
    pub qos: u8,
    /// The retain flag.
    pub retain: bool,
}

#[derive(Debug)]
enum Event {
    Connected { session_present: bool },
    Subscribed { granted: u8 },
    Message(Message),
    Acknowledged,
    Ended(String),
}

enum Client {
    V311(rumqttc::Client),
    V5(v5::Client),
}

/// A connected client.
pub struct Peer {
    client: Client,
    events: Receiver<Event>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// What CONNACK said.
    pub session_present: bool,
}

impl Peer {
    /// Connects.
    pub fn dial(version: Version, options: &Options) -> Self {
        let (sender, events) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let (client, thread) = match version {
            Version::V311 => {
                let (client, connection) = rumqttc::Client::new(options_311(options), 64);
                (Client::V311(client), thread::spawn(move || drive_311(connection, &sender, &flag)))
            }
            Version::V5 => {
                let (client, connection) = v5::Client::new(options_5(options), 64);
                (Client::V5(client), thread::spawn(move || drive_5(connection, &sender, &flag)))
            }
        };
        let mut peer = Self { client, events, stop, thread: Some(thread), session_present: false };
        match peer.event() {
            Event::Connected { session_present } => peer.session_present = session_present,
            other => panic!("not connected: {other:?}"),
        }
        peer
    }

    fn event(&self) -> Event {
        self.events.recv_timeout(DEADLINE).expect("something happens in time")
    }

    /// Subscribes and waits for SUBACK.
    pub fn subscribe(&self, filter: &str, qos: u8) {
        match &self.client {
            Client::V311(client) => client.subscribe(filter, qos_311(qos)).expect("it runs"),
            Client::V5(client) => client.subscribe(filter, qos_5(qos)).expect("it runs"),
        }
        match self.event() {
            Event::Subscribed { granted } => assert_eq!(granted, qos),
            other => panic!("not subscribed: {other:?}"),
        }
    }

    /// Publishes without waiting for an acknowledgement.
    pub fn publish(&self, topic: &str, qos: u8, retain: bool, payload: Vec<u8>) {
        match &self.client {
            Client::V311(client) => {
                client.publish(topic, qos_311(qos), retain, payload).expect("it runs");
            }
            Client::V5(client) => {
                client.publish(topic, qos_5(qos), retain, payload).expect("it runs");
            }
        }
    }

    /// Waits for that many PUBACKs or PUBCOMPs.
    pub fn acknowledged(&self, count: usize) {
        for _ in 0..count {
            let event = self.event();
            assert!(matches!(event, Event::Acknowledged), "{event:?}");
        }
    }

    /// The next message.
    pub fn message(&self) -> Message {
        loop {
            match self.event() {
                Event::Message(message) => return message,
                Event::Acknowledged => {}
                other => panic!("no message: {other:?}"),
            }
        }
    }

    /// DISCONNECT, and waits for the end.
    pub fn disconnect(self) {
        match &self.client {
            Client::V311(client) => client.disconnect().expect("it runs"),
            Client::V5(client) => client.disconnect().expect("it runs"),
        }
        while !matches!(self.event(), Event::Ended(_)) {}
    }

    /// The socket goes without DISCONNECT.
    pub fn vanish(self) {
        drop(self);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // Its panic has been reported by then.
            let _ = thread.join();
        }
    }
}

fn options_311(options: &Options) -> rumqttc::MqttOptions {
    let mut wanted = rumqttc::MqttOptions::new(&options.id, "127.0.0.1", options.port);
    wanted.set_clean_session(options.clean);
    wanted.set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX);
    if let Some(topic) = &options.will {
        wanted.set_last_will(rumqttc::LastWill::new(topic, "gone", QoS::AtLeastOnce, true));
    }
    wanted
}

fn options_5(options: &Options) -> v5::MqttOptions {
    let mut wanted = v5::MqttOptions::new(&options.id, "127.0.0.1", options.port);
    wanted.set_clean_start(options.clean);
    wanted.set_session_expiry_interval(Some(if options.clean { 0 } else { 300 }));
    wanted.set_max_packet_size(u32::try_from(PACKET_BYTES_MAX).ok());
    if let Some(topic) = &options.will {
        let will = m5::v5::LastWill::new(topic, "gone", m5::QoS::AtLeastOnce, true, None);
        wanted.set_last_will(will);
    }
    wanted
}

fn drive_311(mut connection: rumqttc::Connection, to: &Sender<Event>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let event = match connection.recv_timeout(TICK) {
            Err(_) => continue,
            Ok(Err(error)) => {
                let _ = to.send(Event::Ended(error.to_string()));
                return;
            }
            Ok(Ok(rumqttc::Event::Incoming(Packet::ConnAck(packet)))) => {
                Event::Connected { session_present: packet.session_present }
            }
            Ok(Ok(rumqttc::Event::Incoming(Packet::SubAck(packet)))) => match packet.return_codes[0] {
                rumqttc::SubscribeReasonCode::Success(qos) => Event::Subscribed { granted: qos as u8 },
                rumqttc::SubscribeReasonCode::Failure => Event::Subscribed { granted: 0x80 },
            },
            Ok(Ok(rumqttc::Event::Incoming(Packet::Publish(packet)))) => Event::Message(Message {
                topic: packet.topic,
                payload: packet.payload.to_vec(),
                qos: packet.qos as u8,
                retain: packet.retain,
            }),
            Ok(Ok(rumqttc::Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)))) => Event::Acknowledged,
            Ok(Ok(_)) => continue,
        };
        if to.send(event).is_err() {
            return;
        }
    }
}

fn drive_5(mut connection: v5::Connection, to: &Sender<Event>, stop: &AtomicBool) {
    use m5::v5::{Packet, SubscribeReasonCode};
    while !stop.load(Ordering::Relaxed) {
        let event = match connection.recv_timeout(TICK) {
            Err(_) => continue,
            Ok(Err(error)) => {
                let _ = to.send(Event::Ended(error.to_string()));
                return;
            }
            Ok(Ok(v5::Event::Incoming(Packet::ConnAck(packet)))) => {
                Event::Connected { session_present: packet.session_present }
            }
            Ok(Ok(v5::Event::Incoming(Packet::SubAck(packet)))) => match packet.return_codes[0] {
                SubscribeReasonCode::Success(qos) => Event::Subscribed { granted: qos as u8 },
                _ => Event::Subscribed { granted: 0x80 },
            },
            Ok(Ok(v5::Event::Incoming(Packet::Publish(packet)))) => Event::Message(Message {
                topic: String::from_utf8_lossy(&packet.topic).into_owned(),
                payload: packet.payload.to_vec(),
                qos: packet.qos as u8,
                retain: packet.retain,
            }),
            Ok(Ok(v5::Event::Incoming(Packet::PubAck(_) | Packet::PubComp(_)))) => Event::Acknowledged,
            Ok(Ok(_)) => continue,
        };
        if to.send(event).is_err() {
            return;
        }
    }
}

fn qos_311(qos: u8) -> QoS {
    rumqttc::qos(qos).expect("0, 1 or 2")
}

fn qos_5(qos: u8) -> m5::QoS {
    m5::qos(qos).expect("0, 1 or 2")
}
