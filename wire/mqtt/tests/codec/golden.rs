//! Packets byte by byte, most of them the examples of the standards.

use core::num::{NonZeroU16, NonZeroU32};

use wire_message::{Qos, TopicRef};
use wire_mqtt::{
    Ack, AckKind, Auth, AuthProperties, Connack, ConnackProperties, Connect, ConnectProperties,
    Disconnect, DisconnectProperties, FilterRequest, FilterRequests, Filters, Packet, PacketId,
    PayloadFormat, Publish, PublishProperties, ReasonCode, ReasonCodes, ReasonProperties,
    RetainHandling, Side, Suback, Subscribe, SubscribeProperties, SubscriptionIds, Unsuback,
    Unsubscribe, UserProperties, Version, Will, WillProperties, encode_ack,
};

use crate::packet;

/// `bytes` decode to `packet`, and `packet` encodes to `bytes`.
fn golden(bytes: &[u8], version: Version, side: Side, packet: &Packet<'_>) {
    assert_eq!(Packet::decode(bytes, version, side), Ok(*packet));
    let mut out = Vec::new();
    packet.encode(version, &mut out).unwrap();
    assert_eq!(out, bytes, "{packet:?}");
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).unwrap()
}

fn topic(text: &str) -> TopicRef<'_> {
    TopicRef::new(text).unwrap()
}

#[test]
fn connect() {
    let connect = Connect {
        keep_alive_s: 10,
        will: Some(Will {
            topic: topic("w/t"),
            payload: b"gone",
            qos: Qos::AtLeastOnce,
            retain: false,
            properties: WillProperties::default(),
        }),
        username: Some("user"),
        password: Some(b"pass"),
        ..Connect::new(Version::V311, "id")
    };
    let tail: &[u8] = b"\x00\x02id\x00\x03w/t\x00\x04gone\x00\x04user\x00\x04pass";
    let bytes = packet(0x10, &[b"\x00\x04MQTT\x04\xce\x00\x0a", tail]);
    golden(&bytes, Version::V5, Side::Server, &Packet::Connect(connect));
    let old = Connect {
        version: Version::V31,
        ..connect
    };
    let bytes = packet(0x10, &[b"\x00\x06MQIsdp\x03\xce\x00\x0a", tail]);
    golden(&bytes, Version::V5, Side::Server, &Packet::Connect(old));
    let bridge = Connect {
        is_bridge: true,
        ..connect
    };
    let bytes = packet(0x10, &[b"\x00\x04MQTT\x84\xce\x00\x0a", tail]);
    golden(&bytes, Version::V5, Side::Server, &Packet::Connect(bridge));
    let old_bridge = Connect {
        is_bridge: true,
        ..old
    };
    let bytes = packet(0x10, &[b"\x00\x06MQIsdp\x83\xce\x00\x0a", tail]);
    golden(
        &bytes,
        Version::V5,
        Side::Server,
        &Packet::Connect(old_bridge),
    );
}

#[test]
fn connect_with_properties() {
    let connect = Connect {
        clean_start: false,
        keep_alive_s: 60,
        will: Some(Will {
            topic: topic("w"),
            payload: &[0xff],
            qos: Qos::ExactlyOnce,
            retain: true,
            properties: WillProperties {
                delay_interval_s: Some(5),
                payload_format: Some(PayloadFormat::Bytes),
                expiry_interval_s: Some(6),
                content_type: Some("c"),
                response_topic: Some(topic("r")),
                correlation_data: Some(&[0]),
                user_properties: UserProperties::new(&[("a", "b")]),
            },
        }),
        password: Some(b"p"),
        properties: ConnectProperties {
            session_expiry_interval_s: Some(u32::MAX),
            receive_maximum: NonZeroU16::new(20),
            maximum_packet_size: NonZeroU32::new(0x10000),
            topic_alias_maximum: Some(10),
            request_response_information: Some(true),
            request_problem_information: Some(false),
            user_properties: UserProperties::new(&[("k", "v"), ("k", "v")]),
            authentication_method: Some("m"),
            authentication_data: Some(&[1]),
        },
        ..Connect::new(Version::V5, "")
    };
    let bytes = [
        &[0x10, 0][..],
        b"\x00\x04MQTT\x05\x74\x00\x3c\x2a",
        b"\x11\xff\xff\xff\xff\x21\x00\x14\x27\x00\x01\x00\x00\x22\x00\x0a\x19\x01\x17\x00",
        b"\x26\x00\x01k\x00\x01v\x26\x00\x01k\x00\x01v\x15\x00\x01m\x16\x00\x01\x01",
        b"\x00\x00",
        b"\x1f\x18\x00\x00\x00\x05\x01\x00\x02\x00\x00\x00\x06\x03\x00\x01c\x08\x00\x01r",
        b"\x09\x00\x01\x00\x26\x00\x01a\x00\x01b\x00\x01w\x00\x01\xff\x00\x01p",
    ];
    let mut bytes = bytes.concat();
    bytes[1] = u8::try_from(bytes.len() - 2).unwrap();
    golden(&bytes, Version::V5, Side::Server, &Packet::Connect(connect));
}

#[test]
fn connack() {
    let accepted = Connack {
        session_present: true,
        ..Connack::default()
    };
    golden(
        &[0x20, 2, 1, 0],
        Version::V311,
        Side::Client,
        &Packet::Connack(accepted),
    );
    golden(
        &[0x20, 3, 1, 0, 0],
        Version::V5,
        Side::Client,
        &Packet::Connack(accepted),
    );
    let refused = Connack {
        reason: ReasonCode::NotAuthorized,
        ..Connack::default()
    };
    golden(
        &[0x20, 2, 0, 5],
        Version::V31,
        Side::Client,
        &Packet::Connack(refused),
    );
    golden(
        &[0x20, 3, 0, 0x87, 0],
        Version::V5,
        Side::Client,
        &Packet::Connack(refused),
    );
}

#[test]
fn connack_with_properties() {
    let connack = Connack {
        properties: ConnackProperties {
            session_expiry_interval_s: Some(1),
            receive_maximum: NonZeroU16::new(2),
            maximum_qos: Some(Qos::AtLeastOnce),
            retain_available: Some(false),
            maximum_packet_size: NonZeroU32::new(3),
            assigned_client_id: Some("i"),
            topic_alias_maximum: Some(4),
            reason_string: Some("s"),
            user_properties: UserProperties::new(&[("k", "v")]),
            wildcard_subscription_available: Some(true),
            subscription_ids_available: Some(true),
            shared_subscription_available: Some(false),
            server_keep_alive_s: Some(5),
            response_information: Some("r"),
            server_reference: Some("x"),
            authentication_method: Some("m"),
            authentication_data: Some(&[6]),
        },
        ..Connack::default()
    };
    let properties = b"\x11\x00\x00\x00\x01\x21\x00\x02\x24\x01\x25\x00\x27\x00\x00\x00\x03\
        \x12\x00\x01i\x22\x00\x04\x28\x01\x29\x01\x2a\x00\x13\x00\x05\x1a\x00\x01r\
        \x1c\x00\x01x\x15\x00\x01m\x16\x00\x01\x06\x1f\x00\x01s\x26\x00\x01k\x00\x01v";
    let size = u8::try_from(properties.len()).unwrap();
    let bytes = packet(0x20, &[&[0, 0, size], properties]);
    golden(&bytes, Version::V5, Side::Client, &Packet::Connack(connack));
}

#[test]
fn publish() {
    let publish = Publish {
        qos: Qos::AtLeastOnce,
        packet_id: Some(id(10)),
        ..Publish::new(topic("a/b"), b"hi")
    };
    let bytes = b"\x32\x09\x00\x03a/b\x00\x0ahi";
    golden(
        bytes,
        Version::V311,
        Side::Server,
        &Packet::Publish(publish),
    );
    golden(bytes, Version::V31, Side::Client, &Packet::Publish(publish));
    let bytes = b"\x32\x0a\x00\x03a/b\x00\x0a\x00hi";
    golden(bytes, Version::V5, Side::Server, &Packet::Publish(publish));
    let flags = Publish {
        dup: true,
        qos: Qos::ExactlyOnce,
        retain: true,
        payload: b"",
        ..publish
    };
    let bytes = b"\x3d\x07\x00\x03a/b\x00\x0a";
    golden(bytes, Version::V311, Side::Server, &Packet::Publish(flags));
    let bare = Publish::new(topic("a/b"), b"");
    golden(
        b"\x30\x05\x00\x03a/b",
        Version::V311,
        Side::Server,
        &Packet::Publish(bare),
    );
}

#[test]
fn publish_with_properties() {
    let publish = Publish {
        properties: PublishProperties {
            payload_format: Some(PayloadFormat::Text),
            expiry_interval_s: Some(0x0102_0304),
            topic_alias: NonZeroU16::new(7),
            response_topic: Some(topic("r")),
            correlation_data: Some(&[0, 0xff]),
            content_type: Some("c"),
            subscription_ids: SubscriptionIds::new(&[1, 128, 268_435_455]),
            user_properties: UserProperties::new(&[("b", "1"), ("a", "2"), ("b", "1")]),
        },
        topic: None,
        ..Publish::new(topic("t"), b"m")
    };
    let properties = b"\x02\x01\x02\x03\x04\x23\x00\x07\x0b\x01\x0b\x80\x01\x0b\xff\xff\xff\x7f\
        \x01\x01\x08\x00\x01r\x09\x00\x02\x00\xff\x03\x00\x01c\
        \x26\x00\x01b\x00\x011\x26\x00\x01a\x00\x012\x26\x00\x01b\x00\x011";
    let size = u8::try_from(properties.len()).unwrap();
    let bytes = packet(0x30, &[&[0, 0, size], properties, b"m"]);
    golden(&bytes, Version::V5, Side::Client, &Packet::Publish(publish));
}

#[test]
fn acknowledgements() {
    type Make = fn(Ack<'static>) -> Packet<'static>;
    let kinds = [
        (0x40, AckKind::Puback, Packet::Puback as Make),
        (0x50, AckKind::Pubrec, Packet::Pubrec),
        (0x62, AckKind::Pubrel, Packet::Pubrel),
        (0x70, AckKind::Pubcomp, Packet::Pubcomp),
    ];
    for (first, kind, make) in kinds {
        let success = make(Ack::new(id(0x0102), ReasonCode::Success));
        for version in crate::ALL {
            golden(&[first, 2, 1, 2], version, Side::Server, &success);
            let mut out = Vec::new();
            encode_ack(kind, id(0x0102), ReasonCode::Success, version, &mut out);
            assert_eq!(out, [first, 2, 1, 2]);
        }
        let reason = match kind {
            AckKind::Puback | AckKind::Pubrec => ReasonCode::QuotaExceeded,
            AckKind::Pubrel | AckKind::Pubcomp => ReasonCode::PacketIdentifierNotFound,
        };
        let failure = make(Ack::new(id(1), reason));
        golden(
            &[first, 3, 0, 1, reason.byte()],
            Version::V5,
            Side::Client,
            &failure,
        );
        let mut out = Vec::new();
        encode_ack(kind, id(1), reason, Version::V5, &mut out);
        encode_ack(kind, id(1), reason, Version::V311, &mut out);
        assert_eq!(out, [first, 3, 0, 1, reason.byte(), first, 2, 0, 1]);
        let explained = make(Ack {
            properties: ReasonProperties {
                reason_string: Some("s"),
                user_properties: UserProperties::new(&[("k", "v")]),
            },
            ..Ack::new(id(1), ReasonCode::Success)
        });
        let bytes = packet(
            first,
            &[b"\x00\x01\x00\x0b\x1f\x00\x01s\x26\x00\x01k\x00\x01v"],
        );
        golden(&bytes, Version::V5, Side::Client, &explained);
        // A length of zero is another way to say that there are no properties.
        let long = [first, 4, 1, 2, 0, 0];
        assert_eq!(
            Packet::decode(&long, Version::V5, Side::Server),
            Ok(success)
        );
    }
}

#[test]
fn subscribe() {
    let requests = [
        FilterRequest::new("a/b", Qos::AtLeastOnce),
        FilterRequest::new("c/d", Qos::ExactlyOnce),
    ];
    let subscribe = Packet::Subscribe(Subscribe {
        packet_id: id(10),
        properties: SubscribeProperties::default(),
        requests: FilterRequests::new(&requests),
    });
    let bytes = packet(0x82, &[b"\x00\x0a\x00\x03a/b\x01\x00\x03c/d\x02"]);
    golden(&bytes, Version::V311, Side::Server, &subscribe);
    golden(&bytes, Version::V31, Side::Server, &subscribe);
    let bytes = packet(0x82, &[b"\x00\x0a\x00\x00\x03a/b\x01\x00\x03c/d\x02"]);
    golden(&bytes, Version::V5, Side::Server, &subscribe);
    let all = [FilterRequest {
        no_local: true,
        retain_as_published: true,
        retain_handling: RetainHandling::Never,
        ..FilterRequest::new("#", Qos::AtMostOnce)
    }];
    let subscribe = Packet::Subscribe(Subscribe {
        packet_id: id(10),
        properties: SubscribeProperties {
            subscription_id: Some(300),
            user_properties: UserProperties::new(&[("k", "v")]),
        },
        requests: FilterRequests::new(&all),
    });
    let body = b"\x00\x0a\x0a\x0b\xac\x02\x26\x00\x01k\x00\x01v\x00\x01#\x2c";
    golden(
        &packet(0x82, &[body]),
        Version::V5,
        Side::Server,
        &subscribe,
    );
}

#[test]
fn suback() {
    let codes = [
        ReasonCode::Success,
        ReasonCode::GrantedQos2,
        ReasonCode::UnspecifiedError,
    ];
    let suback = Packet::Suback(Suback {
        packet_id: id(10),
        properties: ReasonProperties::default(),
        codes: ReasonCodes::new(&codes),
    });
    golden(
        &[0x90, 5, 0, 10, 0, 2, 0x80],
        Version::V311,
        Side::Client,
        &suback,
    );
    golden(
        &[0x90, 6, 0, 10, 0, 0, 2, 0x80],
        Version::V5,
        Side::Client,
        &suback,
    );
}

#[test]
fn v311_3_9_3_2_failures_of_5_0_are_0x80_before_it() {
    let suback = Packet::Suback(Suback {
        packet_id: id(10),
        properties: ReasonProperties::default(),
        codes: ReasonCodes::new(&[ReasonCode::NotAuthorized, ReasonCode::GrantedQos1]),
    });
    for version in [Version::V31, Version::V311] {
        let mut out = Vec::new();
        suback.encode(version, &mut out).unwrap();
        assert_eq!(out, [0x90, 4, 0, 10, 0x80, 1]);
    }
}

#[test]
fn unsubscribe() {
    let unsubscribe = Packet::Unsubscribe(Unsubscribe {
        packet_id: id(10),
        user_properties: UserProperties::NONE,
        filters: Filters::new(&["a/b", "c/d"]),
    });
    let bytes = packet(0xa2, &[b"\x00\x0a\x00\x03a/b\x00\x03c/d"]);
    golden(&bytes, Version::V311, Side::Server, &unsubscribe);
    let bytes = packet(0xa2, &[b"\x00\x0a\x00\x00\x03a/b\x00\x03c/d"]);
    golden(&bytes, Version::V5, Side::Server, &unsubscribe);
}

#[test]
fn unsuback() {
    let bare = Packet::Unsuback(Unsuback {
        packet_id: id(10),
        properties: ReasonProperties::default(),
        codes: ReasonCodes::new(&[]),
    });
    golden(&[0xb0, 2, 0, 10], Version::V311, Side::Client, &bare);
    let codes = [ReasonCode::Success, ReasonCode::NoSubscriptionExisted];
    let unsuback = Packet::Unsuback(Unsuback {
        packet_id: id(10),
        properties: ReasonProperties::default(),
        codes: ReasonCodes::new(&codes),
    });
    golden(
        &[0xb0, 5, 0, 10, 0, 0, 0x11],
        Version::V5,
        Side::Client,
        &unsuback,
    );
}

#[test]
fn pings() {
    for version in crate::ALL {
        golden(&[0xc0, 0], version, Side::Server, &Packet::Pingreq);
        golden(&[0xd0, 0], version, Side::Client, &Packet::Pingresp);
    }
}

#[test]
fn disconnect() {
    let normal = Packet::Disconnect(Disconnect::default());
    for version in crate::ALL {
        golden(&[0xe0, 0], version, Side::Server, &normal);
    }
    let with_will = Packet::Disconnect(Disconnect::new(ReasonCode::DisconnectWithWill));
    golden(&[0xe0, 1, 4], Version::V5, Side::Server, &with_will);
    let moved = Packet::Disconnect(Disconnect {
        reason: ReasonCode::ServerMoved,
        properties: DisconnectProperties {
            server_reference: Some("h"),
            reason_string: Some("s"),
            ..DisconnectProperties::default()
        },
    });
    let bytes = packet(0xe0, &[b"\x9d\x08\x1c\x00\x01h\x1f\x00\x01s"]);
    golden(&bytes, Version::V5, Side::Client, &moved);
    let expiry = Packet::Disconnect(Disconnect {
        properties: DisconnectProperties {
            session_expiry_interval_s: Some(1),
            ..DisconnectProperties::default()
        },
        ..Disconnect::default()
    });
    golden(
        &[0xe0, 7, 0, 5, 0x11, 0, 0, 0, 1],
        Version::V5,
        Side::Server,
        &expiry,
    );
    // Two other ways to say goodbye.
    for long in [&[0xe0, 1, 0][..], &[0xe0, 2, 0, 0]] {
        assert_eq!(Packet::decode(long, Version::V5, Side::Server), Ok(normal));
    }
}

#[test]
fn auth() {
    golden(
        &[0xf0, 0],
        Version::V5,
        Side::Client,
        &Packet::Auth(Auth::default()),
    );
    let step = Packet::Auth(Auth {
        reason: ReasonCode::ContinueAuthentication,
        properties: AuthProperties {
            authentication_method: Some("m"),
            authentication_data: Some(&[1]),
            reason_string: Some("s"),
            user_properties: UserProperties::new(&[("k", "v")]),
        },
    });
    let body = b"\x18\x13\x15\x00\x01m\x16\x00\x01\x01\x1f\x00\x01s\x26\x00\x01k\x00\x01v";
    golden(&packet(0xf0, &[body]), Version::V5, Side::Server, &step);
}
