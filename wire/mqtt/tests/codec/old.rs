//! Where 3.1 is more lenient than its successors.

use wire_message::Qos;
use wire_mqtt::{Packet, Publish, Side, Version};

use crate::packet;

fn decode(packet: &[u8]) -> Packet<'_> {
    Packet::decode(packet, Version::V31, Side::Server).unwrap()
}

#[test]
fn requests_and_releases_may_come_again_with_dup() {
    for (first_byte, body) in [
        (0x6a, &b"\x00\x01"[..]),
        (0x8a, b"\x00\x01\x00\x01f\x00"),
        (0xaa, b"\x00\x01\x00\x01f"),
    ] {
        let packet = packet(first_byte, &[body]);
        assert!(Packet::decode(&packet, Version::V31, Side::Server).is_ok());
        assert!(Packet::decode(&packet, Version::V311, Side::Server).is_err());
    }
}

#[test]
fn unused_flags_are_not_looked_at() {
    assert_eq!(decode(&[0xcf, 0]), Packet::Pingreq);
    assert!(matches!(decode(&[0x4f, 2, 0, 1]), Packet::Puback(_)));
    let connect = packet(0x1f, &[b"\x00\x06MQIsdp\x03\x3b\x00\x00\x00\x01c"]);
    let Packet::Connect(connect) = decode(&connect) else {
        panic!("it is a CONNECT");
    };
    assert!(connect.will.is_none() && connect.clean_start);
}

#[test]
fn the_length_takes_precedence_over_user_name_and_password() {
    let connect = packet(0x10, &[b"\x00\x06MQIsdp\x03\xc2\x00\x00\x00\x01c"]);
    let Packet::Connect(connect) = decode(&connect) else {
        panic!("it is a CONNECT");
    };
    assert_eq!((connect.username, connect.password), (None, None));
}

#[test]
fn dup_means_nothing_with_qos_0() {
    let packet = packet(0x38, &[b"\x00\x01t"]);
    let publish = Publish::decode(&packet, Version::V31, Side::Server).unwrap();
    assert_eq!((publish.dup, publish.qos), (false, Qos::AtMostOnce));
}
