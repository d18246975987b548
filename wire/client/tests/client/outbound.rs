//! Messages to the broker.

use core::num::{NonZeroU16, NonZeroU32};

use wire_client::{Settings, VerbError};
use wire_message::Qos;
use wire_mqtt::{ConnackProperties, Connect, Publish, Version};

use crate::world::{World, message};

fn resuming(version: Version) -> Connect<'static> {
    Connect {
        clean_start: false,
        ..Connect::new(version, "c")
    }
}

#[test]
fn a_message_of_qos_0_has_no_packet_id_and_is_forgotten() {
    let mut world = World::connected(Version::V311, ConnackProperties::default());
    world.publish("t", b"m", Qos::AtMostOnce);
    assert_eq!(world.sent(), [0x30, 4, 0, 1, b't', b'm']);
    assert_eq!(world.client.unfinished(), 0);
}

#[test]
fn a_message_of_qos_1_ends_with_puback() {
    let mut world = World::connected(Version::V311, ConnackProperties::default());
    world.publish("t", b"m", Qos::AtLeastOnce);
    assert_eq!(world.sent(), [0x32, 6, 0, 1, b't', 0, 1, b'm']);
    assert_eq!(world.client.unfinished(), 1);
    world.feed_bytes(&[0x40, 2, 0, 1]).unwrap();
    assert_eq!(world.told()[1..], ["published 1 Success"]);
    assert_eq!(world.client.unfinished(), 0);
}

#[test]
fn a_message_of_qos_2_ends_with_pubcomp() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    world.publish("t", b"m", Qos::ExactlyOnce);
    assert_eq!(world.sent(), [0x34, 7, 0, 1, b't', 0, 1, 0, b'm']);
    world.feed_bytes(&[0x50, 3, 0, 1, 0x10]).unwrap();
    assert_eq!(world.sent(), [0x62, 2, 0, 1]);
    // The broker may repeat its PUBREC; it gets its PUBREL again.
    world.feed_bytes(&[0x50, 2, 0, 1]).unwrap();
    assert_eq!(world.sent(), [0x62, 2, 0, 1]);
    world.feed_bytes(&[0x70, 2, 0, 1]).unwrap();
    assert_eq!(
        world.told()[1..],
        ["received 1 NoMatchingSubscribers", "published 1 Success"]
    );
    assert_eq!(world.client.unfinished(), 0);
}

#[test]
fn v5_4_3_3_4_a_pubrec_with_an_error_ends_the_delivery() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    world.publish("t", b"m", Qos::ExactlyOnce);
    world.sent();
    world.feed_bytes(&[0x50, 3, 0, 1, 0x97]).unwrap();
    assert_eq!(world.sent(), [0_u8; 0]);
    assert_eq!(world.told()[1..], ["published 1 QuotaExceeded"]);
    assert_eq!(world.client.unfinished(), 0);
}

#[test]
fn acknowledgements_of_nothing_are_told() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    world.publish("t", b"m", Qos::ExactlyOnce);
    world.sent();
    world.feed_bytes(&[0x40, 2, 0, 1]).unwrap();
    world.feed_bytes(&[0x70, 2, 0, 1]).unwrap();
    world.feed_bytes(&[0x50, 2, 0, 9]).unwrap();
    assert_eq!(
        world.told()[1..],
        [
            "stray Puback 1 Success",
            "stray Pubcomp 1 Success",
            "stray Pubrec 9 Success"
        ]
    );
    assert_eq!(world.sent(), [0x62, 3, 0, 9, 0x92]);
    assert_eq!(world.client.unfinished(), 1);
}

#[test]
fn v5_4_4_0_1_a_resumed_session_sends_again_in_order_with_dup() {
    for version in [Version::V31, Version::V311, Version::V5] {
        let mut world = World::connected(version, ConnackProperties::default());
        world.publish("t", b"1", Qos::AtLeastOnce);
        world.publish("t", b"2", Qos::ExactlyOnce);
        world.publish("t", b"3", Qos::AtLeastOnce);
        world.feed_bytes(&[0x50, 2, 0, 2]).unwrap();
        world.connect(&resuming(version), true, ConnackProperties::default());
        let expected: &[&[u8]] = match version {
            Version::V31 | Version::V311 => &[
                &[0x3a, 6, 0, 1, b't', 0, 1, b'1'],
                &[0x62, 2, 0, 2],
                &[0x3a, 6, 0, 1, b't', 0, 3, b'3'],
            ],
            Version::V5 => &[
                &[0x3a, 7, 0, 1, b't', 0, 1, 0, b'1'],
                &[0x62, 2, 0, 2],
                &[0x3a, 7, 0, 1, b't', 0, 3, 0, b'3'],
            ],
        };
        assert_eq!(world.sent(), expected.concat(), "{version:?}");
        assert_eq!(world.client.unfinished(), 3);
    }
}

#[test]
fn v5_3_3_4_7_the_window_is_the_smaller_of_both_limits() {
    let limits = ConnackProperties {
        receive_maximum: NonZeroU16::new(2),
        ..ConnackProperties::default()
    };
    let mut world = World::connected(Version::V5, limits);
    world.publish("t", b"1", Qos::AtLeastOnce);
    world.publish("t", b"2", Qos::ExactlyOnce);
    world.sent();
    let third = message("t", b"3", Qos::AtLeastOnce);
    let refused = world.client.publish(&third, world.now, &mut world.out);
    assert_eq!(
        (refused, world.sent().len()),
        (Err(VerbError::WindowFull), 0)
    );
    // [v5 3.3.4-8]: everything else goes on.
    world.publish("t", b"0", Qos::AtMostOnce);
    world.client.ping(world.now, &mut world.out).unwrap();
    // A PUBREC leaves the window as full as it was.
    world.feed_bytes(&[0x50, 2, 0, 2]).unwrap();
    let refused = world.client.publish(&third, world.now, &mut world.out);
    assert_eq!(refused, Err(VerbError::WindowFull));
    world.feed_bytes(&[0x40, 2, 0, 1]).unwrap();
    assert!(
        world
            .client
            .publish(&third, world.now, &mut world.out)
            .is_ok()
    );

    let mut world = World::new(Settings {
        inflight_max: 1,
        ..Settings::default()
    });
    world.connect(
        &Connect::new(Version::V311, "c"),
        false,
        ConnackProperties::default(),
    );
    world.publish("t", b"1", Qos::AtLeastOnce);
    let refused = world.client.publish(&third, world.now, &mut world.out);
    assert_eq!(refused, Err(VerbError::WindowFull));
}

#[test]
fn a_resumed_session_keeps_to_a_smaller_window() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    for payload in [b"1", b"2", b"3"] {
        world.publish("t", payload, Qos::AtLeastOnce);
    }
    let limits = ConnackProperties {
        receive_maximum: NonZeroU16::new(1),
        ..ConnackProperties::default()
    };
    world.connect(&resuming(Version::V5), true, limits);
    assert_eq!(world.sent(), [0x3a, 7, 0, 1, b't', 0, 1, 0, b'1']);
    let late = message("t", b"4", Qos::AtLeastOnce);
    let refused = world.client.publish(&late, world.now, &mut world.out);
    assert_eq!(refused, Err(VerbError::WindowFull));
    world.feed_bytes(&[0x40, 2, 0, 1]).unwrap();
    assert_eq!(world.sent(), [0x3a, 7, 0, 1, b't', 0, 2, 0, b'2']);
}

#[test]
fn v5_2_2_1_3_packet_ids_are_free_and_not_zero() {
    let mut world = World::connected(Version::V5, ConnackProperties::default());
    world.publish("t", b"kept", Qos::AtLeastOnce);
    for _ in 0..65_534 {
        let publish = message("t", b"", Qos::AtLeastOnce);
        let id = world
            .client
            .publish(&publish, world.now, &mut world.out)
            .unwrap();
        let [high, low] = id.unwrap().value().to_be_bytes();
        assert_ne!(id.unwrap().value(), 1);
        world.feed_bytes(&[0x40, 2, high, low]).unwrap();
        world.told();
    }
    let publish = message("t", b"", Qos::AtLeastOnce);
    let id = world
        .client
        .publish(&publish, world.now, &mut world.out)
        .unwrap();
    assert_eq!(id.unwrap().value(), 2, "1 is still in use after the turn");
}

#[test]
fn v5_3_2_2_11_14_and_15_what_the_broker_does_not_take_is_not_sent() {
    let limits = ConnackProperties {
        maximum_qos: Some(Qos::AtLeastOnce),
        retain_available: Some(false),
        maximum_packet_size: NonZeroU32::new(20),
        ..ConnackProperties::default()
    };
    let mut world = World::connected(Version::V5, limits);
    let mut refused = |publish: &Publish<'_>| {
        let result = world.client.publish(publish, world.now, &mut world.out);
        assert!(world.out.is_empty());
        result.unwrap_err()
    };
    let message = |qos| message("t", b"m", qos);
    assert_eq!(
        refused(&message(Qos::ExactlyOnce)),
        VerbError::QosNotSupported
    );
    let retained = Publish {
        retain: true,
        ..message(Qos::AtMostOnce)
    };
    assert_eq!(refused(&retained), VerbError::RetainNotSupported);
    let large = Publish {
        payload: &[0; 20],
        ..message(Qos::AtMostOnce)
    };
    assert_eq!(refused(&large), VerbError::PacketTooLarge { limit: 20 });
    let fits = Publish {
        payload: &[0; 14],
        ..message(Qos::AtMostOnce)
    };
    world
        .client
        .publish(&fits, world.now, &mut world.out)
        .unwrap();
    assert_eq!(world.out.len(), 20);
}
