//! Which packet may carry which property, how often, with which values. Section 2.2.2.

use wire_mqtt::{DecodeError, ReasonCode, Version};

use crate::{from_client, from_server, packet};

/// Where properties stand, as table 2-4 names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Connect,
    Connack,
    Publish,
    Will,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Disconnect,
    Auth,
}

use Place::{
    Auth, Connack, Connect, Disconnect, Puback, Pubcomp, Publish, Pubrec, Pubrel, Suback,
    Subscribe, Unsuback, Unsubscribe, Will,
};

const PLACES: [Place; 14] = [
    Connect,
    Connack,
    Publish,
    Will,
    Puback,
    Pubrec,
    Pubrel,
    Pubcomp,
    Subscribe,
    Suback,
    Unsubscribe,
    Unsuback,
    Disconnect,
    Auth,
];

const EXPLAINING: &[Place] = &[
    Connack, Puback, Pubrec, Pubrel, Pubcomp, Suback, Unsuback, Disconnect, Auth,
];

/// Table 2-4: a property with a valid value, and where it may stand.
const TABLE: &[(&[u8], &[Place])] = &[
    (b"\x01\x01", &[Publish, Will]),
    (b"\x02\x00\x00\x00\x00", &[Publish, Will]),
    (b"\x03\x00\x01c", &[Publish, Will]),
    (b"\x08\x00\x01r", &[Publish, Will]),
    (b"\x09\x00\x01\x00", &[Publish, Will]),
    (b"\x0b\x01", &[Publish, Subscribe]),
    (b"\x11\x00\x00\x00\x00", &[Connect, Connack, Disconnect]),
    (b"\x12\x00\x01i", &[Connack]),
    (b"\x13\x00\x00", &[Connack]),
    (b"\x15\x00\x01m", &[Connect, Connack, Auth]),
    (b"\x16\x00\x01d", &[Connect, Connack, Auth]),
    (b"\x17\x00", &[Connect]),
    (b"\x18\x00\x00\x00\x00", &[Will]),
    (b"\x19\x01", &[Connect]),
    (b"\x1a\x00\x01r", &[Connack]),
    (b"\x1c\x00\x01s", &[Connack, Disconnect]),
    (b"\x1f\x00\x01s", EXPLAINING),
    (b"\x21\x00\x01", &[Connect, Connack]),
    (b"\x22\x00\x00", &[Connect, Connack]),
    (b"\x23\x00\x01", &[Publish]),
    (b"\x24\x01", &[Connack]),
    (b"\x25\x00", &[Connack]),
    (b"\x26\x00\x01k\x00\x01v", &PLACES),
    (b"\x27\x00\x00\x00\x01", &[Connect, Connack]),
    (b"\x28\x01", &[Connack]),
    (b"\x29\x01", &[Connack]),
    (b"\x2a\x01", &[Connack]),
];

/// What is wrong with `properties` at `place`, in the direction that permits most.
fn decode(place: Place, properties: &[u8]) -> Option<DecodeError> {
    // AUTH and authentication data need a method, which other properties must not have twice.
    let has_method = properties.first() == Some(&0x15);
    let needs_method = place == Auth || place == Connect && properties.first() == Some(&0x16);
    let method: &[u8] = if needs_method && !has_method {
        b"\x15\x00\x01m"
    } else {
        b""
    };
    let section = [properties, method].concat();
    let section = [&[u8::try_from(section.len()).unwrap()], &section[..]].concat();
    let section = &section[..];
    let id: &[u8] = &[0, 1];
    let v5 = Version::V5;
    match place {
        Connect => {
            let start = b"\x00\x04MQTT\x05\x02\x00\x00";
            from_client(&packet(0x10, &[start, section, b"\x00\x01c"]), v5)
        }
        Will => {
            let start = b"\x00\x04MQTT\x05\x06\x00\x00\x00\x00\x01c";
            from_client(&packet(0x10, &[start, section, b"\x00\x01w\x00\x00"]), v5)
        }
        Connack => from_server(&packet(0x20, &[&[0, 0], section]), v5),
        Publish => from_server(&packet(0x30, &[b"\x00\x01t", section]), v5),
        Puback => from_client(&packet(0x40, &[id, &[0], section]), v5),
        Pubrec => from_client(&packet(0x50, &[id, &[0], section]), v5),
        Pubrel => from_client(&packet(0x62, &[id, &[0], section]), v5),
        Pubcomp => from_client(&packet(0x70, &[id, &[0], section]), v5),
        Subscribe => from_client(&packet(0x82, &[id, section, b"\x00\x01f\x00"]), v5),
        Suback => from_server(&packet(0x90, &[id, section, &[0]]), v5),
        Unsubscribe => from_client(&packet(0xa2, &[id, section, b"\x00\x01f"]), v5),
        Unsuback => from_server(&packet(0xb0, &[id, section, &[0]]), v5),
        Disconnect => from_client(&packet(0xe0, &[&[0], section]), v5),
        Auth => from_client(&packet(0xf0, &[&[0x18], section]), v5),
    }
}

#[test]
fn v5_properties_stand_where_they_belong() {
    for (property, places) in TABLE {
        let id = property[0];
        for place in PLACES {
            let misplaced = DecodeError::PropertyMisplaced { property: id };
            let expected = (!places.contains(&place)).then_some(misplaced);
            assert_eq!(decode(place, property), expected, "{id:#04x} in {place:?}");
            assert_eq!(misplaced.reason_code(), ReasonCode::MalformedPacket);
        }
    }
}

#[test]
fn v5_properties_stand_once_but_for_two() {
    for (property, places) in TABLE {
        let id = property[0];
        for &place in *places {
            let repeats = id == 0x26 || id == 0x0b && place == Publish;
            let twice = DecodeError::PropertyTwice { property: id };
            let expected = (!repeats).then_some(twice);
            let both = [*property, *property].concat();
            assert_eq!(decode(place, &both), expected, "{id:#04x} in {place:?}");
            assert_eq!(twice.reason_code(), ReasonCode::ProtocolError);
        }
    }
}

#[test]
fn v5_unknown_properties_are_malformed() {
    for id in 0..=255 {
        if TABLE.iter().any(|(property, _)| property[0] == id) {
            continue;
        }
        for place in PLACES {
            let unknown = DecodeError::PropertyUnknown { property: id };
            assert_eq!(decode(place, &[id, 0, 0]), Some(unknown));
            assert_eq!(unknown.reason_code(), ReasonCode::MalformedPacket);
        }
    }
}

#[test]
fn a_property_ends_within_its_section() {
    for (property, places) in TABLE {
        for cut in 1..property.len() {
            let error = decode(places[0], &property[..cut]);
            let id = property[0];
            // The method that AUTH needs follows, and may be taken for what is missing.
            let refused = error.is_some();
            assert!(refused, "{id:#04x} cut at {cut}");
        }
    }
}

#[test]
fn v5_flags_among_the_properties_are_0_or_1() {
    for id in [0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a] {
        let (property, places) = TABLE
            .iter()
            .find(|(property, _)| property[0] == id)
            .unwrap();
        assert_eq!(property.len(), 2);
        for value in 0..=255 {
            let error = DecodeError::PropertyValue { property: id };
            let expected = (value > 1).then_some(error);
            assert_eq!(
                decode(places[0], &[id, value]),
                expected,
                "{id:#04x} {value}"
            );
            assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
        }
    }
}

#[test]
fn v5_limits_among_the_properties_are_not_zero() {
    let zeros: [(&[u8], Place); 5] = [
        (b"\x21\x00\x00", Connect),
        (b"\x21\x00\x00", Connack),
        (b"\x27\x00\x00\x00\x00", Connect),
        (b"\x27\x00\x00\x00\x00", Connack),
        (b"\x0b\x00", Subscribe),
    ];
    for (property, place) in zeros {
        let error = DecodeError::PropertyValue {
            property: property[0],
        };
        assert_eq!(decode(place, property), Some(error), "{place:?}");
    }
}

#[test]
fn a_section_ends_within_its_packet() {
    let packet = packet(0x30, &[b"\x00\x01t\x05\x01\x01"]);
    assert_eq!(
        from_client(&packet, Version::V5),
        Some(DecodeError::Truncated)
    );
}
