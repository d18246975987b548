//! CONNECT and SUBSCRIBE, and what answers them.

use std::sync::Arc;

use loadgen_plan::{Place, Subscription};
use wire_client::Event;
use wire_message::{Instant, TopicName};
use wire_mqtt::{
    Connack, Connect, ConnectProperties, FilterRequest, ReasonCode, SubscribeProperties, Will,
    WillProperties,
};

use super::Accepted;
use crate::crew::Crew;
use crate::crew::member::Flags;
use crate::stamp::{Stamp, WILL};
use crate::{Out, Refusal, RefusingPacket};

/// What the client core told, without what it borrows.
#[derive(Clone, Copy, Debug)]
enum Told {
    Accepted(Accepted),
    Refused(ReasonCode),
    /// Why the first filter was refused, and how many others were granted less than was asked for.
    Subscribed {
        refused: Option<ReasonCode>,
        lower: u32,
    },
    Pong,
    Disconnected(ReasonCode),
}

impl Accepted {
    /// What a relay says, which has no limits.
    pub(in crate::crew) const RAW: Self = Self {
        session_present: false,
        receive_maximum: u16::MAX,
        takes_aliases: false,
        keep_alive_s: Some(0),
    };

    fn new(connack: &Connack<'_>) -> Self {
        let properties = &connack.properties;
        Self {
            session_present: connack.session_present,
            receive_maximum: properties.receive_maximum.map_or(u16::MAX, Into::into),
            takes_aliases: properties
                .topic_alias_maximum
                .is_some_and(|maximum| maximum > 0),
            keep_alive_s: properties.server_keep_alive_s,
        }
    }
}

impl Told {
    fn new(event: Event<'_>, asked: &[Subscription]) -> Option<Self> {
        match event {
            Event::Connected(connack) => Some(Self::Accepted(Accepted::new(&connack))),
            Event::Refused(connack) => Some(Self::Refused(connack.reason)),
            Event::Subscribed(suback) => {
                let refused = suback.codes.iter().find(|code| code.is_error());
                // Below the errors a code is the QoS.
                let granted = suback.codes.iter().zip(asked);
                let lower = granted.filter(|(code, asked)| code.byte() < asked.qos.bits());
                let lower = u32::try_from(lower.count()).unwrap_or(u32::MAX);
                Some(Self::Subscribed { refused, lower })
            }
            Event::Pong => Some(Self::Pong),
            Event::Disconnected(disconnect) => Some(Self::Disconnected(disconnect.reason)),
            Event::Abandoned(_)
            | Event::Auth(_)
            | Event::Delivered(_)
            | Event::Published(..)
            | Event::Received(..)
            | Event::Released(_)
            | Event::Stray(..)
            | Event::Unsubscribed(_) => None,
        }
    }
}

impl Crew {
    pub(super) fn write_connect(&mut self, local: u32, now: Instant, out: &mut Out) {
        let plan = Arc::clone(&self.plan);
        let place = self.place(local);
        let member = &mut self.members[local as usize];
        let planned = &plan.groups[usize::from(member.group)].connect;
        let client_id = planned.client_id.text(&place);
        let username = planned.username.as_ref().map(|name| name.text(&place));
        let mut payload = Vec::new();
        let will_topic = planned.will.as_ref().map(|will| {
            let stamp = Stamp {
                stream: WILL | place.number,
                sequence: 0,
                run: self.run.0,
                intended: now,
                sent: Some(now),
            };
            self.filler.append(will.bytes.into(), &stamp, &mut payload);
            TopicName::try_from(will.topic.text(&place).as_str())
        });
        let will = planned.will.as_ref().zip(will_topic.as_ref());
        let will = will.and_then(|(will, topic)| {
            Some(Will {
                topic: topic.as_ref().ok()?.as_ref(),
                payload: &payload,
                qos: will.qos,
                retain: will.retain,
                properties: WillProperties {
                    delay_interval_s: (will.delay_s > 0).then_some(will.delay_s),
                    ..WillProperties::default()
                },
            })
        });
        let connect = Connect {
            clean_start: planned.clean_start,
            keep_alive_s: planned.keep_alive_s,
            will,
            username: username.as_deref(),
            password: planned.password.as_deref().map(str::as_bytes),
            properties: ConnectProperties {
                session_expiry_interval_s: planned.session_expiry_s,
                ..ConnectProperties::default()
            },
            ..Connect::new(planned.version, &client_id)
        };
        let written = member.client.connect(&connect, now, &mut out.bytes);
        written.expect("the plan's texts fit a CONNECT");
    }

    pub(super) fn write_subscribe(&mut self, local: u32, now: Instant, out: &mut Out) {
        let plan = Arc::clone(&self.plan);
        let place = self.place(local);
        let member = &mut self.members[local as usize];
        let planned = &plan.groups[usize::from(member.group)].subscribe;
        let filters = planned
            .iter()
            .map(|subscription| subscription.filter.text(&place));
        let filters = filters.collect::<Vec<_>>();
        let requests = filters.iter().zip(planned);
        let requests =
            requests.map(|(filter, subscription)| FilterRequest::new(filter, subscription.qos));
        let requests = requests.collect::<Vec<_>>();
        let properties = SubscribeProperties::default();
        // It is connected, and only a broker that takes next to nothing makes this fail: the stage
        // then shows a client that does not get ready.
        let _ = member
            .client
            .subscribe(&requests, properties, now, &mut out.bytes);
    }

    /// Gives a packet to the client core and does what it tells; whether the broker kept the rules.
    pub(in crate::crew) fn take_control(
        &mut self,
        local: u32,
        packet: &[u8],
        now: Instant,
        out: &mut Out,
    ) -> bool {
        let plan = Arc::clone(&self.plan);
        let member = &mut self.members[local as usize];
        let asked = &plan.groups[usize::from(member.group)].subscribe;
        let client = &mut member.client;
        let mut told = None;
        let result = client.handle_input(packet, now, &mut out.bytes, |event| {
            told = Told::new(event, asked);
        });
        if result.is_err() {
            return false;
        }
        match told {
            Some(Told::Accepted(accepted)) => self.accepted(local, accepted, now, out),
            Some(Told::Refused(reason)) => {
                self.note_refusal(RefusingPacket::Connack, reason);
                self.counters.tally.connections.refused += 1;
                self.close(local, true, out);
            }
            Some(Told::Subscribed {
                refused: Some(reason),
                ..
            }) => {
                self.note_refusal(RefusingPacket::Suback, reason);
                self.counters.tally.connections.refused += 1;
                self.leave(local, false, false, now, out);
            }
            Some(Told::Subscribed { lower, .. }) => {
                if lower > 0 {
                    let (client, _) = self.number(local);
                    let what = "a lower QoS for its subscription than it asked for";
                    self.checker.downgraded(client, what, lower.into());
                }
                self.ready(local, now, out);
            }
            Some(Told::Pong) => {
                let member = self.member(local);
                member.flags.set(Flags::PINGED, false);
                member.unanswered = 0;
            }
            Some(Told::Disconnected(reason)) => {
                self.note_refusal(RefusingPacket::Disconnect, reason);
                self.lost(local, out);
            }
            None => {}
        }
        true
    }

    fn note_refusal(&mut self, packet: RefusingPacket, reason: ReasonCode) {
        let refusal = Refusal { packet, reason };
        *self.counters.refusals.entry(refusal).or_default() += 1;
    }

    /// Where templates of a member are filled in.
    pub(in crate::crew) fn place(&self, local: u32) -> Place {
        let (client, index) = self.number(local);
        Place {
            index,
            number: client.0,
            run: self.run,
            seed: self.plan.seed,
            sequence: 0,
        }
    }
}
