//! Bytes from the broker: packets are cut out and handed on by kind.

use wire_message::{Instant, Qos};
use wire_mqtt::{
    AckKind, Frame, PLAIN_ACK_BYTES, Packet, PacketId, PlainPublish, Publish, ReasonCode, Side,
    Version, encode_ack, frame, plain_ack,
};

use super::Crew;
use super::connect::Accepted;
use super::deliver::Arrival;
use super::member::{Flags, Phase};
use super::raw::ACCEPTED;
use super::streak::Streak;
use crate::Out;
use crate::limits::PACKET_BYTES_MAX;

/// The broker broke a rule; the connection is of no more use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken;

impl Crew {
    pub(super) fn receive(&mut self, local: u32, bytes: &[u8], now: Instant, out: &mut Out) {
        let member = &mut self.members[local as usize];
        if matches!(
            member.phase,
            Phase::Offline | Phase::Opening | Phase::Closing
        ) {
            return;
        }
        let pending = core::mem::take(&mut member.pending);
        let slow = !self.slow.is_empty() || !self.group_of(local).is_measured;
        if slow {
            self.read_slowly(local, bytes.len(), now, out);
        }
        let result = if pending.is_empty() {
            let taken = self.take(local, bytes, now, out);
            taken.map(|taken| bytes[taken..].to_vec())
        } else {
            self.take_pending(local, pending, bytes, now, out)
        };
        let Ok(rest) = result else {
            out.discard();
            self.lost(local, out);
            return;
        };
        let member = self.member(local);
        if member.phase != Phase::Closing {
            member.pending = rest;
        }
        self.assign(local, now, out);
    }

    /// Takes bytes behind the beginning of a packet that came before.
    fn take_pending(
        &mut self,
        local: u32,
        mut pending: Vec<u8>,
        bytes: &[u8],
        now: Instant,
        out: &mut Out,
    ) -> Result<Vec<u8>, Broken> {
        pending.extend_from_slice(bytes);
        let taken = self.take(local, &pending, now, out)?;
        if taken == pending.len() {
            return Ok(Vec::new());
        }
        pending.drain(..taken);
        Ok(pending)
    }

    /// Takes the whole packets at the start of `bytes`, and returns how many bytes they have.
    fn take(
        &mut self,
        local: u32,
        bytes: &[u8],
        now: Instant,
        out: &mut Out,
    ) -> Result<usize, Broken> {
        let mut streak = Streak::default();
        let taken = self.take_packets(local, bytes, &mut streak, now, out);
        self.end_streak(&mut streak, now);
        taken
    }

    fn take_packets<'a>(
        &mut self,
        local: u32,
        bytes: &'a [u8],
        streak: &mut Streak<'a>,
        now: Instant,
        out: &mut Out,
    ) -> Result<usize, Broken> {
        let version = self.group_of(local).version;
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.members[local as usize].phase {
                Phase::Subscribing | Phase::Ready => {
                    if let Some((plain, size)) = PlainPublish::parse(rest, version) {
                        rest = &rest[size as usize..];
                        let is_first = plain.packet_id.is_none_or(|(_, id)| {
                            self.is_first(local, plain.qos, id, false, version, out)
                        });
                        if is_first {
                            self.deliver(local, &Arrival::plain(&plain, size), streak, now);
                        }
                        continue;
                    }
                    if let Some((kind, packet_id)) = plain_ack(rest) {
                        rest = &rest[PLAIN_ACK_BYTES as usize..];
                        let reason = ReasonCode::Success;
                        self.acknowledged(local, kind, packet_id, reason, now, out);
                        continue;
                    }
                }
                Phase::Connecting if self.plan.target.raw => {
                    if rest[0] != ACCEPTED {
                        return Err(Broken);
                    }
                    rest = &rest[1..];
                    self.accepted(local, Accepted::RAW, now, out);
                    continue;
                }
                Phase::Connecting => {}
                // What comes after the end is nobody's business.
                Phase::Closing | Phase::Offline | Phase::Opening => return Ok(bytes.len()),
            }
            let Frame::Whole { size } = frame(rest, PACKET_BYTES_MAX).map_err(|_| Broken)? else {
                break;
            };
            let (packet, behind) = rest.split_at(size as usize);
            rest = behind;
            self.take_packet(local, packet, streak, now, out)?;
        }
        Ok(bytes.len() - rest.len())
    }

    fn take_packet<'a>(
        &mut self,
        local: u32,
        packet: &'a [u8],
        streak: &mut Streak<'a>,
        now: Instant,
        out: &mut Out,
    ) -> Result<(), Broken> {
        let version = self.group_of(local).version;
        if !self.members[local as usize].phase.is_connected() {
            return if self.take_control(local, packet, now, out) {
                Ok(())
            } else {
                Err(Broken)
            };
        }
        if packet[0] >> 4 == 3 {
            let publish = Publish::decode(packet, version, Side::Client).map_err(|_| Broken)?;
            let size = u32::try_from(packet.len()).unwrap_or(u32::MAX);
            return self.take_publish(local, size, &publish, streak, now, out);
        }
        if matches!(packet[0] >> 4, 4..=7) {
            let packet = Packet::decode(packet, version, Side::Client).map_err(|_| Broken)?;
            let (kind, ack) = match packet {
                Packet::Puback(ack) => (AckKind::Puback, ack),
                Packet::Pubrec(ack) => (AckKind::Pubrec, ack),
                Packet::Pubrel(ack) => (AckKind::Pubrel, ack),
                Packet::Pubcomp(ack) => (AckKind::Pubcomp, ack),
                Packet::Connect(_)
                | Packet::Connack(_)
                | Packet::Publish(_)
                | Packet::Subscribe(_)
                | Packet::Suback(_)
                | Packet::Unsubscribe(_)
                | Packet::Unsuback(_)
                | Packet::Pingreq
                | Packet::Pingresp
                | Packet::Disconnect(_)
                | Packet::Auth(_) => return Err(Broken),
            };
            self.acknowledged(local, kind, ack.packet_id, ack.reason, now, out);
            return Ok(());
        }
        if self.take_control(local, packet, now, out) {
            Ok(())
        } else {
            Err(Broken)
        }
    }

    /// Answers a message of QoS 1 or 2; whether it was not answered before.
    fn is_first(
        &mut self,
        local: u32,
        qos: Qos,
        packet_id: PacketId,
        dup: bool,
        version: Version,
        out: &mut Out,
    ) -> bool {
        if self.plan.target.raw {
            return true;
        }
        let (kind, is_first) = if qos == Qos::ExactlyOnce {
            let member = self.member(local);
            let is_first = member.unreleased.insert(packet_id);
            if !is_first {
                // Brokers send again after a reconnection only [v5 4.4.0-1].
                let may_repeat = dup && member.epoch > u16::from(member.flags.has(Flags::LATE));
                let (client, _) = self.number(local);
                self.checker.sent_again(client, may_repeat);
            }
            (AckKind::Pubrec, is_first)
        } else {
            (AckKind::Puback, true)
        };
        encode_ack(
            kind,
            packet_id,
            ReasonCode::Success,
            version,
            &mut out.bytes,
        );
        is_first
    }

    /// A message with something beside topic and payload.
    fn take_publish<'a>(
        &mut self,
        local: u32,
        bytes: u32,
        publish: &Publish<'a>,
        streak: &mut Streak<'a>,
        now: Instant,
        out: &mut Out,
    ) -> Result<(), Broken> {
        // The crew allows the broker no aliases.
        let topic = publish
            .topic
            .filter(|_| publish.properties.topic_alias.is_none());
        let topic = topic.ok_or(Broken)?;
        let version = self.group_of(local).version;
        let is_first = publish
            .packet_id
            .is_none_or(|id| self.is_first(local, publish.qos, id, publish.dup, version, out));
        if is_first {
            let arrival = Arrival {
                topic: topic.as_str().as_bytes(),
                payload: publish.payload,
                bytes,
                qos: publish.qos,
                dup: publish.dup,
                retain: publish.retain,
                correlation: publish.properties.correlation_data,
            };
            let is_whole = self.deliver(local, &arrival, streak, now);
            if is_whole {
                self.answer(local, publish, out);
            }
        }
        Ok(())
    }
}
