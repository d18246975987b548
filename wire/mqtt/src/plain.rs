//! The PUBLISH that most messages come in, told apart at little cost.

use crate::{Version, varint, varint_size};

/// First byte of a PUBLISH with quality of service 0, without DUP and RETAIN.
const PLAIN: u8 = 0x30;

/// A PUBLISH with quality of service 0, without flags, properties and padding.
///
/// Its bytes are what [`crate::forward`] would write for a receiver of the same version (3.1 and
/// 3.1.1 count as one), so they may be passed on as they are. Its topic is *not checked*: compare
/// it with one that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainPublish<'a> {
    /// The bytes of the topic.
    pub topic: &'a [u8],
    /// The application's bytes.
    pub payload: &'a [u8],
}

impl<'a> PlainPublish<'a> {
    /// Takes the packet at the start of `input` apart, and gives its size; `None` if it is of
    /// another kind, not whole, or malformed: then [`crate::frame`] and [`crate::Publish::decode`]
    /// tell.
    #[must_use]
    #[inline]
    pub fn parse(input: &'a [u8], version: Version) -> Option<(Self, u32)> {
        let (&PLAIN, rest) = input.split_first()? else {
            return None;
        };
        let (remaining, size) = varint::decode(rest).ok()??;
        if size != varint_size(remaining) {
            return None;
        }
        let body = rest.get(size as usize..)?.get(..remaining as usize)?;
        let (length, rest) = body.split_first_chunk()?;
        let (topic, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        let payload = match version {
            Version::V31 | Version::V311 => rest,
            Version::V5 => match rest.split_first()? {
                (0, payload) => payload,
                _ => return None,
            },
        };
        Some((Self { topic, payload }, 1 + size + remaining))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wire_message::Qos;

    use super::*;
    use crate::{Publish, PublishProperties, Side};

    const VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];

    proptest! {
        /// What is plain decodes to the same, and has nothing but topic and payload.
        #[test]
        fn a_plain_publish_is_one_that_decodes_alike(
            flags in prop::sample::select(vec![0x30_u8, 0x30, 0x30, 0x31, 0x32, 0x38, 0x20]),
            body in prop::collection::vec(0..4_u8, 0..40),
        ) {
            let length = u8::try_from(body.len()).expect("short");
            let packet = [&[flags, length][..], &body].concat();
            for version in VERSIONS {
                let plain = PlainPublish::parse(&packet, version);
                if let Ok(publish) = Publish::decode(&packet, version, Side::Server) {
                    let bare = publish.qos == Qos::AtMostOnce && !publish.retain;
                    let bare = bare && publish.properties == PublishProperties::default();
                    prop_assert_eq!(plain.is_some(), bare);
                    if let (Some((plain, size)), Some(topic)) = (plain, publish.topic) {
                        prop_assert_eq!(size as usize, packet.len());
                        prop_assert_eq!(plain.topic, topic.as_str().as_bytes());
                        prop_assert_eq!(plain.payload, publish.payload);
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
}
