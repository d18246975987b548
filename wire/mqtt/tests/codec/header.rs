//! Fixed headers: types, flags, lengths, directions. Chapter 2.

use wire_mqtt::{
    DecodeError, Frame, PacketType, ReasonCode, VARINT_MAX, Version, frame, varint_size,
};

use crate::{ALL, SINCE_311, from_client, from_server, packet};

/// A valid packet of each type with its first byte, as 3.1.1 and 5.0 have it.
fn samples(version: Version) -> Vec<(PacketType, Vec<u8>)> {
    let v5 = version == Version::V5;
    let none: &[u8] = if v5 { &[0] } else { &[] };
    let level = [version.level()];
    let name: &[u8] = match version {
        Version::V31 => b"\x00\x06MQIsdp",
        Version::V311 | Version::V5 => b"\x00\x04MQTT",
    };
    let codes: &[u8] = if v5 { &[0] } else { &[] };
    vec![
        (
            PacketType::Connect,
            packet(0x10, &[name, &level, b"\x02\x00\x00", none, b"\x00\x01c"]),
        ),
        (PacketType::Connack, packet(0x20, &[&[0, 0], none])),
        (PacketType::Puback, packet(0x40, &[&[0, 1]])),
        (PacketType::Pubrec, packet(0x50, &[&[0, 1]])),
        (PacketType::Pubrel, packet(0x62, &[&[0, 1]])),
        (PacketType::Pubcomp, packet(0x70, &[&[0, 1]])),
        (
            PacketType::Subscribe,
            packet(0x82, &[&[0, 1], none, b"\x00\x01f\x00"]),
        ),
        (PacketType::Suback, packet(0x90, &[&[0, 1], none, &[0]])),
        (
            PacketType::Unsubscribe,
            packet(0xa2, &[&[0, 1], none, b"\x00\x01f"]),
        ),
        (PacketType::Unsuback, packet(0xb0, &[&[0, 1], none, codes])),
        (PacketType::Pingreq, packet(0xc0, &[])),
        (PacketType::Pingresp, packet(0xd0, &[])),
        (PacketType::Disconnect, packet(0xe0, &[])),
        (PacketType::Auth, packet(0xf0, &[b"\x18\x04\x15\x00\x01m"])),
    ]
}

fn servers_only(kind: PacketType) -> bool {
    matches!(
        kind,
        PacketType::Connect | PacketType::Subscribe | PacketType::Unsubscribe | PacketType::Pingreq
    )
}

fn clients_only(kind: PacketType) -> bool {
    matches!(
        kind,
        PacketType::Connack | PacketType::Suback | PacketType::Unsuback | PacketType::Pingresp
    )
}

fn decode(kind: PacketType, packet: &[u8], version: Version) -> Option<DecodeError> {
    if clients_only(kind) {
        from_server(packet, version)
    } else {
        from_client(packet, version)
    }
}

fn check_flags(version: Version) {
    for (kind, sample) in samples(version) {
        if kind == PacketType::Auth && version != Version::V5 {
            continue;
        }
        assert_eq!(decode(kind, &sample, version), None, "{kind:?}");
        for flags in 0..16 {
            let mut wrong = sample.clone();
            wrong[0] = wrong[0] & 0xf0 | flags;
            let expected = (wrong != sample).then_some(DecodeError::ReservedFlags);
            assert_eq!(
                decode(kind, &wrong, version),
                expected,
                "{kind:?} {flags:#06b}"
            );
        }
    }
}

#[test]
fn v5_2_1_3_1_reserved_flags_have_their_values() {
    check_flags(Version::V5);
    assert_eq!(
        DecodeError::ReservedFlags.statement(Version::V5),
        "v5 2.1.3-1"
    );
    assert_eq!(
        DecodeError::ReservedFlags.reason_code(),
        ReasonCode::MalformedPacket
    );
}

#[test]
fn v311_2_2_2_1_reserved_flags_have_their_values() {
    check_flags(Version::V311);
    assert_eq!(
        DecodeError::ReservedFlags.statement(Version::V311),
        "v311 2.2.2-1"
    );
}

/// The first bytes that [`frame`] refuses before anything else is there.
fn refused_at_once() -> Vec<u8> {
    (0..=255)
        .filter(|&byte| frame(&[byte], VARINT_MAX).is_err())
        .collect()
}

#[test]
fn v5_3_6_1_1_3_8_1_1_and_3_10_1_1_wrong_flags_are_found_at_the_first_byte() {
    let refused = refused_at_once();
    for first_byte in [0x60, 0x64, 0x80, 0x84, 0xa0, 0xaf] {
        assert!(refused.contains(&first_byte), "{first_byte:#04x}");
        assert_eq!(
            frame(&[first_byte], VARINT_MAX),
            Err(DecodeError::ReservedFlags)
        );
    }
    assert!(!refused.contains(&0x62) && !refused.contains(&0x82) && !refused.contains(&0xa2));
}

#[test]
fn what_the_first_byte_alone_refutes_no_version_accepts() {
    for first_byte in refused_at_once() {
        for version in ALL {
            for body in [&[][..], &[0, 1], b"\x00\x01t\x00\x01"] {
                let packet = packet(first_byte, &[body]);
                assert!(from_client(&packet, version).is_some(), "{first_byte:#04x}");
                assert!(from_server(&packet, version).is_some(), "{first_byte:#04x}");
            }
        }
    }
}

#[test]
fn type_0_is_reserved() {
    assert_eq!(frame(&[0x00], VARINT_MAX), Err(DecodeError::ReservedType));
    for version in ALL {
        assert_eq!(
            from_client(&[0, 0], version),
            Some(DecodeError::ReservedType)
        );
    }
}

#[test]
fn v311_type_15_is_reserved() {
    for version in [Version::V31, Version::V311] {
        assert_eq!(
            from_client(&[0xf0, 0], version),
            Some(DecodeError::ReservedType)
        );
        assert_eq!(
            from_server(&[0xf0, 0], version),
            Some(DecodeError::ReservedType)
        );
    }
}

#[test]
fn packets_travel_in_their_direction_only() {
    for version in ALL {
        for (kind, sample) in samples(version) {
            let no_auth = kind == PacketType::Auth && version != Version::V5;
            if no_auth {
                continue;
            }
            let to_client = from_server(&sample, version);
            let to_server = from_client(&sample, version);
            let wrong = Some(DecodeError::WrongDirection);
            if servers_only(kind) {
                assert_eq!((to_client, to_server), (wrong, None), "{kind:?}");
            } else if clients_only(kind) {
                assert_eq!((to_client, to_server), (None, wrong), "{kind:?}");
            } else if kind == PacketType::Disconnect && version != Version::V5 {
                // Before 5.0 a server just closes.
                assert_eq!((to_client, to_server), (wrong, None));
            } else {
                assert_eq!((to_client, to_server), (None, None), "{kind:?}");
            }
        }
    }
    assert_eq!(
        DecodeError::WrongDirection.reason_code(),
        ReasonCode::ProtocolError
    );
}

#[test]
fn every_packet_is_refused_without_its_end_and_with_a_byte_too_many() {
    for version in ALL {
        for (kind, sample) in samples(version) {
            if kind == PacketType::Auth && version != Version::V5 {
                continue;
            }
            let mut long = sample.clone();
            long.push(0);
            assert_eq!(
                decode(kind, &long, version),
                Some(DecodeError::TrailingBytes),
                "{kind:?}"
            );
            let mut short = sample;
            short.pop();
            assert!(decode(kind, &short, version).is_some(), "{kind:?}");
        }
    }
}

#[test]
fn a_body_where_there_is_none_is_found_at_the_header() {
    for first_byte in [0xc0, 0xd0] {
        assert_eq!(
            frame(&[first_byte, 1], VARINT_MAX),
            Err(DecodeError::TrailingBytes)
        );
    }
}

#[test]
fn remaining_lengths_of_1_to_4_bytes_are_read() {
    let cases: [(&[u8], u32); 8] = [
        (&[0x00], 0),
        (&[0x7f], 127),
        (&[0x80, 0x01], 128),
        (&[0xff, 0x7f], 16_383),
        (&[0x80, 0x80, 0x01], 16_384),
        (&[0xff, 0xff, 0x7f], 2_097_151),
        (&[0x80, 0x80, 0x80, 0x01], 2_097_152),
        (&[0xff, 0xff, 0xff, 0x7f], 268_435_455),
    ];
    for (length, value) in cases {
        let header = [&[0x30], length].concat();
        let size = 1 + u32::try_from(length.len()).unwrap() + value;
        let expected = if value == 0 {
            Frame::Whole { size }
        } else {
            Frame::More { wanted: size }
        };
        assert_eq!(frame(&header, u32::MAX), Ok(expected));
        assert_eq!(usize::try_from(varint_size(value)).unwrap(), length.len());
        for cut in 0..header.len() {
            let wanted = u32::try_from(cut + 1).unwrap().max(2);
            assert_eq!(frame(&header[..cut], u32::MAX), Ok(Frame::More { wanted }));
        }
    }
}

#[test]
fn v5_1_5_5_a_length_has_4_bytes_at_most() {
    let header = [0x30, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(frame(&header, u32::MAX), Err(DecodeError::VarIntTooLong));
    assert_eq!(frame(&header[..4], u32::MAX), Ok(Frame::More { wanted: 5 }));
    assert_eq!(
        from_client(&header, Version::V311),
        Some(DecodeError::VarIntTooLong)
    );
}

#[test]
fn v5_1_5_5_1_a_length_is_as_short_as_it_can_be() {
    // PINGREQ with a length of zero in two bytes; 3.1.1 has no word against it.
    let padded = [0xc0, 0x80, 0x00];
    assert_eq!(frame(&padded, u32::MAX), Ok(Frame::Whole { size: 3 }));
    assert_eq!(
        from_client(&padded, Version::V5),
        Some(DecodeError::VarIntNotMinimal)
    );
    assert_eq!(from_client(&padded, Version::V311), None);
    assert_eq!(from_client(&padded, Version::V31), None);
    // Inside a packet, where only 5.0 has them.
    let properties = packet(0x30, &[b"\x00\x01t", &[0x80, 0x00]]);
    assert_eq!(
        from_client(&properties, Version::V5),
        Some(DecodeError::VarIntNotMinimal)
    );
    let id = packet(0x82, &[&[0, 1, 3, 0x0b, 0x81, 0x00], b"\x00\x01f\x00"]);
    assert_eq!(
        from_client(&id, Version::V5),
        Some(DecodeError::VarIntNotMinimal)
    );
}

#[test]
fn v5_3_1_2_24_a_packet_above_the_limit_is_refused_by_its_header() {
    let too_large = DecodeError::PacketTooLarge {
        size: 102,
        limit: 101,
    };
    assert_eq!(frame(&[0x30, 100], 101), Err(too_large));
    assert_eq!(frame(&[0x30, 100], 102), Ok(Frame::More { wanted: 102 }));
    assert_eq!(too_large.reason_code(), ReasonCode::PacketTooLarge);
}

#[test]
fn v5_2_2_2_1_without_properties_there_is_a_length_of_zero() {
    for (kind, sample) in samples(Version::V5) {
        let has_length = matches!(
            kind,
            PacketType::Connect
                | PacketType::Connack
                | PacketType::Subscribe
                | PacketType::Suback
                | PacketType::Unsubscribe
                | PacketType::Unsuback
        );
        if has_length {
            let at = if kind == PacketType::Connect { 12 } else { 4 };
            assert_eq!(sample[at], 0, "{kind:?}");
            let mut without = sample;
            without.remove(at);
            without[1] -= 1;
            assert!(decode(kind, &without, Version::V5).is_some(), "{kind:?}");
        }
    }
}

#[test]
fn v5_2_2_1_2_a_publish_of_qos_0_has_no_packet_id() {
    for version in SINCE_311 {
        let none: &[u8] = if version == Version::V5 { &[0] } else { &[] };
        let packet = packet(0x30, &[b"\x00\x01t", none, &[0, 0]]);
        let publish = wire_mqtt::Publish::decode(&packet, version, wire_mqtt::Side::Server);
        let publish = publish.unwrap();
        assert_eq!((publish.packet_id, publish.payload), (None, &[0, 0][..]));
    }
}

#[test]
fn v5_2_2_1_3_and_4_a_packet_id_is_not_zero() {
    for version in ALL {
        let none: &[u8] = if version == Version::V5 { &[0] } else { &[] };
        let zero = &[0, 0][..];
        let zeros = [
            packet(0x32, &[b"\x00\x01t", zero, none]),
            packet(0x34, &[b"\x00\x01t", zero, none]),
            packet(0x40, &[zero]),
            packet(0x50, &[zero]),
            packet(0x62, &[zero]),
            packet(0x70, &[zero]),
            packet(0x82, &[zero, none, b"\x00\x01f\x00"]),
            packet(0xa2, &[zero, none, b"\x00\x01f"]),
        ];
        for packet in zeros {
            let error = from_client(&packet, version);
            assert_eq!(error, Some(DecodeError::PacketIdZero), "{packet:?}");
        }
        for packet in [
            packet(0x90, &[zero, none, &[0]]),
            packet(0xb0, &[zero, none]),
        ] {
            assert_eq!(
                from_server(&packet, version),
                Some(DecodeError::PacketIdZero)
            );
        }
    }
    assert_eq!(
        DecodeError::PacketIdZero.statement(Version::V311),
        "v311 2.3.1-1"
    );
}

#[test]
fn v5_4_13_1_1_every_fault_has_a_reason_code_and_a_statement() {
    let faults = [
        DecodeError::Truncated,
        DecodeError::PublishQos,
        DecodeError::PropertyTwice { property: 1 },
        DecodeError::TopicAliasZero,
    ];
    for fault in faults {
        assert!(fault.reason_code().is_error());
        assert!(fault.statement(Version::V5).starts_with("v5 "));
        assert_eq!(fault.v3_return_code(), None, "a 3.1.1 server just closes");
    }
    let level = DecodeError::ProtocolLevel { level: 9 };
    assert_eq!(level.v3_return_code(), Some(1));
}
