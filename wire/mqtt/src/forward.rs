//! Delivering a published message: the broker's fast path around [`Packet`](crate::Packet).

use wire_message::{MessageRef, Qos};

use crate::publish::first_byte;
use crate::{PacketId, Version, varint, varint_size};

/// In which form a message goes to its receiver.
///
/// Deliveries of a message in equal forms are equal bytes, but for the packet id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form<'a> {
    /// The receiver's version.
    pub version: Version,
    /// The quality of service to deliver with.
    pub qos: Qos,
    /// The RETAIN flag to deliver with.
    pub retain: bool,
    /// Whether the packet may have been sent before.
    pub dup: bool,
    /// Written if the QoS is 1 or 2, and zeros in its place if there is none yet.
    pub packet_id: Option<PacketId>,
    /// A topic alias, and whether the topic is written beside it; 5.0 only.
    pub topic_alias: Option<(u16, bool)>,
    /// The identifiers of the subscriptions that matched; 5.0 only.
    pub subscription_ids: &'a [u32],
    /// Seconds that the message has left to live; 5.0 only.
    pub expiry_remaining_s: Option<u32>,
}

impl Form<'_> {
    /// A form with nothing optional in it.
    #[must_use]
    pub const fn new(version: Version, qos: Qos) -> Self {
        Self {
            version,
            qos,
            retain: false,
            dup: false,
            packet_id: None,
            topic_alias: None,
            subscription_ids: &[],
            expiry_remaining_s: None,
        }
    }
}

/// What was written for one delivery; offsets count from the packet's first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Bytes before the payload.
    pub head: u32,
    /// Where the two bytes of the packet id stand, high byte first; `None` with QoS 0.
    pub packet_id_at: Option<u32>,
}

/// Appends the delivery of `message` in `form` to `out`.
///
/// # Panics
///
/// If the packet would have more than 256 MiB; see [`size`].
#[inline]
pub fn encode(out: &mut Vec<u8>, message: &MessageRef<'_>, form: &Form<'_>) -> Forwarded {
    let layout = Layout::new(message, form);
    out.reserve(layout.size() + 8);
    let forwarded = layout.write(out, message, form);
    out.extend_from_slice(message.payload);
    forwarded
}

/// Appends all but the payload, for payloads that are sent from where they are.
///
/// # Panics
///
/// As [`encode`].
#[inline]
pub fn encode_head(out: &mut Vec<u8>, message: &MessageRef<'_>, form: &Form<'_>) -> Forwarded {
    Layout::new(message, form).write(out, message, form)
}

/// Bytes of the delivery of `message` in `form`, payload included: what a receiver's maximum
/// packet size is compared with, \[v5 3.1.2-24\].
#[must_use]
pub fn size(message: &MessageRef<'_>, form: &Form<'_>) -> usize {
    Layout::new(message, form).size()
}

/// The lengths in a delivery.
struct Layout {
    /// Bytes of the topic that are written.
    topic: usize,
    /// Bytes of all properties; nothing before 5.0.
    properties: usize,
    /// Everything after the fixed header.
    remaining: usize,
}

impl Layout {
    #[inline]
    fn new(message: &MessageRef<'_>, form: &Form<'_>) -> Self {
        let mut topic = message.topic.as_str().len();
        let mut properties = 0;
        let mut remaining = 2 + message.payload.len();
        if form.qos != Qos::AtMostOnce {
            remaining += 2;
        }
        if form.version == Version::V5 {
            properties = message.properties.len();
            if form.expiry_remaining_s.is_some() {
                properties += 5;
            }
            if let Some((_, with_topic)) = form.topic_alias {
                properties += 3;
                topic = if with_topic { topic } else { 0 };
            }
            for &id in form.subscription_ids {
                properties += 1 + varint_size(id) as usize;
            }
            remaining += varint_size(saturate(properties)) as usize + properties;
        }
        Self {
            topic,
            properties,
            remaining: remaining + topic,
        }
    }

    fn size(&self) -> usize {
        1 + varint_size(saturate(self.remaining)) as usize + self.remaining
    }

    #[inline]
    fn write(&self, out: &mut Vec<u8>, message: &MessageRef<'_>, form: &Form<'_>) -> Forwarded {
        let start = out.len();
        self.write_start(out, first_byte(form.qos, form.dup, form.retain));
        if self.topic > 0 {
            out.extend_from_slice(message.topic.as_str().as_bytes());
        }
        let mut packet_id_at = None;
        if form.qos != Qos::AtMostOnce {
            packet_id_at = Some(saturate(out.len() - start));
            let packet_id = form.packet_id.map_or(0, PacketId::value);
            out.extend_from_slice(&packet_id.to_be_bytes());
        }
        if form.version == Version::V5 {
            if self.properties == 0 {
                out.push(0);
            } else {
                put_varint(out, saturate(self.properties));
                put_properties(out, message.properties, form);
            }
        }
        Forwarded {
            head: saturate(out.len() - start),
            packet_id_at,
        }
    }
}

impl Layout {
    /// Writes first byte, remaining length and length of the topic.
    #[inline]
    fn write_start(&self, out: &mut Vec<u8>, first_byte: u8) {
        let remaining = saturate(self.remaining);
        let topic = u16::try_from(self.topic).expect("a topic has at most 65,535 bytes");
        let before_topic = 1 + varint_size(remaining);
        let start = u64::from(first_byte)
            | u64::from(u32::from_le_bytes(varint::encode(remaining))) << 8
            | u64::from(topic.swap_bytes()) << (8 * before_topic);
        // Eight bytes at once and the surplus cut off is less work than three pieces.
        let end = out.len() + before_topic as usize + 2;
        out.extend_from_slice(&start.to_le_bytes());
        out.truncate(end);
    }
}

fn put_properties(out: &mut Vec<u8>, forwarded: &[u8], form: &Form<'_>) {
    use crate::property::PropertyId as Id;
    if let Some(seconds) = form.expiry_remaining_s {
        let [a, b, c, d] = seconds.to_be_bytes();
        out.extend_from_slice(&[Id::MessageExpiryInterval.byte(), a, b, c, d]);
    }
    if let Some((alias, _)) = form.topic_alias {
        let [a, b] = alias.to_be_bytes();
        out.extend_from_slice(&[Id::TopicAlias.byte(), a, b]);
    }
    for &id in form.subscription_ids {
        out.push(Id::SubscriptionId.byte());
        put_varint(out, id);
    }
    out.extend_from_slice(forwarded);
}

#[inline]
fn put_varint(out: &mut Vec<u8>, value: u32) {
    let end = out.len() + varint_size(value) as usize;
    out.extend_from_slice(&varint::encode(value));
    out.truncate(end);
}

#[inline]
fn saturate(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}
