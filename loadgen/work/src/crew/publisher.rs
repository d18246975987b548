//! One publisher of a crew, and how its messages are written.

use std::collections::VecDeque;

use loadgen_plan::{Place, Publishing, Size};
use wire_message::{Instant, Qos, TopicRef};
use wire_mqtt::{
    Packet, PacketId, Publish, PublishProperties, UserProperties, Version, varint_size,
};

use super::group::Form;
use crate::limits::RECENT_NANOS;
use crate::outflow::{Outflow, WaitsFor};
use crate::stamp::{Filler, Stamp};
use crate::window::Window;

const DUP: u8 = 0b1000;

/// A client that publishes.
#[derive(Debug)]
pub(super) struct Publisher {
    pub(super) member: u32,
    pub(super) stream: u32,
    /// The next message.
    pub(super) sequence: u32,
    /// Copies of each message that are expected to arrive, answers included.
    pub(super) copies: u32,
    pub(super) group: u16,
    /// Messages of QoS 1 and 2 that the broker takes at once.
    pub(super) receive_maximum: u16,
    pub(super) head: Head,
    pub(super) alias: Option<Box<Alias>>,
    pub(super) outflow: Option<Box<Outflow>>,
    /// Messages that are due and could not be sent.
    pub(super) owed: VecDeque<Instant>,
    pub(super) window: Option<Box<Window>>,
    /// Messages that the broker may never have got.
    pub(super) uncertain: u64,
    pub(super) answers: u64,
    /// Where the record of the answers is, if each message gets one.
    pub(super) answer_at: Option<u32>,
    /// The mark of the topic of answers, if it asks.
    pub(super) answer_mark: u32,
    recent: Recent,
    /// Empty messages that are still to be sent, to remove what is retained.
    pub(super) clears: u32,
    /// Whether it is on the list of those that may send.
    pub(super) is_listed: bool,
}

/// A topic that an alias stands for.
#[derive(Debug)]
pub(super) struct Alias {
    /// With topic and alias.
    introduce: Head,
    /// With the alias alone.
    after: Head,
    is_known: bool,
}

/// What stands before the payload.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// From the topic's length on; from the first byte on if all payloads have the same size.
    bytes: Box<[u8]>,
    /// Where the topic's length stands; zero if the fixed header is not among the bytes.
    topic_at: u16,
    /// Where the packet id stands, counted from the start of the bytes.
    packet_id_at: u16,
    /// Bytes from the start of the correlation data to the end; zero if there are none.
    correlation_from_end: u16,
}

/// A message to be written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outgoing {
    pub(super) sequence: u32,
    pub(super) intended: Instant,
    pub(super) sent: Instant,
    pub(super) packet_id: Option<PacketId>,
    pub(super) dup: bool,
}

/// What is the same for all messages of a crew.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ink<'a> {
    pub(super) filler: &'a Filler,
    pub(super) run: u32,
    pub(super) seed: u64,
}

/// How many messages were sent lately.
#[derive(Debug, Default)]
struct Recent {
    /// Sequence numbers at the beginning of this piece of time and of the one before.
    mark: u32,
    earlier: u32,
    marked_at: Instant,
}

impl Publisher {
    pub(super) fn new(member: u32, stream: u32, group: u16, copies: u32, head: Head) -> Self {
        Self {
            member,
            stream,
            sequence: 0,
            copies,
            group,
            receive_maximum: u16::MAX,
            head,
            alias: None,
            outflow: None,
            owed: VecDeque::new(),
            window: None,
            uncertain: 0,
            answers: 0,
            answer_at: None,
            answer_mark: 0,
            recent: Recent::default(),
            clears: 0,
            is_listed: false,
        }
    }

    /// Appends the message as a PUBLISH to `out`.
    #[inline]
    pub(super) fn write(
        &mut self,
        form: &Form,
        ink: Ink<'_>,
        message: &Outgoing,
        out: &mut Vec<u8>,
    ) {
        let Self { head, alias, .. } = self;
        let head = match alias {
            Some(alias) if !message.dup => {
                let known = core::mem::replace(&mut alias.is_known, true);
                if known {
                    &alias.after
                } else {
                    &alias.introduce
                }
            }
            _ => &*head,
        };
        let payload = form.payload_bytes(self.stream, message.sequence, ink.seed);
        head.write(form, message, payload, out);
        if head.correlation_from_end > 0 {
            let at = out.len() - usize::from(head.correlation_from_end);
            out[at..at + 8].copy_from_slice(&correlation(self.stream, message.sequence));
        }
        let stamp = Stamp {
            stream: self.stream,
            sequence: message.sequence,
            run: ink.run,
            intended: message.intended,
            sent: Some(message.sent),
        };
        ink.filler.append(payload, &stamp, out);
    }

    /// Takes note of a message of QoS 1 or 2, and gives it a packet id.
    pub(super) fn expect_acknowledgement(
        &mut self,
        qos: Qos,
        sequence: u32,
        intended: Instant,
        now: Instant,
    ) -> PacketId {
        let waits_for = if qos == Qos::AtLeastOnce {
            WaitsFor::Puback
        } else {
            WaitsFor::Pubrec
        };
        let outflow = self.outflow.get_or_insert_default();
        outflow.push(sequence, waits_for, intended, now)
    }

    /// Takes note of a message of QoS 0 for the case that the connection is lost.
    #[inline]
    pub(super) fn note_recent(&mut self, now: Instant) {
        let since = now.as_nanos() - self.recent.marked_at.as_nanos().min(now.as_nanos());
        if since > RECENT_NANOS {
            self.recent.earlier = self.recent.mark;
            self.recent.mark = self.sequence;
            self.recent.marked_at = now;
        }
    }

    /// Messages of QoS 0 that may be lost with the connection.
    pub(super) fn take_recent(&mut self) -> u32 {
        let recent = self.sequence - self.recent.earlier;
        self.recent.mark = self.sequence;
        self.recent.earlier = self.sequence;
        recent
    }

    /// Messages that are due and wait.
    #[inline]
    pub(super) fn owes(&self) -> usize {
        self.owed.len()
    }
}

/// What names a request.
pub(super) fn correlation(stream: u32, sequence: u32) -> [u8; 8] {
    (u64::from(stream) << 32 | u64::from(sequence)).to_le_bytes()
}

impl Head {
    /// The head of a publisher's messages.
    pub(super) fn new(publishing: &Publishing, place: &Place, version: Version) -> Self {
        Self::with_alias(publishing, place, version, None)
    }

    fn with_alias(
        publishing: &Publishing,
        place: &Place,
        version: Version,
        alias: Option<(u16, bool)>,
    ) -> Self {
        let topic = publishing.topic.text(place);
        let response = publishing
            .response
            .as_ref()
            .map(|response| response.text(place));
        let pairs = publishing.user_properties.iter();
        let pairs = pairs
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect::<Vec<_>>();
        let encode = |correlation: &[u8; 8]| {
            let with_topic = alias.is_none_or(|(_, with_topic)| with_topic);
            let topic = TopicRef::new(&topic).expect("the audience has checked all topics");
            let properties = PublishProperties {
                expiry_interval_s: publishing.expiry_s,
                topic_alias: alias.and_then(|(alias, _)| core::num::NonZeroU16::new(alias)),
                response_topic: response
                    .as_deref()
                    .and_then(|text| TopicRef::new(text).ok()),
                correlation_data: response.as_ref().map(|_| correlation.as_slice()),
                user_properties: UserProperties::new(&pairs),
                ..PublishProperties::default()
            };
            let publish = Publish {
                qos: publishing.qos,
                packet_id: PacketId::new(1),
                topic: with_topic.then_some(topic),
                properties,
                ..Publish::new(topic, &[])
            };
            let mut packet = Vec::new();
            let encoded = Packet::Publish(publish).encode(version, &mut packet);
            encoded.expect("the plan's fields fit a packet");
            let remaining = u32::try_from(packet.len()).unwrap_or(u32::MAX);
            // The length of a packet of this size has as many bytes as that of its body, but for
            // sizes that no head has.
            let fixed = 1
                + (1..4)
                    .find(|&size| varint_size(remaining - 1 - size) == size)
                    .expect("a head is short");
            packet.split_off(fixed as usize)
        };
        let (mut bytes, ones) = (encode(&[0; 8]), encode(&[0xff; 8]));
        let differs = bytes.iter().zip(&ones).position(|(zero, one)| zero != one);
        let from_end = differs.map_or(0, |at| bytes.len() - at);
        let mut topic_at = 0;
        if let Size::Fixed(payload) = publishing.size {
            let first = first_byte(publishing.qos, publishing.retain);
            let mut fixed = Vec::new();
            put_fixed_header(first, short(bytes.len()) + payload, &mut fixed);
            topic_at = fixed.len();
            fixed.append(&mut bytes);
            bytes = fixed;
        }
        let topic = u16::from_be_bytes([bytes[topic_at], bytes[topic_at + 1]]);
        let narrow = |at: usize| u16::try_from(at).unwrap_or(0);
        Self {
            packet_id_at: narrow(topic_at + 2 + usize::from(topic)),
            topic_at: narrow(topic_at),
            correlation_from_end: narrow(from_end),
            bytes: bytes.into_boxed_slice(),
        }
    }

    /// Bytes of a PUBLISH with a payload of `payload` bytes.
    pub(super) fn packet_bytes(&self, payload: u32) -> u32 {
        let remaining = short(self.bytes.len()) - u32::from(self.topic_at) + payload;
        1 + varint_size(remaining) + remaining
    }

    /// Appends a retained PUBLISH of QoS 0 without payload and properties to the same topic.
    pub(super) fn write_empty(&self, version: Version, out: &mut Vec<u8>) {
        let topic = &self.bytes[usize::from(self.topic_at)..usize::from(self.packet_id_at)];
        let properties: &[u8] = if version == Version::V5 { &[0] } else { &[] };
        let first = first_byte(Qos::AtMostOnce, true);
        put_fixed_header(first, short(topic.len() + properties.len()), out);
        out.extend_from_slice(topic);
        out.extend_from_slice(properties);
    }

    /// Appends fixed header and head of a PUBLISH with a payload of `payload` bytes.
    #[inline]
    fn write(&self, form: &Form, message: &Outgoing, payload: u32, out: &mut Vec<u8>) {
        out.reserve(payload as usize + self.bytes.len() + 8);
        let packet = out.len();
        if self.topic_at == 0 {
            let first = first_byte(form.qos, form.retain);
            put_fixed_header(first, short(self.bytes.len()) + payload, out);
        }
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        if let Some(packet_id) = message.packet_id {
            let at = start + usize::from(self.packet_id_at);
            out[at..at + 2].copy_from_slice(&packet_id.value().to_be_bytes());
            out[packet] |= u8::from(message.dup) * DUP;
        }
    }
}

/// The first byte of a PUBLISH that was not sent before.
#[inline]
fn first_byte(qos: Qos, retain: bool) -> u8 {
    0x30 | qos.bits() << 1 | u8::from(retain)
}

/// A length that fits a packet.
#[inline]
fn short(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("a head is short")
}

/// Appends a packet's first byte and its remaining length.
#[inline]
fn put_fixed_header(first: u8, remaining: u32, out: &mut Vec<u8>) {
    if remaining < 0x80 {
        out.extend_from_slice(&[first, low7(remaining)]);
    } else if remaining < 0x4000 {
        out.extend_from_slice(&[first, low7(remaining) | 0x80, low7(remaining >> 7)]);
    } else {
        out.push(first);
        let mut left = remaining;
        while left >= 0x80 {
            out.push(low7(left) | 0x80);
            left >>= 7;
        }
        out.push(low7(left));
    }
}

const fn low7(number: u32) -> u8 {
    (number & 0x7f) as u8
}

impl Alias {
    /// Alias 1 for the topic of a publisher.
    pub(super) fn new(publishing: &Publishing, place: &Place, version: Version) -> Self {
        let head = |with_topic| Head::with_alias(publishing, place, version, Some((1, with_topic)));
        Self {
            introduce: head(true),
            after: head(false),
            is_known: false,
        }
    }
}
