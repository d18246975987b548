//! A malformed twin of each golden packet, and the fault that is found in it.

use wire_mqtt::{DecodeError, Version};

use crate::{from_client, from_server, packet};

#[test]
fn lengths_of_strings_are_checked_against_the_packet() {
    let twins: [(u8, &[u8], Version); 6] = [
        (
            0x10,
            b"\x00\x04MQTT\x04\x02\x00\x00\x00\x09id",
            Version::V311,
        ),
        (
            0x10,
            b"\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x09id",
            Version::V5,
        ),
        (0x10, b"\x00\x09MQTT", Version::V311),
        (0x30, b"\x00\x04a/b", Version::V311),
        (0x82, b"\x00\x0a\x00\x04a/b", Version::V311),
        (0xa2, b"\x00\x0a\x00\x04a/b", Version::V311),
    ];
    for (first_byte, body, version) in twins {
        let packet = packet(first_byte, &[body]);
        assert_eq!(
            from_client(&packet, version),
            Some(DecodeError::Truncated),
            "{body:?}"
        );
    }
}

#[test]
fn fields_that_are_missing_are_missed() {
    let twins: [(u8, &[u8]); 6] = [
        (0x10, b""),
        (0x10, b"\x00\x04MQTT"),
        (0x32, b"\x00\x01t\x00"),
        (0x40, b"\x00"),
        (0x82, b"\x00\x0a\x00\x03a/b"),
        (0xa2, b""),
    ];
    for (first_byte, body) in twins {
        for version in crate::ALL {
            let packet = packet(first_byte, &[body]);
            let error = from_client(&packet, version);
            assert_eq!(
                error,
                Some(DecodeError::Truncated),
                "{first_byte:#04x} {body:?}"
            );
        }
    }
    for body in [&b""[..], b"\x00"] {
        let connack = packet(0x20, &[body]);
        assert_eq!(
            from_server(&connack, Version::V311),
            Some(DecodeError::Truncated)
        );
    }
}

#[test]
fn bytes_after_the_last_field_are_refused() {
    let twins: [(u8, &[u8], Version); 6] = [
        (
            0x10,
            b"\x00\x04MQTT\x04\x02\x00\x00\x00\x01c\x00",
            Version::V311,
        ),
        (0x40, b"\x00\x01\x00", Version::V311),
        (0x40, b"\x00\x01\x00\x00\x00", Version::V5),
        (0xe0, b"\x00", Version::V311),
        (0xe0, b"\x00\x00\x00", Version::V5),
        (0xf0, b"\x18\x04\x15\x00\x01m\x00", Version::V5),
    ];
    for (first_byte, body, version) in twins {
        let packet = packet(first_byte, &[body]);
        let error = from_client(&packet, version);
        assert_eq!(
            error,
            Some(DecodeError::TrailingBytes),
            "{first_byte:#04x} {body:?}"
        );
    }
}

#[test]
fn nothing_is_no_packet() {
    assert_eq!(from_client(&[], Version::V5), Some(DecodeError::Truncated));
    assert_eq!(
        from_client(&[0xc0], Version::V5),
        Some(DecodeError::Truncated)
    );
}
