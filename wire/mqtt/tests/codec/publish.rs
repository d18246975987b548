//! What can be wrong with PUBLISH. Section 3.3.

use wire_message::TextError;
use wire_mqtt::{
    DecodeError, EncodeError, Packet, Publish, ReasonCode, Side, UserProperties, VARINT_MAX,
    Version, frame,
};

use crate::{ALL, SINCE_311, from_client, from_server, packet};

fn none(version: Version) -> &'static [u8] {
    match version {
        Version::V31 | Version::V311 => &[],
        Version::V5 => &[0],
    }
}

#[test]
fn v5_3_3_1_2_dup_is_clear_with_qos_0() {
    for version in SINCE_311 {
        let packet = packet(0x38, &[b"\x00\x01t", none(version)]);
        assert_eq!(
            from_client(&packet, version),
            Some(DecodeError::DupWithQos0)
        );
        assert_eq!(
            from_server(&packet, version),
            Some(DecodeError::DupWithQos0)
        );
    }
    let code = DecodeError::DupWithQos0.reason_code();
    assert_eq!(code, ReasonCode::MalformedPacket);
}

#[test]
fn v5_3_3_1_4_there_is_no_qos_3() {
    for version in ALL {
        for first_byte in [0x36, 0x37, 0x3e, 0x3f] {
            let packet = packet(first_byte, &[b"\x00\x01t\x00\x01", none(version)]);
            assert_eq!(from_client(&packet, version), Some(DecodeError::PublishQos));
            assert_eq!(
                frame(&[first_byte], VARINT_MAX),
                Err(DecodeError::PublishQos)
            );
        }
    }
}

#[test]
fn v5_3_3_2_1_the_topic_comes_first_and_is_valid_text() {
    for version in ALL {
        let bad = packet(0x30, &[b"\x00\x02\xc3\x28", none(version)]);
        let error = DecodeError::Text(TextError::NotUtf8);
        assert_eq!(from_client(&bad, version), Some(error));
        let null = packet(0x30, &[b"\x00\x01\x00", none(version)]);
        let error = DecodeError::Text(TextError::Null);
        assert_eq!(from_client(&null, version), Some(error));
        assert_eq!(
            from_client(&[0x30, 0], version),
            Some(DecodeError::Truncated)
        );
        assert_eq!(
            from_client(&[0x30, 2, 0, 1], version),
            Some(DecodeError::Truncated)
        );
    }
}

#[test]
fn v5_3_3_2_2_a_topic_has_no_wildcards() {
    for version in ALL {
        for topic in [b"\x00\x03a/+", b"\x00\x03a/#", b"\x00\x03a+b"] {
            let packet = packet(0x30, &[topic, none(version)]);
            assert_eq!(
                from_client(&packet, version),
                Some(DecodeError::TopicWildcard)
            );
            assert_eq!(
                from_server(&packet, version),
                Some(DecodeError::TopicWildcard)
            );
        }
    }
}

#[test]
fn v5_4_7_3_1_a_topic_has_a_character_or_an_alias() {
    for version in ALL {
        let packet = packet(0x30, &[b"\x00\x00", none(version)]);
        assert_eq!(from_client(&packet, version), Some(DecodeError::TopicEmpty));
    }
    assert_eq!(
        DecodeError::TopicEmpty.reason_code(),
        ReasonCode::ProtocolError
    );
    let alias = packet(0x30, &[b"\x00\x00\x03\x23\x00\x01m"]);
    let publish = Publish::decode(&alias, Version::V5, Side::Server).unwrap();
    assert_eq!((publish.topic, publish.payload), (None, &b"m"[..]));
}

#[test]
fn v5_3_3_2_8_no_alias_is_zero() {
    let packet = packet(0x30, &[b"\x00\x01t\x03\x23\x00\x00"]);
    assert_eq!(
        from_client(&packet, Version::V5),
        Some(DecodeError::TopicAliasZero)
    );
    assert_eq!(
        DecodeError::TopicAliasZero.reason_code(),
        ReasonCode::TopicAliasInvalid
    );
}

#[test]
fn v5_3_3_2_13_and_14_a_response_topic_is_a_topic() {
    for topic in [&b"\x00\x01+"[..], b"\x00\x01#", b"\x00\x00"] {
        let property = [&[0x08], topic].concat();
        let size = [u8::try_from(property.len()).unwrap()];
        let publish = packet(0x30, &[b"\x00\x01t", &size, &property]);
        assert_eq!(
            from_client(&publish, Version::V5),
            Some(DecodeError::ResponseTopic)
        );
        let will = [&size[..], &property, b"\x00\x01w\x00\x00"].concat();
        let connect = packet(0x10, &[b"\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x01c", &will]);
        assert_eq!(
            from_client(&connect, Version::V5),
            Some(DecodeError::ResponseTopic)
        );
    }
    let bad = packet(0x30, &[b"\x00\x01t\x05\x08\x00\x02\xc3\x28"]);
    let error = DecodeError::Text(TextError::NotUtf8);
    assert_eq!(from_client(&bad, Version::V5), Some(error));
}

#[test]
fn v5_3_3_2_19_a_content_type_is_valid_text() {
    let bad = packet(0x30, &[b"\x00\x01t\x05\x03\x00\x02\xc3\x28"]);
    let error = DecodeError::Text(TextError::NotUtf8);
    assert_eq!(from_client(&bad, Version::V5), Some(error));
}

#[test]
fn v5_3_3_4_6_a_client_sends_no_subscription_identifier() {
    let packet = packet(0x30, &[b"\x00\x01t\x04\x0b\x01\x0b\x02"]);
    assert_eq!(
        from_client(&packet, Version::V5),
        Some(DecodeError::SubscriptionIdFromClient)
    );
    let code = DecodeError::SubscriptionIdFromClient.reason_code();
    assert_eq!(code, ReasonCode::ProtocolError);
    let publish = Publish::decode(&packet, Version::V5, Side::Client).unwrap();
    assert_eq!(
        publish
            .properties
            .subscription_ids
            .iter()
            .collect::<Vec<_>>(),
        [1, 2]
    );
}

#[test]
fn v5_3_3_2_18_user_properties_keep_their_order() {
    let users = b"\x26\x00\x01b\x00\x01x\x26\x00\x01a\x00\x01y\x26\x00\x01b\x00\x01x";
    let packet = packet(0x30, &[b"\x00\x01t\x17\x01\x01", users]);
    let publish = Publish::decode(&packet, Version::V5, Side::Server).unwrap();
    let expected = [("b", "x"), ("a", "y"), ("b", "x")];
    let pairs: Vec<_> = publish.properties.user_properties.iter().collect();
    assert_eq!(pairs, expected);
}

/// The properties that a message of `section` travels on with.
fn forwarded(section: &[u8]) -> Vec<u8> {
    let size = [u8::try_from(section.len()).unwrap()];
    let packet = packet(0x30, &[b"\x00\x01t", &size, section]);
    let publish = Publish::decode(&packet, Version::V5, Side::Client).unwrap();
    publish.properties.forward(&mut Vec::new()).to_vec()
}

#[test]
fn v5_3_3_2_4_15_16_17_and_20_properties_travel_on_as_they_came() {
    let kept = b"\x26\x00\x01b\x00\x01x\x03\x00\x01c\x01\x01\x09\x00\x01d\x08\x00\x01r";
    assert_eq!(forwarded(kept), kept);
    let own: [&[u8]; 3] = [b"\x02\x00\x00\x00\x01", b"\x23\x00\x01", b"\x0b\x05"];
    for property in own {
        assert_eq!(forwarded(&[kept, property].concat()), kept);
        assert_eq!(forwarded(&[property, kept].concat()), kept);
    }
    let between = [
        own[0],
        &kept[..7],
        own[2],
        &kept[7..11],
        own[1],
        &kept[11..],
    ]
    .concat();
    assert_eq!(forwarded(&between), kept);
    assert_eq!(forwarded(&[]), []);
}

#[test]
fn properties_that_travel_on_unchanged_are_not_copied() {
    let packet = packet(0x30, &[b"\x00\x01t\x02\x01\x01m"]);
    let publish = Publish::decode(&packet, Version::V5, Side::Server).unwrap();
    let mut scratch = Vec::new();
    let forwarded = publish.properties.forward(&mut scratch);
    assert!(core::ptr::eq(forwarded, &raw const packet[6..8]));
    assert_eq!(scratch.capacity(), 0);
}

#[test]
fn a_publish_that_makes_no_sense_is_not_encoded() {
    let topic = wire_message::TopicRef::new("t").unwrap();
    let publish = Publish {
        qos: wire_message::Qos::AtLeastOnce,
        ..Publish::new(topic, b"")
    };
    let mut out = vec![7];
    let result = Packet::Publish(publish).encode(Version::V5, &mut out);
    assert_eq!(result, Err(EncodeError::PacketIdMissing));
    let publish = Publish {
        topic: None,
        ..Publish::new(topic, b"")
    };
    for version in ALL {
        let result = Packet::Publish(publish).encode(version, &mut out);
        assert_eq!(result, Err(EncodeError::TopicMissing));
    }
    let long = "x".repeat(65_536);
    let mut publish = Publish::new(topic, b"");
    publish.properties.content_type = Some(&long);
    let result = Packet::Publish(publish).encode(Version::V5, &mut out);
    assert_eq!(result, Err(EncodeError::FieldTooLong));
    assert_eq!(out, [7]);
    assert_eq!(publish.properties.forward(&mut Vec::new()), []);
    let pairs = [("k", "v"), ("k", &long)];
    publish.properties.content_type = None;
    publish.properties.user_properties = UserProperties::new(&pairs);
    let result = Packet::Publish(publish).encode(Version::V5, &mut out);
    assert_eq!(result, Err(EncodeError::FieldTooLong));
    assert_eq!(
        publish.properties.forward(&mut Vec::new()),
        b"\x26\x00\x01k\x00\x01v"
    );
    // Before 5.0 the property is not written.
    assert!(
        Packet::Publish(publish)
            .encode(Version::V311, &mut out)
            .is_ok()
    );
}
