//! The packets that most messages come in and are acknowledged with, told apart at little cost.

use wire_message::Qos;

use crate::{AckKind, PacketId, Version, varint, varint_size};

/// First byte of a PUBLISH with quality of service 0, without DUP and RETAIN.
const PLAIN: u8 = 0x30;

/// The bits of the quality of service in the first byte.
const QOS: u8 = 0x06;

/// A PUBLISH without DUP, RETAIN, properties and padding.
///
/// Its bytes are what [`crate::forward`] would write for a receiver of the same version (3.1 and
/// 3.1.1 count as one) and quality of service, but for the packet id, so they may be passed on as
/// they are. Its topic is *not checked*: compare it with one that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainPublish<'a> {
    /// The bytes of the topic.
    pub topic: &'a [u8],
    /// The application's bytes.
    pub payload: &'a [u8],
    /// As published.
    pub qos: Qos,
    /// Where in the packet its packet id stands, and the id; `None` with quality of service 0.
    pub packet_id: Option<(u32, PacketId)>,
}

impl<'a> PlainPublish<'a> {
    /// Takes the packet at the start of `input` apart, and gives its size; `None` if it is of
    /// another kind, not whole, or malformed: then [`crate::frame`] and [`crate::Publish::decode`]
    /// tell.
    #[must_use]
    #[inline]
    pub fn parse(input: &'a [u8], version: Version) -> Option<(Self, u32)> {
        let (&first, rest) = input.split_first()?;
        if first & !QOS != PLAIN {
            return None;
        }
        let (remaining, size) = varint::decode(rest).ok()??;
        if size != varint_size(remaining) {
            return None;
        }
        let body = rest.get(size as usize..)?.get(..remaining as usize)?;
        let (length, rest) = body.split_first_chunk()?;
        let length = u16::from_be_bytes(*length);
        let (topic, mut rest) = rest.split_at_checked(length.into())?;
        let (qos, packet_id) = match first & QOS {
            0 => (Qos::AtMostOnce, None),
            bits => {
                let (id, after) = rest.split_first_chunk()?;
                rest = after;
                let id = PacketId::new(u16::from_be_bytes(*id))?;
                let qos = match bits {
                    0x02 => Qos::AtLeastOnce,
                    0x04 => Qos::ExactlyOnce,
                    _ => return None,
                };
                (qos, Some((1 + size + 2 + u32::from(length), id)))
            }
        };
        let payload = match version {
            Version::V31 | Version::V311 => rest,
            Version::V5 => match rest.split_first()? {
                (0, payload) => payload,
                _ => return None,
            },
        };
        let plain = Self {
            topic,
            payload,
            qos,
            packet_id,
        };
        Some((plain, 1 + size + remaining))
    }
}

/// Bytes of an acknowledgement as [`plain_ack`] takes it.
pub const PLAIN_ACK_BYTES: u32 = 4;

/// The acknowledgement at the start of `input` if it means success and says no more, in four bytes;
/// `None` if it is another packet, not whole, or malformed.
#[must_use]
#[inline]
pub fn plain_ack(input: &[u8]) -> Option<(AckKind, PacketId)> {
    let [first, 2, high, low] = *input.first_chunk()? else {
        return None;
    };
    let kind = match first {
        0x40 => AckKind::Puback,
        0x50 => AckKind::Pubrec,
        0x62 => AckKind::Pubrel,
        0x70 => AckKind::Pubcomp,
        _ => return None,
    };
    Some((kind, PacketId::new(u16::from_be_bytes([high, low]))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Ack, Packet, Publish, PublishProperties, ReasonCode, Side, encode_ack};
    use proptest::prelude::*;

    const VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];

    proptest! {
        /// What is plain decodes to the same, and has nothing but topic and payload.
        #[test]
        fn a_plain_publish_is_one_that_decodes_alike(
            flags in prop::sample::select(vec![0x30_u8, 0x30, 0x31, 0x32, 0x34, 0x36, 0x38, 0x3a, 0x20]),
            body in prop::collection::vec(0..4_u8, 0..40),
        ) {
            let length = u8::try_from(body.len()).expect("short");
            let packet = [&[flags, length][..], &body].concat();
            for version in VERSIONS {
                let plain = PlainPublish::parse(&packet, version);
                if let Ok(publish) = Publish::decode(&packet, version, Side::Server) {
                    let bare = flags & 0x09 == 0;
                    let bare = bare && publish.properties == PublishProperties::default();
                    prop_assert_eq!(plain.is_some(), bare);
                    if let (Some((plain, size)), Some(topic)) = (plain, publish.topic) {
                        prop_assert_eq!(size as usize, packet.len());
                        prop_assert_eq!(plain.topic, topic.as_str().as_bytes());
                        prop_assert_eq!(plain.payload, publish.payload);
                        prop_assert_eq!(plain.qos, publish.qos);
                        prop_assert_eq!(plain.packet_id.map(|(_, id)| id), publish.packet_id);
                        if let Some((at, id)) = plain.packet_id {
                            let at = at as usize;
                            prop_assert_eq!(&packet[at..at + 2], &id.value().to_be_bytes());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_padded_length_is_not_plain() {
        for version in VERSIONS {
            assert_eq!(
                PlainPublish::parse(&[0x30, 0x84, 0x00, 0, 1, b't', 0], version),
                None
            );
        }
    }

    #[test]
    fn what_is_a_plain_acknowledgement_is_one_that_decodes_alike() {
        let id = PacketId::new(0x0102).expect("not zero");
        for kind in [
            AckKind::Puback,
            AckKind::Pubrec,
            AckKind::Pubrel,
            AckKind::Pubcomp,
        ] {
            let mut packet = Vec::new();
            encode_ack(kind, id, ReasonCode::Success, Version::V5, &mut packet);
            assert_eq!(plain_ack(&packet), Some((kind, id)));
            assert_eq!(packet.len(), PLAIN_ACK_BYTES as usize);
            for version in VERSIONS {
                let ack = Ack::new(id, ReasonCode::Success);
                let whole = match kind {
                    AckKind::Puback => Packet::Puback(ack),
                    AckKind::Pubrec => Packet::Pubrec(ack),
                    AckKind::Pubrel => Packet::Pubrel(ack),
                    AckKind::Pubcomp => Packet::Pubcomp(ack),
                };
                assert_eq!(Packet::decode(&packet, version, Side::Server), Ok(whole));
            }
            assert_eq!(plain_ack(&packet[..3]), None);
            let [first, ..] = packet[..] else { continue };
            assert_eq!(plain_ack(&[first, 2, 0, 0]), None);
            assert_eq!(plain_ack(&[first ^ 1, 2, 0, 1]), None);
            assert_eq!(plain_ack(&[first, 3, 0, 1, 0]), None);
        }
    }
}
