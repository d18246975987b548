//! Reason codes, and packets that explain themselves within a limit. Section 2.4.

use wire_mqtt::{
    Ack, Auth, AuthProperties, Connack, DecodeError, Disconnect, EncodeError, Packet, PacketId,
    PacketType, ReasonCode, ReasonCodes, ReasonProperties, Side, Suback, Unsuback, UserProperties,
    Version,
};

use crate::{from_client, from_server};

const PUBACK: &[u8] = &[0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
const PUBREL: &[u8] = &[0, 0x92];
const DISCONNECT_BY_CLIENT: &[u8] = &[
    0, 4, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99,
];
const DISCONNECT_BY_SERVER: &[u8] = &[
    0, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94, 0x95,
    0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2,
];

#[test]
fn v5_3_4_2_1_3_5_2_1_3_6_2_1_and_3_7_2_1_acknowledgements_carry_their_own_codes() {
    for code in 0..=255 {
        for (first, fitting) in [
            (0x40, PUBACK),
            (0x50, PUBACK),
            (0x62, PUBREL),
            (0x70, PUBREL),
        ] {
            let error = (!fitting.contains(&code)).then_some(DecodeError::ReasonCode { code });
            let packet = [first, 3, 0, 1, code];
            assert_eq!(
                from_client(&packet, Version::V5),
                error,
                "{first:#04x} {code:#04x}"
            );
            assert_eq!(
                from_server(&packet, Version::V5),
                error,
                "{first:#04x} {code:#04x}"
            );
            let trailing = Some(DecodeError::TrailingBytes);
            assert_eq!(from_client(&packet, Version::V311), trailing);
        }
    }
}

#[test]
fn v5_3_14_2_1_disconnect_carries_its_own_codes() {
    for code in 0..=255 {
        let packet = [0xe0, 1, code];
        let error =
            |fitting: &[u8]| (!fitting.contains(&code)).then_some(DecodeError::ReasonCode { code });
        assert_eq!(
            from_client(&packet, Version::V5),
            error(DISCONNECT_BY_CLIENT)
        );
        assert_eq!(
            from_server(&packet, Version::V5),
            error(DISCONNECT_BY_SERVER)
        );
    }
}

#[test]
fn v5_3_15_2_1_auth_carries_its_own_codes() {
    for code in 0..=255 {
        let packet = [0xf0, 6, code, 4, 0x15, 0, 1, b'm'];
        let error =
            |fitting: &[u8]| (!fitting.contains(&code)).then_some(DecodeError::ReasonCode { code });
        assert_eq!(from_client(&packet, Version::V5), error(&[0x18, 0x19]));
        assert_eq!(from_server(&packet, Version::V5), error(&[0, 0x18]));
    }
    // The short form is a success, which only servers tell.
    assert_eq!(from_server(&[0xf0, 0], Version::V5), None);
    let error = DecodeError::ReasonCode { code: 0 };
    assert_eq!(from_client(&[0xf0, 0], Version::V5), Some(error));
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
}

#[test]
fn auth_names_its_method() {
    let missing = Some(DecodeError::AuthenticationMethodMissing);
    assert_eq!(from_client(&[0xf0, 2, 0x18, 0], Version::V5), missing);
    let truncated = Some(DecodeError::Truncated);
    assert_eq!(from_client(&[0xf0, 1, 0x18], Version::V5), truncated);
}

#[test]
fn v5_3_14_2_2_a_server_sends_no_session_expiry() {
    let packet = [0xe0, 7, 0, 5, 0x11, 0, 0, 0, 1];
    let error = DecodeError::SessionExpiryFromServer;
    assert_eq!(from_server(&packet, Version::V5), Some(error));
    assert_eq!(error.reason_code(), ReasonCode::ProtocolError);
    assert_eq!(from_client(&packet, Version::V5), None);
}

#[test]
fn codes_and_bytes_are_one_to_one() {
    assert_eq!(ReasonCode::ALL.len(), 43);
    assert!(ReasonCode::ALL.is_sorted());
    for byte in 0..=255 {
        let code = ReasonCode::from_byte(byte);
        assert_eq!(
            code.is_some(),
            ReasonCode::ALL.iter().any(|code| code.byte() == byte)
        );
        assert!(code.is_none_or(|code| code.byte() == byte && code.is_error() == (byte >= 0x80)));
    }
    let publish = ReasonCode::ALL
        .iter()
        .find(|code| code.fits(PacketType::Publish, Side::Server));
    assert_eq!(publish, None, "a PUBLISH carries no code");
}

fn explained(make: impl Fn(Option<&'static str>, UserProperties<'static>) -> Packet<'static>) {
    let (reason, users) = (Some("why"), UserProperties::new(&[("key", "value")]));
    let size = |packet: &Packet<'_>| packet.encoded_size(Version::V5).unwrap();
    let encode = |packet: &Packet<'_>| {
        let mut out = Vec::new();
        packet.encode(Version::V5, &mut out).unwrap();
        out
    };
    let full = make(reason, users);
    let (shorter, bare) = (
        make(reason, UserProperties::NONE),
        make(None, UserProperties::NONE),
    );
    let within = |limit| {
        let mut out = Vec::new();
        full.encode_within(Version::V5, limit, &mut out)
            .map(|()| out)
    };
    assert_eq!(within(size(&full)), Ok(encode(&full)));
    assert_eq!(within(size(&full) - 1), Ok(encode(&shorter)));
    assert_eq!(within(size(&shorter)), Ok(encode(&shorter)));
    assert_eq!(within(size(&shorter) - 1), Ok(encode(&bare)));
    assert_eq!(within(size(&bare)), Ok(encode(&bare)));
    let limit = size(&bare) - 1;
    assert_eq!(within(limit), Err(EncodeError::PacketTooLarge { limit }));
}

#[test]
fn v5_3_2_2_19_and_20_connack_explains_itself_within_the_limit() {
    explained(|reason_string, user_properties| {
        let mut connack = Connack {
            reason: ReasonCode::QuotaExceeded,
            ..Connack::default()
        };
        connack.properties.reason_string = reason_string;
        connack.properties.user_properties = user_properties;
        connack.properties.server_keep_alive_s = Some(7);
        Packet::Connack(connack)
    });
}

fn ack(
    reason_string: Option<&'static str>,
    user_properties: UserProperties<'static>,
) -> Ack<'static> {
    Ack {
        properties: ReasonProperties {
            reason_string,
            user_properties,
        },
        ..Ack::new(PacketId::new(1).unwrap(), ReasonCode::Success)
    }
}

#[test]
fn v5_3_4_2_2_and_3_puback_explains_itself_within_the_limit() {
    explained(|reason, users| Packet::Puback(ack(reason, users)));
}

#[test]
fn v5_3_5_2_2_and_3_pubrec_explains_itself_within_the_limit() {
    explained(|reason, users| Packet::Pubrec(ack(reason, users)));
}

#[test]
fn v5_3_6_2_2_and_3_pubrel_explains_itself_within_the_limit() {
    explained(|reason, users| Packet::Pubrel(ack(reason, users)));
}

#[test]
fn v5_3_7_2_2_and_3_pubcomp_explains_itself_within_the_limit() {
    explained(|reason, users| Packet::Pubcomp(ack(reason, users)));
}

#[test]
fn v5_3_9_2_1_and_2_suback_explains_itself_within_the_limit() {
    explained(|reason, users| {
        let Ack {
            packet_id,
            properties,
            ..
        } = ack(reason, users);
        Packet::Suback(Suback {
            packet_id,
            properties,
            codes: ReasonCodes::new(&[ReasonCode::GrantedQos1]),
        })
    });
}

#[test]
fn v5_3_11_2_1_and_2_unsuback_explains_itself_within_the_limit() {
    explained(|reason, users| {
        let Ack {
            packet_id,
            properties,
            ..
        } = ack(reason, users);
        Packet::Unsuback(Unsuback {
            packet_id,
            properties,
            codes: ReasonCodes::new(&[ReasonCode::Success]),
        })
    });
}

#[test]
fn v5_3_14_2_3_and_4_disconnect_explains_itself_within_the_limit() {
    explained(|reason_string, user_properties| {
        let mut disconnect = Disconnect::new(ReasonCode::ProtocolError);
        disconnect.properties.reason_string = reason_string;
        disconnect.properties.user_properties = user_properties;
        Packet::Disconnect(disconnect)
    });
}

#[test]
fn v5_3_15_2_2_and_3_auth_explains_itself_within_the_limit() {
    explained(|reason_string, user_properties| {
        Packet::Auth(Auth {
            reason: ReasonCode::ContinueAuthentication,
            properties: AuthProperties {
                authentication_method: Some("m"),
                reason_string,
                user_properties,
                ..AuthProperties::default()
            },
        })
    });
}

#[test]
fn auth_is_not_encoded_before_5_0() {
    let mut out = Vec::new();
    let result = Packet::Auth(Auth::default()).encode(Version::V311, &mut out);
    assert_eq!(result, Err(EncodeError::NotInVersion));
}
