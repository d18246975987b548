//! Strings. Section 1.5.

use wire_message::TextError;
use wire_mqtt::{DecodeError, Packet, ReasonCode, Side, Version};

use crate::{ALL, from_client, packet};

/// What is wrong with a client identifier.
fn client_id(bytes: &[u8], version: Version) -> Option<DecodeError> {
    let name: &[u8] = match version {
        Version::V31 => b"\x00\x06MQIsdp\x03",
        Version::V311 => b"\x00\x04MQTT\x04",
        Version::V5 => b"\x00\x04MQTT\x05",
    };
    let none: &[u8] = if version == Version::V5 { &[0] } else { &[] };
    let size = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    from_client(
        &packet(0x10, &[name, b"\x02\x00\x00", none, &size, bytes]),
        version,
    )
}

#[test]
fn v5_1_5_4_1_text_is_utf_8_without_surrogates() {
    let wrong: [&[u8]; 7] = [
        &[0xff],
        &[0xc0, 0x80],
        &[0xc3],
        &[0xed, 0xa0, 0x80],
        &[0xed, 0xbf, 0xbf],
        &[0xf4, 0x90, 0x80, 0x80],
        &[0xe2, 0x82],
    ];
    for version in ALL {
        for bytes in wrong {
            let error = DecodeError::Text(TextError::NotUtf8);
            assert_eq!(client_id(bytes, version), Some(error), "{bytes:x?}");
        }
    }
    let error = DecodeError::Text(TextError::NotUtf8);
    assert_eq!(error.statement(Version::V5), "v5 1.5.4-1");
    assert_eq!(error.statement(Version::V311), "v311 1.5.3-1");
    assert_eq!(error.reason_code(), ReasonCode::MalformedPacket);
}

#[test]
fn v5_1_5_4_2_text_has_no_null() {
    for version in ALL {
        for bytes in [&b"\0"[..], b"a\0", b"0123456789abcdef\0"] {
            let error = DecodeError::Text(TextError::Null);
            assert_eq!(client_id(bytes, version), Some(error));
        }
    }
}

#[test]
fn v5_1_5_4_text_has_no_control_characters_and_no_non_characters() {
    for version in ALL {
        for text in [
            "\u{1}", "\u{1f}", "\u{7f}", "\u{85}", "\u{9f}", "\u{fdd0}", "\u{ffff}",
        ] {
            let error = DecodeError::Text(TextError::Disallowed);
            assert_eq!(client_id(text.as_bytes(), version), Some(error), "{text:?}");
        }
    }
}

#[test]
fn v5_1_5_4_3_a_byte_order_mark_is_a_character() {
    let bytes = packet(0x10, &[b"\x00\x04MQTT\x04\x02\x00\x00\x00\x03\xef\xbb\xbf"]);
    let Ok(Packet::Connect(connect)) = Packet::decode(&bytes, Version::V311, Side::Server) else {
        panic!("it is a CONNECT");
    };
    assert_eq!(connect.client_id, "\u{feff}");
}

#[test]
fn v5_1_5_7_1_both_parts_of_a_pair_are_text() {
    for pair in [b"\x26\x00\x01\xff\x00\x01v", b"\x26\x00\x01k\x00\x01\xff"] {
        let packet = packet(0x30, &[b"\x00\x01t\x07", pair]);
        let error = DecodeError::Text(TextError::NotUtf8);
        assert_eq!(from_client(&packet, Version::V5), Some(error));
    }
}
