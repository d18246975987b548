//! One client of rumqttc with a thread that drives it, the same for both versions.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rumqttc::v5::mqttbytes as m5;
use rumqttc::{Packet, QoS, v5};
use tokio::runtime;
use tokio::sync::Notify;

/// What a loaded machine may need.
const DEADLINE: Duration = Duration::from_secs(20);
const PACKET_BYTES_MAX: usize = 17 << 20;

/// A version of MQTT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 3.1.1
    V311,
    /// 5.0
    V5,
}

/// Each version with a name for its topics and clients.
pub(crate) const VERSIONS: [(Version, &str); 2] = [(Version::V311, "v311"), (Version::V5, "v5")];

/// How to connect.
pub(crate) struct Options {
    id: String,
    port: u16,
    /// Clean session, or clean start with a session that ends with its connection.
    pub(crate) clean: bool,
    /// Topic of a retained will of `QoS` 1 with the payload `gone`.
    pub(crate) will: Option<String>,
}

impl Options {
    /// A clean session without a will.
    pub(crate) fn new(id: &str, port: u16) -> Self {
        Self {
            id: id.to_owned(),
            port,
            clean: true,
            will: None,
        }
    }
}

/// A message as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its topic.
    pub(crate) topic: String,
    /// Its payload.
    pub(crate) payload: Vec<u8>,
    /// Quality of service of the delivery.
    pub(crate) qos: u8,
    /// The retain flag.
    pub(crate) retain: bool,
}

#[derive(Debug)]
enum Event {
    Connected {
        session_present: bool,
    },
    Subscribed {
        granted: u8,
    },
    Message(Message),
    Acknowledged,
    #[expect(dead_code, reason = "shown when a test fails")]
    Ended(String),
}

enum Client {
    V311(rumqttc::Client),
    V5(v5::Client),
}

/// A connected client.
pub(crate) struct Peer {
    client: Client,
    events: Receiver<Event>,
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
    /// What CONNACK said.
    pub(crate) session_present: bool,
}

impl Peer {
    /// Connects.
    pub(crate) fn dial(version: Version, options: &Options) -> Self {
        let (sender, events) = channel();
        let stop = Arc::new(Notify::new());
        let flag = Arc::clone(&stop);
        let (client, thread) = match version {
            Version::V311 => {
                let (client, connection) = rumqttc::Client::new(options_311(options), 64);
                let mut events = connection.eventloop;
                let next = async move || event_311(events.poll().await);
                let thread = thread::spawn(move || drive(&flag, &sender, next));
                (Client::V311(client), thread)
            }
            Version::V5 => {
                let (client, connection) = v5::Client::new(options_5(options), 64);
                let mut events = connection.eventloop;
                let next = async move || event_5(events.poll().await);
                let thread = thread::spawn(move || drive(&flag, &sender, next));
                (Client::V5(client), thread)
            }
        };
        let mut peer = Self {
            client,
            events,
            stop,
            thread: Some(thread),
            session_present: false,
        };
        match peer.event() {
            Event::Connected { session_present } => peer.session_present = session_present,
            other => panic!("not connected: {other:?}"),
        }
        peer
    }

    fn event(&self) -> Event {
        self.events
            .recv_timeout(DEADLINE)
            .expect("something happens in time")
    }

    /// Subscribes and waits for SUBACK.
    pub(crate) fn subscribe(&self, filter: &str, qos: u8) {
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
    pub(crate) fn publish(&self, topic: &str, qos: u8, retain: bool, payload: Vec<u8>) {
        match &self.client {
            Client::V311(client) => {
                client
                    .publish(topic, qos_311(qos), retain, payload)
                    .expect("it runs");
            }
            Client::V5(client) => {
                client
                    .publish(topic, qos_5(qos), retain, payload)
                    .expect("it runs");
            }
        }
    }

    /// Waits for that many PUBACKs or PUBCOMPs.
    pub(crate) fn acknowledged(&self, count: usize) {
        for _ in 0..count {
            let event = self.event();
            assert!(matches!(event, Event::Acknowledged), "{event:?}");
        }
    }

    /// The next message.
    pub(crate) fn message(&self) -> Message {
        loop {
            match self.event() {
                Event::Message(message) => return message,
                Event::Acknowledged => {}
                other => panic!("no message: {other:?}"),
            }
        }
    }

    /// DISCONNECT, and waits for the end.
    pub(crate) fn disconnect(self) {
        match &self.client {
            Client::V311(client) => client.disconnect().expect("it runs"),
            Client::V5(client) => client.disconnect().expect("it runs"),
        }
        while !matches!(self.event(), Event::Ended(_)) {}
    }

    /// The socket goes without DISCONNECT.
    pub(crate) fn vanish(self) {
        drop(self);
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stop.notify_one();
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
        wanted.set_last_will(rumqttc::LastWill::new(
            topic,
            "gone",
            QoS::AtLeastOnce,
            true,
        ));
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

/// Sends on what `next` gives until it is the end, or until `stop`.
fn drive(stop: &Notify, to: &Sender<Event>, mut next: impl AsyncFnMut() -> Option<Event>) {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .expect("a thread may have a runtime")
        .block_on(async {
            loop {
                let event = tokio::select! {
                    () = stop.notified() => return,
                    event = next() => event,
                };
                let Some(event) = event else { continue };
                let is_end = matches!(event, Event::Ended(_));
                if to.send(event).is_err() || is_end {
                    return;
                }
            }
        });
}

/// What a step of the 3.1.1 client means, if anything.
fn event_311(step: Result<rumqttc::Event, rumqttc::ConnectionError>) -> Option<Event> {
    let packet = match step {
        Err(error) => return Some(Event::Ended(error.to_string())),
        Ok(rumqttc::Event::Incoming(packet)) => packet,
        Ok(rumqttc::Event::Outgoing(_)) => return None,
    };
    Some(match packet {
        Packet::ConnAck(packet) => Event::Connected {
            session_present: packet.session_present,
        },
        Packet::SubAck(packet) => match packet.return_codes[0] {
            rumqttc::SubscribeReasonCode::Success(qos) => Event::Subscribed { granted: qos as u8 },
            rumqttc::SubscribeReasonCode::Failure => Event::Subscribed { granted: 0x80 },
        },
        Packet::Publish(packet) => Event::Message(Message {
            topic: packet.topic,
            payload: packet.payload.to_vec(),
            qos: packet.qos as u8,
            retain: packet.retain,
        }),
        Packet::PubAck(_) | Packet::PubComp(_) => Event::Acknowledged,
        _ => return None,
    })
}

/// What a step of the 5.0 client means, if anything.
fn event_5(step: Result<v5::Event, v5::ConnectionError>) -> Option<Event> {
    use m5::v5::{Packet, SubscribeReasonCode};
    let packet = match step {
        Err(error) => return Some(Event::Ended(error.to_string())),
        Ok(v5::Event::Incoming(packet)) => packet,
        Ok(v5::Event::Outgoing(_)) => return None,
    };
    Some(match packet {
        Packet::ConnAck(packet) => Event::Connected {
            session_present: packet.session_present,
        },
        Packet::SubAck(packet) => match packet.return_codes[0] {
            SubscribeReasonCode::Success(qos) => Event::Subscribed { granted: qos as u8 },
            _ => Event::Subscribed { granted: 0x80 },
        },
        Packet::Publish(packet) => Event::Message(Message {
            topic: String::from_utf8_lossy(&packet.topic).into_owned(),
            payload: packet.payload.to_vec(),
            qos: packet.qos as u8,
            retain: packet.retain,
        }),
        Packet::PubAck(_) | Packet::PubComp(_) => Event::Acknowledged,
        _ => return None,
    })
}

fn qos_311(qos: u8) -> QoS {
    rumqttc::qos(qos).expect("0, 1 or 2")
}

fn qos_5(qos: u8) -> m5::QoS {
    m5::qos(qos).expect("0, 1 or 2")
}
