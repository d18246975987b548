//! Clients that answer requests.

use std::collections::VecDeque;

use loadgen_plan::Responding;
use wire_message::Qos;
use wire_mqtt::{Packet, PacketId, Publish, PublishProperties, Version};

use super::Crew;
use crate::Out;
use crate::limits::ANSWERS_MAX;

/// The answers of one client.
#[derive(Debug, Default)]
pub(super) struct Responder {
    last_id: u16,
    /// Answers of QoS 1 that the broker has not acknowledged.
    open: u16,
    receive_maximum: u16,
    /// Answers that wait for acknowledgements of others; whole packets without their id.
    waiting: VecDeque<Waiting>,
}

/// An answer that waits.
#[derive(Debug)]
struct Waiting {
    packet: Box<[u8]>,
    packet_id_at: u32,
}

impl Responder {
    /// A new connection begins.
    pub(super) fn restart(&mut self) {
        self.open = 0;
        self.waiting.clear();
    }

    fn next_id(&mut self) -> PacketId {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1).max(2);
        PacketId::new(self.last_id).expect("the number is two at least")
    }

    /// Writes answers as long as the broker takes them.
    fn flush(&mut self, out: &mut Vec<u8>) {
        while self.open < self.receive_maximum {
            let Some(mut waiting) = self.waiting.pop_front() else {
                return;
            };
            let at = waiting.packet_id_at as usize;
            let id = self.next_id().value().to_be_bytes();
            waiting.packet[at..at + 2].copy_from_slice(&id);
            out.extend_from_slice(&waiting.packet);
            self.open += 1;
        }
    }
}

impl Crew {
    pub(super) fn set_responder_maximum(&mut self, local: u32, receive_maximum: u16) {
        let group = self.members[local as usize].group;
        if self.plan.groups[usize::from(group)].respond.is_some() {
            let responder = self.member(local).responder.get_or_insert_default();
            responder.receive_maximum = receive_maximum;
        }
    }

    /// Answers a request with its own payload.
    pub(super) fn answer(&mut self, local: u32, request: &Publish<'_>, out: &mut Out) {
        let member = &mut self.members[local as usize];
        let Some(Responding { qos }) = self.plan.groups[usize::from(member.group)].respond else {
            return;
        };
        let Some(topic) = request.properties.response_topic else {
            return;
        };
        let answer = Publish {
            qos,
            packet_id: PacketId::new(1),
            properties: PublishProperties {
                correlation_data: request.properties.correlation_data,
                ..PublishProperties::default()
            },
            ..Publish::new(topic, request.payload)
        };
        let packet = Packet::Publish(answer);
        // Only a request whose fields fit a packet was received.
        if qos == Qos::AtMostOnce {
            let _ = packet.encode(Version::V5, &mut out.bytes);
            return;
        }
        let Some(responder) = member.responder.as_mut() else {
            return;
        };
        let mut bytes = Vec::new();
        if packet.encode(Version::V5, &mut bytes).is_err() || responder.waiting.len() >= ANSWERS_MAX
        {
            return;
        }
        let length_bytes = bytes
            .iter()
            .skip(1)
            .take_while(|&&byte| byte >= 0x80)
            .count()
            + 1;
        let packet_id_at = 1 + length_bytes + 2 + topic.as_str().len();
        responder.waiting.push_back(Waiting {
            packet: bytes.into_boxed_slice(),
            packet_id_at: u32::try_from(packet_id_at).expect("a topic is short"),
        });
        responder.flush(&mut out.bytes);
    }

    /// The broker has an answer.
    pub(super) fn answer_acknowledged(&mut self, local: u32, out: &mut Out) {
        if let Some(responder) = &mut self.member(local).responder {
            responder.open = responder.open.saturating_sub(1);
            responder.flush(&mut out.bytes);
        }
    }
}
