//! What can be wrong with SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK. Sections 3.8 to 3.11.

use wire_message::TextError;
use wire_mqtt::{
    DecodeError, EncodeError, FilterRequests, Filters, Packet, PacketId, ReasonCode, ReasonCodes,
    ReasonProperties, Side, Suback, Subscribe, SubscribeProperties, Unsuback, Unsubscribe,
    UserProperties, Version,
};

use crate::{ALL, from_client, from_server, packet};

/// Packet id 1, and no properties.
fn head(version: Version) -> &'static [u8] {
    match version {
        Version::V31 | Version::V311 => &[0, 1],
        Version::V5 => &[0, 1, 0],
    }
}

fn subscribe(version: Version, options: u8) -> Option<DecodeError> {
    from_client(
        &packet(0x82, &[head(version), b"\x00\x01f", &[options]]),
        version,
    )
}

#[test]
fn v5_3_8_3_1_and_3_10_3_1_filters_are_valid_text() {
    let error = Some(DecodeError::Text(TextError::NotUtf8));
    for version in ALL {
        let good: &[u8] = b"\x00\x01f\x00";
        let bad = packet(0x82, &[head(version), good, b"\x00\x01\xff\x00"]);
        assert_eq!(from_client(&bad, version), error);
        let bad = packet(0xa2, &[head(version), b"\x00\x01f\x00\x01\xff"]);
        assert_eq!(from_client(&bad, version), error);
    }
}

#[test]
fn v5_3_8_3_2_and_3_10_3_2_a_list_has_an_entry() {
    for version in ALL {
        for first_byte in [0x82, 0xa2] {
            let packet = packet(first_byte, &[head(version)]);
            assert_eq!(from_client(&packet, version), Some(DecodeError::ListEmpty));
        }
        let suback = packet(0x90, &[head(version)]);
        assert_eq!(from_server(&suback, version), Some(DecodeError::ListEmpty));
    }
    let unsuback = packet(0xb0, &[head(Version::V5)]);
    assert_eq!(
        from_server(&unsuback, Version::V5),
        Some(DecodeError::ListEmpty)
    );
    assert_eq!(
        DecodeError::ListEmpty.reason_code(),
        ReasonCode::ProtocolError
    );
}

#[test]
fn lists_without_an_entry_are_not_encoded() {
    let packet_id = PacketId::new(1).unwrap();
    let properties = ReasonProperties::default();
    let packets = [
        Packet::Subscribe(Subscribe {
            packet_id,
            properties: SubscribeProperties::default(),
            requests: FilterRequests::new(&[]),
        }),
        Packet::Unsubscribe(Unsubscribe {
            packet_id,
            user_properties: UserProperties::NONE,
            filters: Filters::new(&[]),
        }),
        Packet::Suback(Suback {
            packet_id,
            properties,
            codes: ReasonCodes::new(&[]),
        }),
        Packet::Unsuback(Unsuback {
            packet_id,
            properties,
            codes: ReasonCodes::new(&[]),
        }),
    ];
    for packet in packets {
        let mut out = Vec::new();
        let result = packet.encode(Version::V5, &mut out);
        assert_eq!(result, Err(EncodeError::ListEmpty));
        assert_eq!(
            packet.encoded_size(Version::V5),
            Err(EncodeError::ListEmpty)
        );
        assert!(out.is_empty());
    }
}

#[test]
fn v5_3_8_3_5_reserved_options_are_clear() {
    for options in [0x40, 0x80, 0xc0] {
        assert_eq!(
            subscribe(Version::V5, options),
            Some(DecodeError::SubscribeReserved)
        );
    }
    let code = DecodeError::SubscribeReserved.reason_code();
    assert_eq!(code, ReasonCode::MalformedPacket);
    assert_eq!(subscribe(Version::V5, 0x2e), None);
}

#[test]
fn v311_3_8_3_4_reserved_bits_are_clear_and_qos_is_not_3() {
    for bit in 2..8_u8 {
        let error = Some(DecodeError::SubscribeReserved);
        assert_eq!(subscribe(Version::V311, 1 << bit), error);
        // 3.1 calls these bits unused.
        assert_eq!(subscribe(Version::V31, 1 << bit), None);
    }
    for version in ALL {
        assert_eq!(subscribe(version, 3), Some(DecodeError::SubscribeQos));
    }
    assert_eq!(
        DecodeError::SubscribeQos.statement(Version::V311),
        "v311 3.8.3-4"
    );
    assert_eq!(
        DecodeError::SubscribeQos.reason_code(),
        ReasonCode::ProtocolError
    );
}

#[test]
fn v5_there_is_no_retain_handling_3() {
    let error = DecodeError::SubscribeRetainHandling;
    assert_eq!(subscribe(Version::V5, 0x30), Some(error));
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
}

#[test]
fn a_fault_in_a_later_entry_is_found_at_once() {
    let good = b"\x00\x01f\x00";
    for tail in [&b"\x00\x01"[..], b"\x00", b"\x00\x01g", b"\x00\x01g\x03"] {
        for version in ALL {
            let packet = packet(0x82, &[head(version), good, tail]);
            assert!(from_client(&packet, version).is_some(), "{tail:?}");
        }
    }
}

#[test]
fn v5_3_9_3_1_and_3_11_3_1_codes_keep_their_order() {
    let codes = [2, 0, 0x87, 1];
    let suback = packet(0x90, &[head(Version::V5), &codes]);
    let Ok(Packet::Suback(suback)) = Packet::decode(&suback, Version::V5, Side::Client) else {
        panic!("it is a SUBACK");
    };
    let read: Vec<u8> = suback.codes.iter().map(ReasonCode::byte).collect();
    assert_eq!(read, codes);
    assert_eq!(suback.codes.len(), 4);
    let codes = [0x11, 0, 0x87];
    let unsuback = packet(0xb0, &[head(Version::V5), &codes]);
    let Ok(Packet::Unsuback(unsuback)) = Packet::decode(&unsuback, Version::V5, Side::Client)
    else {
        panic!("it is an UNSUBACK");
    };
    let read: Vec<u8> = unsuback.codes.iter().map(ReasonCode::byte).collect();
    assert_eq!(read, codes);
}

#[test]
fn v311_3_9_3_2_suback_has_four_codes() {
    for version in [Version::V31, Version::V311] {
        for code in 0..=255 {
            let packet = packet(0x90, &[head(version), &[code]]);
            let fits = matches!(code, 0..=2 | 0x80);
            let error = (!fits).then_some(DecodeError::ReasonCode { code });
            assert_eq!(from_server(&packet, version), error);
        }
    }
}

#[test]
fn v5_3_9_3_2_and_3_11_3_2_lists_have_codes_of_their_own() {
    let suback = [
        0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2,
    ];
    let unsuback = [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];
    for code in 0..=255 {
        for (first_byte, fitting) in [(0x90, &suback[..]), (0xb0, &unsuback[..])] {
            let packet = packet(first_byte, &[head(Version::V5), &[0, code]]);
            let error = (!fitting.contains(&code)).then_some(DecodeError::ReasonCode { code });
            assert_eq!(from_server(&packet, Version::V5), error, "{code:#04x}");
        }
    }
}

#[test]
fn v311_unsuback_has_no_payload() {
    for version in [Version::V31, Version::V311] {
        let packet = packet(0xb0, &[head(version), &[0]]);
        assert_eq!(
            from_server(&packet, version),
            Some(DecodeError::TrailingBytes)
        );
    }
}
