//! What holds for every packet.

use proptest::collection::vec;
use proptest::prelude::*;
use wire_message::{Expiry, Instant, MessageRef, PublisherId, Qos};
use wire_mqtt::{
    Frame, Packet, Publish, PublishProperties, Side, SubscriptionIds, UserProperties, VARINT_MAX,
    Version, forward, frame,
};

use crate::strategies::{packet, publish, publish_properties, side, version, will_properties};

fn any_packet() -> impl Strategy<Value = (Version, Side, Packet<'static>)> {
    (version(), side()).prop_flat_map(|(version, side)| {
        packet(version, side).prop_map(move |packet| (version, side, packet))
    })
}

fn encode(packet: &Packet<'_>, version: Version) -> Vec<u8> {
    let mut out = Vec::new();
    packet
        .encode(version, &mut out)
        .expect("the strategies make packets that can be encoded");
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What was encoded decodes to the same, and has the size that was foretold.
    #[test]
    fn packets_survive_a_round_trip((version, side, packet) in any_packet()) {
        let bytes = encode(&packet, version);
        prop_assert_eq!(packet.encoded_size(version), Ok(u32::try_from(bytes.len()).unwrap()));
        prop_assert_eq!(Packet::decode(&bytes, version, side), Ok(packet));
    }

    /// Encoding appends, and encodes the same whether the parts come from slices or from a packet.
    #[test]
    fn the_encoded_form_is_canonical((version, side, packet) in any_packet()) {
        let bytes = encode(&packet, version);
        let decoded = Packet::decode(&bytes, version, side).unwrap();
        let mut again = vec![1, 2, 3];
        decoded.encode(version, &mut again).unwrap();
        prop_assert_eq!(&again[..3], &[1, 2, 3]);
        prop_assert_eq!(&again[3..], &bytes[..]);
    }

    /// A prefix of a packet asks for more, never beyond the packet, and is never an error.
    #[test]
    fn any_cut_of_a_packet_asks_for_more((version, _, packet) in any_packet()) {
        let bytes = encode(&packet, version);
        for cut in 0..bytes.len() {
            let Ok(Frame::More { wanted }) = frame(&bytes[..cut], VARINT_MAX) else {
                return Err(TestCaseError::fail(format!("cut at {cut}")));
            };
            prop_assert!(cut < wanted as usize && wanted as usize <= bytes.len().max(2));
        }
        let size = u32::try_from(bytes.len()).unwrap();
        prop_assert_eq!(frame(&bytes, VARINT_MAX), Ok(Frame::Whole { size }));
        prop_assert_eq!(frame(&bytes, size), Ok(Frame::Whole { size }));
        prop_assert!(frame(&bytes, size - 1).is_err());
    }

    /// A packet that lost its end, length corrected or not, decodes or fails; it never panics, and
    /// with the length uncorrected it always fails.
    #[test]
    fn a_cut_packet_does_not_decode((version, side, packet) in any_packet(), at in any::<prop::sample::Index>()) {
        let bytes = encode(&packet, version);
        let cut = at.index(bytes.len());
        prop_assert!(Packet::decode(&bytes[..cut], version, side).is_err());
    }

    /// A flipped bit is decoded to something that encodes again, or refused.
    #[test]
    fn a_damaged_packet_is_refused_or_consistent(
        (version, side, packet) in any_packet(), at in any::<prop::sample::Index>(), bit in 0..8_u32,
    ) {
        let mut bytes = encode(&packet, version);
        let at = at.index(bytes.len());
        bytes[at] ^= 1_u8 << bit;
        check_bytes(&bytes, version, side)?;
    }

    /// Random bytes never panic, and what decodes is consistent.
    #[test]
    fn random_bytes_never_panic(
        bytes in vec(any::<u8>(), 0..80), version in version(), side in side(),
    ) {
        check_bytes(&bytes, version, side)?;
        // The same as a body, behind a header that fits.
        let mut whole = vec![bytes.first().copied().unwrap_or_default(), u8::try_from(bytes.len()).unwrap()];
        whole.extend_from_slice(&bytes);
        check_bytes(&whole, version, side)?;
    }

    /// The short way to a PUBLISH gives what the long way gives.
    #[test]
    fn both_ways_to_a_publish_agree((version, side, packet) in any_packet()) {
        let bytes = encode(&packet, version);
        match (Publish::decode(&bytes, version, side), packet) {
            (short, Packet::Publish(long)) => prop_assert_eq!(short, Ok(long)),
            (short, _) => prop_assert!(short.is_err()),
        }
    }

    /// Forwarding keeps what must travel on, in order, and drops what is each hop's own.
    #[test]
    fn properties_travel_on(properties in publish_properties(Version::V5, Side::Client)) {
        let packet = Packet::Publish(Publish { properties, ..bare() });
        let bytes = encode(&packet, Version::V5);
        let Ok(Packet::Publish(decoded)) = Packet::decode(&bytes, Version::V5, Side::Client) else {
            return Err(TestCaseError::fail("it was encoded"));
        };
        let (mut from_decoded, mut from_fields) = (Vec::new(), vec![9]);
        let forwarded = decoded.properties.forward(&mut from_decoded);
        prop_assert_eq!(forwarded, properties.forward(&mut from_fields));
        let message = MessageRef { properties: forwarded, ..message(&decoded) };
        let mut out = Vec::new();
        forward::encode(&mut out, &message, &forward::Form::new(Version::V5, Qos::AtMostOnce));
        let delivered = Publish::decode(&out, Version::V5, Side::Client).unwrap();
        prop_assert_eq!(delivered.properties, PublishProperties {
            expiry_interval_s: None,
            topic_alias: None,
            subscription_ids: SubscriptionIds::NONE,
            ..properties
        });
    }

    /// A will is published with all its properties but delay and expiry.
    #[test]
    fn will_properties_travel_on(properties in will_properties(Version::V5)) {
        let mut scratch = vec![7];
        properties.forward(&mut scratch);
        let message = MessageRef { properties: &scratch, ..message(&bare()) };
        let mut out = Vec::new();
        forward::encode(&mut out, &message, &forward::Form::new(Version::V5, Qos::AtMostOnce));
        let delivered = Publish::decode(&out, Version::V5, Side::Client).unwrap();
        prop_assert_eq!(delivered.properties, PublishProperties {
            payload_format: properties.payload_format,
            content_type: properties.content_type,
            response_topic: properties.response_topic,
            correlation_data: properties.correlation_data,
            user_properties: properties.user_properties,
            ..PublishProperties::default()
        });
    }

    /// A delivery is the PUBLISH that the packet model writes for the same form.
    #[test]
    fn deliveries_are_packets(
        (version, publish) in version().prop_flat_map(|version| {
            publish(version, Side::Client).prop_map(move |publish| (version, publish))
        }),
        ids in vec(1..=VARINT_MAX, 0..4),
    ) {
        let Some(topic) = publish.topic else { return Ok(()) };
        let alias = publish.properties.topic_alias;
        let v5 = version == Version::V5;
        let expected = Publish {
            topic: Some(topic),
            properties: PublishProperties {
                subscription_ids: if v5 { SubscriptionIds::new(&ids) } else { SubscriptionIds::NONE },
                ..publish.properties
            },
            ..publish
        };
        let mut scratch = Vec::new();
        let message = MessageRef {
            properties: publish.properties.forward(&mut scratch),
            ..message(&publish)
        };
        let form = forward::Form {
            version,
            qos: publish.qos,
            retain: publish.retain,
            dup: publish.dup,
            packet_id: publish.packet_id,
            topic_alias: alias.map(|alias| (alias.get(), true)),
            subscription_ids: &ids,
            expiry_remaining_s: publish.properties.expiry_interval_s,
        };
        let mut out = Vec::new();
        let forwarded = forward::encode(&mut out, &message, &form);
        prop_assert_eq!(&out, &encode(&Packet::Publish(expected), version));
        prop_assert_eq!(out.len(), forward::size(&message, &form));
        let head = forwarded.head as usize;
        prop_assert_eq!(&out[head..], publish.payload);
        let mut only_head = vec![4, 5];
        prop_assert_eq!(forward::encode_head(&mut only_head, &message, &form), forwarded);
        prop_assert_eq!(&only_head[2..], &out[..head]);
        let id = forwarded.packet_id_at.map(|at| [out[at as usize], out[at as usize + 1]]);
        prop_assert_eq!(id, publish.packet_id.map(|id| id.value().to_be_bytes()));
        if let (Some(alias), true) = (alias, v5) {
            let form = forward::Form { topic_alias: Some((alias.get(), false)), ..form };
            out.clear();
            forward::encode(&mut out, &message, &form);
            prop_assert_eq!(out.len(), forward::size(&message, &form));
            prop_assert_eq!(
                Publish::decode(&out, version, Side::Client),
                Ok(Publish { topic: None, ..expected })
            );
        }
    }

    /// Dropping what only explains makes packets fit, and drops nothing while they do.
    #[test]
    fn explanations_are_dropped_to_fit((version, side, packet) in any_packet(), size_max in 2..200_u32) {
        let bytes = encode(&packet, version);
        let mut out = vec![1];
        if packet.encode_within(version, size_max, &mut out).is_err() {
            prop_assert!(bytes.len() > size_max as usize);
            prop_assert_eq!(out, [1]);
        } else if bytes.len() <= size_max as usize {
            prop_assert_eq!(&out[1..], &bytes[..]);
        } else {
            prop_assert!(out.len() - 1 <= size_max as usize);
            prop_assert!(Packet::decode(&out[1..], version, side).is_ok());
        }
    }
}

/// Decoding `bytes` does not panic, and what decodes encodes to something that decodes to the same.
fn check_bytes(bytes: &[u8], version: Version, side: Side) -> Result<(), TestCaseError> {
    let _ = frame(bytes, VARINT_MAX);
    if let Ok(packet) = Packet::decode(bytes, version, side) {
        prop_assert_eq!(
            frame(bytes, VARINT_MAX),
            Ok(Frame::Whole {
                size: u32::try_from(bytes.len()).unwrap()
            })
        );
        let version = if let Packet::Connect(connect) = &packet {
            connect.version
        } else {
            version
        };
        let again = encode(&packet, version);
        prop_assert!(again.len() <= bytes.len());
        prop_assert_eq!(Packet::decode(&again, version, side), Ok(packet));
    }
    Ok(())
}

fn bare() -> Publish<'static> {
    Publish::new(
        wire_message::TopicRef::new("a/b").expect("a topic"),
        b"payload",
    )
}

fn message<'a>(publish: &Publish<'a>) -> MessageRef<'a> {
    MessageRef {
        topic: publish.topic.unwrap_or(bare().topic.unwrap()),
        payload: publish.payload,
        properties: &[],
        qos: publish.qos,
        retain: publish.retain,
        expiry: Expiry::NEVER,
        received_at: Instant::ZERO,
        publisher: PublisherId(1),
    }
}

#[test]
fn user_properties_are_equal_by_content() {
    let bytes = [0x26, 0, 1, b'a', 0, 1, b'b'];
    let mut packet = vec![0x30, 13, 0, 1, b't', 9, 0x01, 0x01];
    packet.extend_from_slice(&bytes);
    packet.push(b'!');
    packet[1] = u8::try_from(packet.len() - 2).unwrap();
    let publish = Publish::decode(&packet, Version::V5, Side::Server).unwrap();
    let pairs = [("a", "b")];
    assert_eq!(
        publish.properties.user_properties,
        UserProperties::new(&pairs)
    );
    assert!(!publish.properties.user_properties.is_empty());
    assert!(publish.properties.subscription_ids.is_empty());
}
