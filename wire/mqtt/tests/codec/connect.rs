//! What can be wrong with CONNECT and CONNACK. Sections 3.1 and 3.2.

use wire_message::{Qos, TextError};
use wire_mqtt::{
    Connack, ConnackProperties, Connect, DecodeError, EncodeError, Packet, PacketType, ReasonCode,
    Side, Version, connect_version,
};

use crate::{ALL, SINCE_311, from_client, from_server, packet};

const NAME: &[u8] = b"\x00\x04MQTT";
const OLD_NAME: &[u8] = b"\x00\x06MQIsdp";

/// A CONNECT with these flags and this payload.
fn connect(version: Version, flags: u8, payload: &[&[u8]]) -> Vec<u8> {
    let name = match version {
        Version::V31 => OLD_NAME,
        Version::V311 | Version::V5 => NAME,
    };
    let none: &[u8] = if version == Version::V5 { &[0] } else { &[] };
    let start = [version.level(), flags, 0, 0];
    packet(0x10, &[name, &start, none, &payload.concat()])
}

fn decode(packet: &[u8]) -> Result<Connect<'_>, DecodeError> {
    // The version given does not matter; the packet names its own.
    let decoded = Packet::decode(packet, Version::V31, Side::Server)?;
    let Packet::Connect(connect) = decoded else {
        unreachable!("every packet here is a CONNECT");
    };
    Ok(connect)
}

const ID: &[u8] = b"\x00\x01c";

#[test]
fn v5_3_1_2_1_a_foreign_protocol_name_is_refused() {
    for name in [
        &b"\x00\x04mqtt"[..],
        b"\x00\x04HTTP",
        b"\x00\x00",
        b"\x00\x05MQTT5",
    ] {
        let packet = packet(0x10, &[name, &[4, 2, 0, 0], ID]);
        assert_eq!(decode(&packet), Err(DecodeError::ProtocolName));
        assert_eq!(connect_version(&packet), None);
    }
    let code = DecodeError::ProtocolName.reason_code();
    assert_eq!(code, ReasonCode::UnsupportedProtocolVersion);
    assert_eq!(DecodeError::ProtocolName.v3_return_code(), None);
}

#[test]
fn v5_3_1_2_2_an_unknown_level_is_refused_in_the_version_that_is_nearest() {
    let levels = [
        (NAME, 0, Version::V311),
        (NAME, 3, Version::V311),
        (NAME, 6, Version::V5),
        (NAME, 0x7f, Version::V5),
        (NAME, 0x85, Version::V5),
        (OLD_NAME, 4, Version::V311),
        (OLD_NAME, 5, Version::V5),
    ];
    for (name, level, answer_in) in levels {
        let packet = packet(0x10, &[name, &[level, 2, 0, 0], ID]);
        let error = DecodeError::ProtocolLevel { level };
        assert_eq!(decode(&packet), Err(error));
        assert_eq!(connect_version(&packet), Some(answer_in), "{level}");
        assert_eq!(error.reason_code(), ReasonCode::UnsupportedProtocolVersion);
        assert_eq!(error.v3_return_code(), Some(1));
    }
}

#[test]
fn v311_3_1_2_2_the_version_of_a_broken_connect_is_known() {
    for version in ALL {
        let whole = connect(version, 2, &[ID]);
        assert_eq!(connect_version(&whole), Some(version));
        let broken = connect(version, 2, &[]);
        assert_eq!(decode(&broken), Err(DecodeError::Truncated));
        assert_eq!(connect_version(&broken), Some(version));
    }
    assert_eq!(connect_version(&[0xc0, 0]), None);
    assert_eq!(connect_version(&[]), None);
}

#[test]
fn v5_3_1_2_3_the_reserved_flag_is_clear() {
    for version in SINCE_311 {
        let packet = connect(version, 0x03, &[ID]);
        assert_eq!(decode(&packet), Err(DecodeError::ConnectFlags));
    }
}

#[test]
fn v5_3_1_2_9_a_will_stands_in_the_payload() {
    for version in ALL {
        let none: &[u8] = if version == Version::V5 { &[0] } else { &[] };
        let packet = connect(version, 0x2e, &[ID, none, b"\x00\x01w\x00\x02hi"]);
        let will = decode(&packet).unwrap().will.unwrap();
        assert_eq!((will.topic.as_str(), will.payload), ("w", &b"hi"[..]));
        assert_eq!((will.qos, will.retain), (Qos::AtLeastOnce, true));
        let missing = connect(version, 0x2e, &[ID]);
        assert_eq!(decode(&missing), Err(DecodeError::Truncated));
    }
}

#[test]
fn v5_3_1_2_11_and_13_without_a_will_its_flags_are_clear() {
    for version in SINCE_311 {
        for flags in [0x08, 0x10, 0x18, 0x20] {
            let packet = connect(version, flags, &[ID]);
            assert_eq!(decode(&packet), Err(DecodeError::WillFlags), "{flags:#04x}");
        }
        // And no will is expected in the payload.
        assert_eq!(decode(&connect(version, 0, &[ID])).unwrap().will, None);
    }
}

#[test]
fn v5_3_1_2_12_a_will_has_no_qos_3() {
    for version in ALL {
        let none: &[u8] = if version == Version::V5 { &[0] } else { &[] };
        let packet = connect(version, 0x1c, &[ID, none, b"\x00\x01w\x00\x00"]);
        assert_eq!(decode(&packet), Err(DecodeError::WillQos));
    }
    assert_eq!(
        DecodeError::WillQos.statement(Version::V311),
        "v311 3.1.2-14"
    );
}

#[test]
fn v5_3_1_2_16_to_19_flags_say_whether_user_name_and_password_follow() {
    for version in ALL {
        let both = connect(version, 0xc0, &[ID, b"\x00\x01u\x00\x01\xff"]);
        let decoded = decode(&both).unwrap();
        assert_eq!(
            (decoded.username, decoded.password),
            (Some("u"), Some(&[0xff][..]))
        );
        let name = connect(version, 0x80, &[ID, b"\x00\x01u"]);
        let decoded = decode(&name).unwrap();
        assert_eq!((decoded.username, decoded.password), (Some("u"), None));
        let neither = connect(version, 0x00, &[ID, b"\x00\x01u"]);
        assert_eq!(decode(&neither), Err(DecodeError::TrailingBytes));
    }
    for version in SINCE_311 {
        let missing = connect(version, 0x80, &[ID]);
        assert_eq!(decode(&missing), Err(DecodeError::Truncated));
        let missing = connect(version, 0xc0, &[ID, b"\x00\x01u"]);
        assert_eq!(decode(&missing), Err(DecodeError::Truncated));
    }
}

#[test]
fn v311_3_1_2_22_a_password_needs_a_user_name_before_5_0() {
    for version in [Version::V31, Version::V311] {
        let packet = connect(version, 0x40, &[ID, b"\x00\x01p"]);
        assert_eq!(decode(&packet), Err(DecodeError::PasswordWithoutUsername));
    }
    let packet = connect(Version::V5, 0x40, &[ID, b"\x00\x01p"]);
    assert_eq!(decode(&packet).unwrap().password, Some(&b"p"[..]));
}

#[test]
fn v5_3_1_3_1_the_payload_has_its_order() {
    let payload: [&[u8]; 5] = [
        b"\x00\x01i",
        b"\x05\x18\x00\x00\x00\x09\x00\x01w",
        b"\x00\x01m",
        b"\x00\x01u",
        b"\x00\x01p",
    ];
    let packet = connect(Version::V5, 0xc4, &payload);
    let decoded = decode(&packet).unwrap();
    let will = decoded.will.unwrap();
    assert_eq!(decoded.client_id, "i");
    assert_eq!(will.properties.delay_interval_s, Some(9));
    assert_eq!((will.topic.as_str(), will.payload), ("w", &b"m"[..]));
    assert_eq!(
        (decoded.username, decoded.password),
        (Some("u"), Some(&b"p"[..]))
    );
}

#[test]
fn v5_3_1_3_3_there_is_a_client_identifier_and_it_may_be_empty() {
    for version in ALL {
        assert_eq!(
            decode(&connect(version, 2, &[])),
            Err(DecodeError::Truncated)
        );
        assert_eq!(
            decode(&connect(version, 2, &[b"\x00\x00"]))
                .unwrap()
                .client_id,
            ""
        );
    }
}

#[test]
fn v5_3_1_3_5_identifiers_of_letters_and_digits_are_taken() {
    let id = b"\x00\x17" as &[u8];
    let text = b"0123456789abcdefghiJKLM";
    for version in ALL {
        let packet = connect(version, 2, &[id, text]);
        assert_eq!(decode(&packet).unwrap().client_id.as_bytes(), text);
    }
}

#[test]
fn v5_3_1_3_4_11_and_12_text_in_connect_is_valid() {
    let bad = b"\x00\x02\xc3\x28" as &[u8];
    let not_utf8 = Err(DecodeError::Text(TextError::NotUtf8));
    for version in ALL {
        let none: &[u8] = if version == Version::V5 { &[0] } else { &[] };
        assert_eq!(decode(&connect(version, 2, &[bad])), not_utf8);
        assert_eq!(
            decode(&connect(version, 6, &[ID, none, bad, b"\x00\x00"])),
            not_utf8
        );
        assert_eq!(decode(&connect(version, 0x82, &[ID, bad])), not_utf8);
    }
}

#[test]
fn a_will_topic_is_a_topic() {
    for version in ALL {
        let none: &[u8] = if version == Version::V5 { &[0] } else { &[] };
        let will = |topic: &[u8]| connect(version, 6, &[ID, none, topic, b"\x00\x00"]);
        assert_eq!(decode(&will(b"\x00\x00")), Err(DecodeError::TopicEmpty));
        assert_eq!(
            decode(&will(b"\x00\x03a/#")),
            Err(DecodeError::TopicWildcard)
        );
    }
    assert_eq!(
        DecodeError::TopicWildcard.reason_code(),
        ReasonCode::TopicNameInvalid
    );
}

#[test]
fn v5_authentication_data_needs_a_method() {
    let properties = b"\x04\x16\x00\x01d\x00\x01c";
    let packet = packet(0x10, &[NAME, &[5, 2, 0, 0], properties]);
    assert_eq!(
        decode(&packet),
        Err(DecodeError::AuthenticationMethodMissing)
    );
    let code = DecodeError::AuthenticationMethodMissing.reason_code();
    assert_eq!(code, ReasonCode::ProtocolError);
}

#[test]
fn only_old_versions_have_bridges() {
    assert!(decode(&connect(Version::V311, 2, &[ID])).is_ok_and(|connect| !connect.is_bridge));
    let mut bridge = connect(Version::V311, 2, &[ID]);
    bridge[8] = 0x84;
    let decoded = decode(&bridge).unwrap();
    assert!(decoded.is_bridge && decoded.version == Version::V311);
    bridge[8] = 0x85;
    assert_eq!(
        decode(&bridge),
        Err(DecodeError::ProtocolLevel { level: 0x85 })
    );
    // Whoever encodes a bridge of 5.0 gets a plain client.
    let connect = Connect {
        is_bridge: true,
        ..Connect::new(Version::V5, "c")
    };
    assert_eq!(connect.level(), 5);
}

#[test]
fn v5_3_2_2_1_reserved_flags_of_connack_are_clear() {
    for flags in [0x02, 0x80, 0xff] {
        let packet_5 = packet(0x20, &[&[flags, 0, 0]]);
        assert_eq!(
            from_server(&packet_5, Version::V5),
            Some(DecodeError::ConnackFlags)
        );
        let packet_311 = packet(0x20, &[&[flags, 0]]);
        assert_eq!(
            from_server(&packet_311, Version::V311),
            Some(DecodeError::ConnackFlags)
        );
        // 3.1 calls the byte unused.
        assert_eq!(from_server(&packet_311, Version::V31), None);
    }
}

#[test]
fn v5_3_2_2_6_a_refusal_has_no_session_present() {
    let present = Some(DecodeError::SessionPresent);
    assert_eq!(from_server(&[0x20, 3, 1, 0x87, 0], Version::V5), present);
    assert_eq!(from_server(&[0x20, 2, 1, 5], Version::V311), present);
    assert_eq!(
        DecodeError::SessionPresent.statement(Version::V311),
        "v311 3.2.2-4"
    );
}

#[test]
fn v5_3_2_2_6_a_refusal_is_never_encoded_with_session_present() {
    let connack = Packet::Connack(Connack {
        session_present: true,
        reason: ReasonCode::NotAuthorized,
        ..Connack::default()
    });
    let mut out = Vec::new();
    connack.encode(Version::V5, &mut out).unwrap();
    connack.encode(Version::V311, &mut out).unwrap();
    assert_eq!(out, [0x20, 3, 0, 0x87, 0, 0x20, 2, 0, 5]);
}

#[test]
fn v311_3_1_2_22_a_password_alone_is_not_encoded_before_5_0() {
    for version in ALL {
        let connect = Packet::Connect(Connect {
            password: Some(b"p"),
            ..Connect::new(version, "c")
        });
        let result = connect.encode(version, &mut Vec::new());
        let error = Err(EncodeError::PasswordWithoutUsername);
        assert_eq!(
            result,
            if version == Version::V5 {
                Ok(())
            } else {
                error
            }
        );
    }
}

#[test]
fn v5_3_2_2_8_connack_carries_its_own_codes() {
    for code in 0..=255 {
        let fits = ReasonCode::from_byte(code)
            .is_some_and(|reason| reason.fits(PacketType::Connack, Side::Client));
        let error = (!fits).then_some(DecodeError::ReasonCode { code });
        assert_eq!(from_server(&[0x20, 3, 0, code, 0], Version::V5), error);
        let error = (code > 5).then_some(DecodeError::ReasonCode { code });
        assert_eq!(from_server(&[0x20, 2, 0, code], Version::V311), error);
    }
}

#[test]
fn v311_each_refusal_has_a_return_code() {
    let codes = [
        (ReasonCode::Success, 0),
        (ReasonCode::UnsupportedProtocolVersion, 1),
        (ReasonCode::ClientIdentifierNotValid, 2),
        (ReasonCode::ServerUnavailable, 3),
        (ReasonCode::BadUserNameOrPassword, 4),
        (ReasonCode::NotAuthorized, 5),
    ];
    for (reason, code) in codes {
        assert_eq!(reason.v3_return_code(), code);
        assert_eq!(ReasonCode::from_v3_return_code(code), Some(reason));
    }
    assert_eq!(ReasonCode::from_v3_return_code(6), None);
    assert_eq!(ReasonCode::Banned.v3_return_code(), 5);
    assert_eq!(ReasonCode::BadAuthenticationMethod.v3_return_code(), 4);
    assert_eq!(ReasonCode::ServerBusy.v3_return_code(), 3);
}

#[test]
fn v5_3_2_2_9_a_maximum_qos_of_2_is_not_written() {
    let connack = Packet::Connack(Connack {
        properties: ConnackProperties {
            maximum_qos: Some(Qos::ExactlyOnce),
            ..ConnackProperties::default()
        },
        ..Connack::default()
    });
    let mut out = Vec::new();
    connack.encode(Version::V5, &mut out).unwrap();
    assert_eq!(out, [0x20, 3, 0, 0, 0]);
}

#[test]
fn v311_3_1_4_1_a_connect_with_a_fault_is_an_error() {
    let wrong = connect(Version::V311, 0x01, &[ID]);
    assert_eq!(
        from_client(&wrong, Version::V311),
        Some(DecodeError::ConnectFlags)
    );
}
