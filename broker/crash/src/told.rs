//! What the MQTT client tells, as values that outlive the bytes they came in.

use std::rc::Rc;

use wire_client::{Event, Settings};
use wire_message::{Instant, Qos};
use wire_mqtt::{PacketId, ReasonCode};

use crate::history::Delivery;
use crate::payload;

/// An event of the client.
#[derive(Debug)]
pub(crate) enum Told {
    Abandoned(PacketId),
    Connected(bool),
    Delivered(Delivery),
    /// The broker stops, or is not ready yet: no fault.
    Ended,
    /// PUBACK, PUBCOMP, or a PUBREC with an error.
    Finished(PacketId, ReasonCode),
    Refused(String),
    /// SUBACK or UNSUBACK, and whether it grants all that was asked for.
    Requested(PacketId, bool),
    /// PUBREC.
    Taken(PacketId),
}

/// The client with its session, its buffer for the socket and what it told.
pub(crate) struct Mqtt {
    pub(crate) client: wire_client::Client,
    pub(crate) out: Vec<u8>,
    seed: u64,
}

impl Mqtt {
    pub(crate) fn new(seed: u64, inflight_max: u16) -> Self {
        let settings = Settings {
            inflight_max,
            ..Settings::default()
        };
        Self {
            client: wire_client::Client::new(settings),
            out: Vec::new(),
            seed,
        }
    }

    /// Takes what came; a broken rule of the protocol ends what was told.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<Told> {
        let (mut told, seed) = (Vec::new(), self.seed);
        let taken = self
            .client
            .handle_input(bytes, Instant::ZERO, &mut self.out, |event| {
                told.extend(Told::of(&event, seed));
            });
        if let Err(error) = taken {
            told.push(Told::Refused(error.to_string()));
        }
        told
    }
}

impl Told {
    fn of(event: &Event<'_>, seed: u64) -> Option<Self> {
        let told = match event {
            Event::Abandoned(id) => Self::Abandoned(*id),
            Event::Connected(connack) => Self::Connected(connack.session_present),
            Event::Delivered(delivery) => {
                let (topic, publish) = (delivery.topic, &delivery.publish);
                Self::Delivered(Delivery {
                    message: payload::decode(seed, publish.payload),
                    topic: Rc::from(topic.as_str()),
                    qos: publish.qos,
                    retain: publish.retain,
                    empty: publish.payload.is_empty(),
                    identifiers: publish.properties.subscription_ids.iter().collect(),
                })
            }
            Event::Disconnected(disconnect) => ended("disconnected", disconnect.reason),
            Event::Published(id, reason) => Self::Finished(*id, *reason),
            Event::Received(id, _) => Self::Taken(*id),
            Event::Refused(connack) => ended("refused", connack.reason),
            Event::Subscribed(suback) => {
                let granted = suback.codes.iter().all(|code| !code.is_error());
                Self::Requested(suback.packet_id, granted)
            }
            Event::Unsubscribed(unsuback) => Self::Requested(unsuback.packet_id, true),
            Event::Auth(_) => Self::Refused("AUTH without having asked".to_owned()),
            Event::Pong | Event::Released(_) | Event::Stray(..) => return None,
        };
        Some(told)
    }
}

/// The end of a connection, by the broker.
fn ended(how: &str, reason: ReasonCode) -> Told {
    let passing = [
        ReasonCode::ServerShuttingDown,
        ReasonCode::ServerUnavailable,
        ReasonCode::ServerBusy,
    ];
    if passing.contains(&reason) {
        return Told::Ended;
    }
    Told::Refused(format!("{how}: {reason:?}"))
}

/// QoS 1 and 2, by number.
pub(crate) const fn qos(bits: u64) -> Qos {
    if bits == 2 {
        Qos::ExactlyOnce
    } else {
        Qos::AtLeastOnce
    }
}
