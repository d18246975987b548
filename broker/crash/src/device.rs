//! One MQTT client that notes all it does, and keeps its session as the standard demands.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::num::NonZeroU16;
use std::rc::Rc;
use std::time::Duration;

use wire_client::State;
use wire_message::{Instant, Qos, TopicRef};
use wire_mqtt::{
    Connect, ConnectProperties, Disconnect, FilterRequest, PacketId, Publish, PublishProperties,
    SubscribeProperties, UserProperties, Version, Will, WillProperties,
};

use crate::connection::{Connection, Ended};
use crate::history::{Client, ClientId, Event, Kind, MessageId};
use crate::log::Log;
use crate::payload;
use crate::told::{Mqtt, Told};

/// How a client presents itself.
#[derive(Clone, Debug)]
pub(crate) struct Card {
    pub(crate) name: String,
    pub(crate) version: Version,
    /// Seconds that the session outlives a connection; before 5.0 the broker's default of two hours.
    pub(crate) expiry_s: u32,
    /// Messages that the broker may have under way, 5.0 only.
    pub(crate) receive_maximum: Option<u16>,
    /// Messages that the client has under way at most.
    pub(crate) window: u16,
}

/// A filter with what it is subscribed with.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) filter: Rc<str>,
    pub(crate) qos: Qos,
    /// 0 for none.
    pub(crate) identifier: u32,
}

/// A message to publish.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) topic: Rc<str>,
    pub(crate) qos: Qos,
    pub(crate) kind: Kind,
    pub(crate) padding: usize,
}

/// A SUBSCRIBE or UNSUBSCRIBE without an answer.
#[derive(Debug)]
struct Request {
    filter: Rc<str>,
    subscribes: bool,
}

/// The client.
pub(crate) struct Device {
    pub(crate) id: ClientId,
    card: Card,
    mqtt: Mqtt,
    connection: Option<Connection>,
    /// Messages under way, and whether the broker answers for them.
    publishing: BTreeMap<PacketId, (MessageId, bool)>,
    requests: BTreeMap<PacketId, Request>,
    /// Filters with a SUBACK and without an UNSUBSCRIBE.
    granted: BTreeSet<Rc<str>>,
    /// The next connection starts clean, until one was accepted.
    pub(crate) clean: bool,
    /// The will of the next connection.
    pub(crate) will: Option<Draft>,
    /// The will of the last connection.
    pub(crate) left_will: Option<MessageId>,
}

impl Device {
    pub(crate) fn new(card: Card, log: &mut Log) -> Self {
        let known = Client {
            name: card.name.clone(),
            expiry: Duration::from_secs(card.expiry_s.into()),
        };
        Self {
            id: log.history.add_client(known),
            mqtt: Mqtt::new(log.seed, card.window),
            card,
            connection: None,
            publishing: BTreeMap::new(),
            requests: BTreeMap::new(),
            granted: BTreeSet::new(),
            clean: false,
            will: None,
            left_will: None,
        }
    }

    pub(crate) fn version(&self) -> Version {
        self.card.version
    }

    /// Whether there is a connection, accepted or not.
    pub(crate) const fn is_open(&self) -> bool {
        self.connection.is_some()
    }

    /// Whether CONNACK came.
    pub(crate) fn is_connected(&self) -> bool {
        self.mqtt.client.state() == State::Connected
    }

    /// Messages whose delivery to the broker is not over.
    pub(crate) fn unfinished(&self) -> usize {
        self.mqtt.client.unfinished()
    }

    pub(crate) fn has(&self, filter: &str) -> bool {
        self.granted.contains(filter)
    }

    pub(crate) fn is_asking(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Connects, if the broker accepts.
    pub(crate) fn connect(&mut self, address: SocketAddr, log: &mut Log) {
        let Some(connection) = Connection::open(address) else {
            return;
        };
        let will = self.will.as_ref().map(|will| {
            let id = log.message(self.id, &will.topic, will.qos, will.kind);
            (id, payload::encode(log.seed, id, will.padding))
        });
        let is_v5 = self.card.version == Version::V5;
        let properties = ConnectProperties {
            session_expiry_interval_s: is_v5.then_some(self.card.expiry_s),
            receive_maximum: self.card.receive_maximum.and_then(NonZeroU16::new),
            ..ConnectProperties::default()
        };
        let mut connect = Connect {
            clean_start: self.clean,
            properties,
            ..Connect::new(self.card.version, &self.card.name)
        };
        if let (Some(draft), Some((_, bytes))) = (&self.will, &will) {
            connect.will = Some(testament(draft, bytes));
        }
        let written = self
            .mqtt
            .client
            .connect(&connect, Instant::ZERO, &mut self.mqtt.out);
        written.expect("a short CONNECT can be encoded");
        self.left_will = will.map(|(id, _)| id);
        if let Some(id) = self.left_will {
            log.note(Event::Sent(id));
        }
        log.note(Event::Connecting {
            client: self.id,
            clean: self.clean,
        });
        self.requests.clear();
        self.connection = Some(connection);
    }

    /// Closes without a word.
    pub(crate) fn close(&mut self, log: &mut Log) {
        if self.connection.take().is_some() {
            self.mqtt.client.connection_lost();
            self.mqtt.out.clear();
            log.note(Event::Closed(self.id));
        }
    }

    /// Says goodbye; the broker closes when it has heard it.
    pub(crate) fn leave(&mut self) {
        // If it is not connected there is nobody to say it to.
        let _ = self
            .mqtt
            .client
            .disconnect(&Disconnect::default(), &mut self.mqtt.out);
    }

    /// Publishes if the window allows.
    pub(crate) fn publish(&mut self, draft: &Draft, log: &mut Log) {
        let id = log.message(self.id, &draft.topic, draft.qos, draft.kind);
        let mut expiry_interval_s = None;
        let mut topic = draft.topic.to_string();
        let mut payload = payload::encode(log.seed, id, draft.padding);
        match draft.kind {
            Kind::Clear => payload.clear(),
            Kind::Delayed(delay) => topic = format!("$delayed/{}/{topic}", delay.as_secs()),
            Kind::Expiring(life) => expiry_interval_s = u32::try_from(life.as_secs()).ok(),
            Kind::Plain | Kind::Retained | Kind::Will(_) => {}
        }
        let topic = TopicRef::new(&topic).expect("topics of rounds are valid");
        let publish = Publish {
            qos: draft.qos,
            retain: matches!(draft.kind, Kind::Clear | Kind::Retained),
            properties: PublishProperties {
                expiry_interval_s,
                ..PublishProperties::default()
            },
            ..Publish::new(topic, &payload)
        };
        let sent = self
            .mqtt
            .client
            .publish(&publish, Instant::ZERO, &mut self.mqtt.out);
        // A full window: the message never leaves, and nothing is noted of it.
        if let Ok(Some(packet_id)) = sent {
            self.publishing.insert(packet_id, (id, false));
            log.note(Event::Sent(id));
        }
    }

    pub(crate) fn subscribe(&mut self, wish: &Wish, log: &mut Log) {
        let identifier = if self.card.version == Version::V5 {
            wish.identifier
        } else {
            0
        };
        let properties = SubscribeProperties {
            subscription_id: Some(identifier).filter(|identifier| *identifier > 0),
            ..SubscribeProperties::default()
        };
        let request = [FilterRequest::new(&wish.filter, wish.qos)];
        let client = &mut self.mqtt.client;
        let asked = client.subscribe(&request, properties, Instant::ZERO, &mut self.mqtt.out);
        if let Ok(packet_id) = asked {
            let filter = Rc::clone(&wish.filter);
            self.requests.insert(
                packet_id,
                Request {
                    filter,
                    subscribes: true,
                },
            );
            let (client, filter, qos) = (self.id, Rc::clone(&wish.filter), wish.qos);
            log.note(Event::Subscribing {
                client,
                filter,
                qos,
                identifier,
            });
        }
    }

    pub(crate) fn unsubscribe(&mut self, filter: &Rc<str>, log: &mut Log) {
        let none = UserProperties::default();
        let client = &mut self.mqtt.client;
        let asked = client.unsubscribe(&[filter], none, Instant::ZERO, &mut self.mqtt.out);
        if let Ok(packet_id) = asked {
            let request = Request {
                filter: Rc::clone(filter),
                subscribes: false,
            };
            self.requests.insert(packet_id, request);
            self.granted.remove(filter);
            log.note(Event::Unsubscribing(self.id, Rc::clone(filter)));
        }
    }

    /// Sends what waits and takes what came.
    pub(crate) fn serve(&mut self, log: &mut Log) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let mut bytes = Vec::new();
        // What came before the end counts, and a broken pipe may still hold something.
        let sent = connection.send(&mut self.mqtt.out);
        let received = connection.receive(&mut bytes);
        for told in self.mqtt.take(&bytes) {
            self.told(told, log);
        }
        let answered = match &mut self.connection {
            Some(connection) => connection.send(&mut self.mqtt.out),
            None => Ok(()),
        };
        if let (Err(Ended), ..) | (_, Err(Ended), _) | (.., Err(Ended)) = (sent, received, answered)
        {
            self.close(log);
        }
    }

    fn told(&mut self, told: Told, log: &mut Log) {
        match told {
            Told::Abandoned(packet_id) => drop(self.publishing.remove(&packet_id)),
            Told::Connected(present) => self.connected(present, log),
            Told::Delivered(delivery) => log.note(Event::Delivered(self.id, delivery)),
            Told::Ended => self.close(log),
            Told::Finished(packet_id, reason) => {
                let ended = self.publishing.remove(&packet_id);
                match ended {
                    Some((id, false)) if !reason.is_error() => log.note(Event::Taken(id)),
                    Some((_, false)) => {
                        log.note(Event::Fault(
                            self.id,
                            format!("PUBLISH refused: {reason:?}"),
                        ));
                    }
                    // A repeated PUBREL may find nothing left.
                    Some((_, true)) | None => {}
                }
            }
            Told::Refused(why) => {
                log.note(Event::Fault(self.id, why));
                self.close(log);
            }
            Told::Requested(packet_id, granted) => self.requested(packet_id, granted, log),
            Told::Taken(packet_id) => {
                if let Some((id, taken)) = self.publishing.get_mut(&packet_id) {
                    *taken = true;
                    log.note(Event::Taken(*id));
                }
            }
        }
    }

    fn connected(&mut self, present: bool, log: &mut Log) {
        log.note(Event::Connected {
            client: self.id,
            present,
        });
        self.clean = false;
        if !present {
            self.granted.clear();
        }
        // The client has just written them again.
        for (id, _) in self.publishing.values().filter(|(_, taken)| !taken) {
            log.note(Event::Sent(*id));
        }
    }

    fn requested(&mut self, packet_id: PacketId, granted: bool, log: &mut Log) {
        let Some(request) = self.requests.remove(&packet_id) else {
            return;
        };
        let filter = request.filter;
        if !granted {
            log.note(Event::Fault(
                self.id,
                format!("subscription to {filter} refused"),
            ));
        } else if request.subscribes {
            self.granted.insert(Rc::clone(&filter));
            log.note(Event::Subscribed(self.id, filter));
        } else {
            log.note(Event::Unsubscribed(self.id, filter));
        }
    }
}

fn testament<'a>(draft: &'a Draft, payload: &'a [u8]) -> Will<'a> {
    let mut delay_interval_s = None;
    if let Kind::Will(delay) = draft.kind {
        delay_interval_s = u32::try_from(delay.as_secs()).ok();
    }
    Will {
        topic: TopicRef::new(&draft.topic).expect("topics of rounds are valid"),
        payload,
        qos: draft.qos,
        retain: false,
        properties: WillProperties {
            delay_interval_s,
            ..WillProperties::default()
        },
    }
}
