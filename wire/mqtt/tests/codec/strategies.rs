//! Any packet that a version can express, for properties.

use std::num::{NonZeroU16, NonZeroU32};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use wire_message::{Qos, TopicRef};
use wire_mqtt::{
    Ack, Auth, AuthProperties, Connack, ConnackProperties, Connect, ConnectProperties, Disconnect,
    DisconnectProperties, FilterRequest, FilterRequests, Filters, Packet, PacketId, PacketType,
    PayloadFormat, Publish, PublishProperties, ReasonCode, ReasonCodes, ReasonProperties,
    RetainHandling, Side, Suback, Subscribe, SubscribeProperties, SubscriptionIds, Unsuback,
    Unsubscribe, UserProperties, VARINT_MAX, Version, Will, WillProperties,
};

/// Packets borrow; what they borrow from is leaked, which a test's short life forgives.
fn leak<T: ?Sized>(owned: Box<T>) -> &'static T {
    Box::leak(owned)
}

pub(crate) fn version() -> impl Strategy<Value = Version> {
    prop_oneof![Just(Version::V31), Just(Version::V311), Just(Version::V5)]
}

pub(crate) fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Client), Just(Side::Server)]
}

fn text() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        3 => "[ -~]{0,40}",
        1 => "[ -~\u{a0}-\u{fff}\u{10000}-\u{10ffd}]{0,12}",
    ]
    .prop_map(|text| leak(text.into_boxed_str()))
}

fn topic() -> impl Strategy<Value = TopicRef<'static>> {
    "[a-zA-Z0-9/$ \u{fc}]{1,40}".prop_map(|text| {
        TopicRef::new(leak(text.into_boxed_str())).expect("there are no wildcards in it")
    })
}

fn bytes() -> impl Strategy<Value = &'static [u8]> {
    vec(any::<u8>(), 0..40).prop_map(|bytes| leak(bytes.into_boxed_slice()))
}

fn users() -> impl Strategy<Value = UserProperties<'static>> {
    vec((text(), text()), 0..4)
        .prop_map(|pairs| UserProperties::new(leak(pairs.into_boxed_slice())))
}

fn qos() -> impl Strategy<Value = Qos> {
    (0..3_u8).prop_map(|bits| Qos::from_bits(bits).expect("0, 1 and 2 are"))
}

fn packet_id() -> impl Strategy<Value = PacketId> {
    any::<NonZeroU16>().prop_map(PacketId)
}

fn payload_format() -> impl Strategy<Value = PayloadFormat> {
    prop_oneof![Just(PayloadFormat::Bytes), Just(PayloadFormat::Text)]
}

fn reason(kind: PacketType, side: Side) -> impl Strategy<Value = ReasonCode> {
    let fitting = ReasonCode::ALL.iter().copied();
    proptest::sample::select(
        fitting
            .filter(|code| code.fits(kind, side))
            .collect::<Vec<_>>(),
    )
}

fn reason_properties(version: Version) -> BoxedStrategy<ReasonProperties<'static>> {
    only_v5(
        version,
        (option::of(text()), users()).prop_map(|(reason_string, user_properties)| {
            ReasonProperties {
                reason_string,
                user_properties,
            }
        }),
    )
}

/// What only 5.0 can express.
fn only_v5<T: Default + Clone + std::fmt::Debug + 'static>(
    version: Version,
    strategy: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<T> {
    match version {
        Version::V31 | Version::V311 => Just(T::default()).boxed(),
        Version::V5 => prop_oneof![1 => Just(T::default()), 4 => strategy].boxed(),
    }
}

/// A packet that `side` may receive.
pub(crate) fn packet(version: Version, side: Side) -> BoxedStrategy<Packet<'static>> {
    let ack = |kind| ack(kind, version, side);
    let common = prop_oneof![
        4 => publish(version, side).prop_map(Packet::Publish),
        1 => ack(PacketType::Puback).prop_map(Packet::Puback),
        1 => ack(PacketType::Pubrec).prop_map(Packet::Pubrec),
        1 => ack(PacketType::Pubrel).prop_map(Packet::Pubrel),
        1 => ack(PacketType::Pubcomp).prop_map(Packet::Pubcomp),
    ];
    let v5 = prop_oneof![
        disconnect(version, side).prop_map(Packet::Disconnect),
        auth(side).prop_map(Packet::Auth),
    ];
    let one_way = match side {
        Side::Client => prop_oneof![
            connack(version).prop_map(Packet::Connack),
            suback(version).prop_map(Packet::Suback),
            unsuback(version).prop_map(Packet::Unsuback),
            Just(Packet::Pingresp),
        ]
        .boxed(),
        Side::Server => prop_oneof![
            connect(version).prop_map(Packet::Connect),
            subscribe(version).prop_map(Packet::Subscribe),
            unsubscribe(version).prop_map(Packet::Unsubscribe),
            disconnect(version, side).prop_map(Packet::Disconnect),
            Just(Packet::Pingreq),
        ]
        .boxed(),
    };
    match version {
        Version::V31 | Version::V311 => prop_oneof![common, one_way].boxed(),
        Version::V5 => prop_oneof![2 => common, 1 => v5, 2 => one_way].boxed(),
    }
}

fn ack(kind: PacketType, version: Version, side: Side) -> BoxedStrategy<Ack<'static>> {
    let reason = only_v5(version, reason(kind, side));
    (packet_id(), reason, reason_properties(version))
        .prop_map(|(packet_id, reason, properties)| Ack {
            packet_id,
            reason,
            properties,
        })
        .boxed()
}

pub(crate) fn publish(version: Version, side: Side) -> BoxedStrategy<Publish<'static>> {
    (
        (any::<bool>(), qos(), any::<bool>(), topic(), any::<bool>()),
        packet_id(),
        publish_properties(version, side),
        bytes(),
    )
        .prop_map(
            |((dup, qos, retain, topic, named), packet_id, properties, payload)| Publish {
                dup: dup && qos != Qos::AtMostOnce,
                qos,
                retain,
                topic: (named || properties.topic_alias.is_none()).then_some(topic),
                packet_id: (qos != Qos::AtMostOnce).then_some(packet_id),
                properties,
                payload,
            },
        )
        .boxed()
}

pub(crate) fn publish_properties(
    version: Version,
    side: Side,
) -> BoxedStrategy<PublishProperties<'static>> {
    let ids = match side {
        Side::Client => 4,
        Side::Server => 1,
    };
    let strategy = (
        option::of(payload_format()),
        option::of(any::<u32>()),
        option::of(any::<NonZeroU16>()),
        option::of(topic()),
        option::of(bytes()),
        option::of(text()),
        vec(1..=VARINT_MAX, 0..ids),
        users(),
    );
    only_v5(
        version,
        strategy.prop_map(|values| PublishProperties {
            payload_format: values.0,
            expiry_interval_s: values.1,
            topic_alias: values.2,
            response_topic: values.3,
            correlation_data: values.4,
            content_type: values.5,
            subscription_ids: SubscriptionIds::new(leak(values.6.into_boxed_slice())),
            user_properties: values.7,
        }),
    )
}

fn connect(version: Version) -> BoxedStrategy<Connect<'static>> {
    (
        (any::<bool>(), any::<bool>(), any::<u16>(), text()),
        option::of(will(version)),
        option::of(text()),
        option::of(bytes()),
        connect_properties(version),
    )
        .prop_map(
            move |(
                (bridge, clean_start, keep_alive_s, client_id),
                will,
                username,
                password,
                properties,
            )| {
                let username_alone = version == Version::V5 || username.is_some();
                Connect {
                    version,
                    is_bridge: bridge && version != Version::V5,
                    clean_start,
                    keep_alive_s,
                    client_id,
                    will,
                    username,
                    password: password.filter(|_| username_alone),
                    properties,
                }
            },
        )
        .boxed()
}

fn connect_properties(version: Version) -> BoxedStrategy<ConnectProperties<'static>> {
    let strategy = (
        option::of(any::<u32>()),
        option::of(any::<NonZeroU16>()),
        option::of(any::<NonZeroU32>()),
        option::of(any::<u16>()),
        option::of(any::<bool>()),
        option::of(any::<bool>()),
        users(),
        option::of((text(), option::of(bytes()))),
    );
    only_v5(
        version,
        strategy.prop_map(|values| ConnectProperties {
            session_expiry_interval_s: values.0,
            receive_maximum: values.1,
            maximum_packet_size: values.2,
            topic_alias_maximum: values.3,
            request_response_information: values.4,
            request_problem_information: values.5,
            user_properties: values.6,
            authentication_method: values.7.map(|(method, _)| method),
            authentication_data: values.7.and_then(|(_, data)| data),
        }),
    )
}

fn will(version: Version) -> BoxedStrategy<Will<'static>> {
    (
        topic(),
        bytes(),
        qos(),
        any::<bool>(),
        will_properties(version),
    )
        .prop_map(|(topic, payload, qos, retain, properties)| Will {
            topic,
            payload,
            qos,
            retain,
            properties,
        })
        .boxed()
}

pub(crate) fn will_properties(version: Version) -> BoxedStrategy<WillProperties<'static>> {
    let strategy = (
        option::of(any::<u32>()),
        option::of(payload_format()),
        option::of(any::<u32>()),
        option::of(text()),
        option::of(topic()),
        option::of(bytes()),
        users(),
    );
    only_v5(
        version,
        strategy.prop_map(|values| WillProperties {
            delay_interval_s: values.0,
            payload_format: values.1,
            expiry_interval_s: values.2,
            content_type: values.3,
            response_topic: values.4,
            correlation_data: values.5,
            user_properties: values.6,
        }),
    )
}

fn connack(version: Version) -> BoxedStrategy<Connack<'static>> {
    let reason = match version {
        Version::V31 | Version::V311 => (0..6_u8)
            .prop_map(|code| ReasonCode::from_v3_return_code(code).expect("0 to 5 are"))
            .boxed(),
        Version::V5 => reason(PacketType::Connack, Side::Client).boxed(),
    };
    (any::<bool>(), reason, connack_properties(version))
        .prop_map(move |(present, reason, properties)| Connack {
            session_present: present && !reason.is_error() && version != Version::V31,
            reason,
            properties,
        })
        .boxed()
}

fn connack_properties(version: Version) -> BoxedStrategy<ConnackProperties<'static>> {
    let strategy = (
        (
            option::of(any::<u32>()),
            option::of(any::<NonZeroU16>()),
            option::of((0..2_u8).prop_map(|bits| Qos::from_bits(bits).expect("0 and 1 are"))),
            option::of(any::<bool>()),
            option::of(any::<NonZeroU32>()),
            option::of(text()),
            option::of(any::<u16>()),
            option::of(text()),
            users(),
        ),
        (
            option::of(any::<bool>()),
            option::of(any::<bool>()),
            option::of(any::<bool>()),
            option::of(any::<u16>()),
            option::of(text()),
            option::of(text()),
            option::of(text()),
            option::of(bytes()),
        ),
    );
    only_v5(
        version,
        strategy.prop_map(|(first, second)| ConnackProperties {
            session_expiry_interval_s: first.0,
            receive_maximum: first.1,
            maximum_qos: first.2,
            retain_available: first.3,
            maximum_packet_size: first.4,
            assigned_client_id: first.5,
            topic_alias_maximum: first.6,
            reason_string: first.7,
            user_properties: first.8,
            wildcard_subscription_available: second.0,
            subscription_ids_available: second.1,
            shared_subscription_available: second.2,
            server_keep_alive_s: second.3,
            response_information: second.4,
            server_reference: second.5,
            authentication_method: second.6,
            authentication_data: second.7,
        }),
    )
}

fn subscribe(version: Version) -> BoxedStrategy<Subscribe<'static>> {
    let handling = prop_oneof![
        Just(RetainHandling::Always),
        Just(RetainHandling::IfNew),
        Just(RetainHandling::Never)
    ];
    let v5 = only_v5(version, (any::<bool>(), any::<bool>(), handling));
    let request = (text(), qos(), v5).prop_map(|(filter, qos, options)| FilterRequest {
        filter,
        qos,
        no_local: options.0,
        retain_as_published: options.1,
        retain_handling: options.2,
    });
    let properties =
        (option::of(1..=VARINT_MAX), users()).prop_map(|(subscription_id, user_properties)| {
            SubscribeProperties {
                subscription_id,
                user_properties,
            }
        });
    (
        packet_id(),
        only_v5(version, properties),
        vec(request, 1..5),
    )
        .prop_map(|(packet_id, properties, requests)| Subscribe {
            packet_id,
            properties,
            requests: FilterRequests::new(leak(requests.into_boxed_slice())),
        })
        .boxed()
}

fn unsubscribe(version: Version) -> BoxedStrategy<Unsubscribe<'static>> {
    (packet_id(), only_v5(version, users()), vec(text(), 1..5))
        .prop_map(|(packet_id, user_properties, filters)| Unsubscribe {
            packet_id,
            user_properties,
            filters: Filters::new(leak(filters.into_boxed_slice())),
        })
        .boxed()
}

fn suback(version: Version) -> BoxedStrategy<Suback<'static>> {
    let v3 = [
        ReasonCode::Success,
        ReasonCode::GrantedQos1,
        ReasonCode::GrantedQos2,
        ReasonCode::UnspecifiedError,
    ];
    let code = match version {
        Version::V31 | Version::V311 => proptest::sample::select(v3.to_vec()).boxed(),
        Version::V5 => reason(PacketType::Suback, Side::Client).boxed(),
    };
    (packet_id(), reason_properties(version), vec(code, 1..5))
        .prop_map(|(packet_id, properties, codes)| Suback {
            packet_id,
            properties,
            codes: ReasonCodes::new(leak(codes.into_boxed_slice())),
        })
        .boxed()
}

fn unsuback(version: Version) -> BoxedStrategy<Unsuback<'static>> {
    let codes = match version {
        Version::V31 | Version::V311 => Just(Vec::new()).boxed(),
        Version::V5 => vec(reason(PacketType::Unsuback, Side::Client), 1..5).boxed(),
    };
    (packet_id(), reason_properties(version), codes)
        .prop_map(|(packet_id, properties, codes)| Unsuback {
            packet_id,
            properties,
            codes: ReasonCodes::new(leak(codes.into_boxed_slice())),
        })
        .boxed()
}

fn disconnect(version: Version, side: Side) -> BoxedStrategy<Disconnect<'static>> {
    let properties = (
        option::of(any::<u32>()),
        option::of(text()),
        users(),
        option::of(text()),
    );
    let properties = properties.prop_map(move |values| DisconnectProperties {
        session_expiry_interval_s: values.0.filter(|_| side == Side::Server),
        reason_string: values.1,
        user_properties: values.2,
        server_reference: values.3,
    });
    let reason = only_v5(version, reason(PacketType::Disconnect, side));
    (reason, only_v5(version, properties))
        .prop_map(|(reason, properties)| Disconnect { reason, properties })
        .boxed()
}

fn auth(side: Side) -> BoxedStrategy<Auth<'static>> {
    let properties = (text(), option::of(bytes()), option::of(text()), users());
    let properties = properties.prop_map(|values| AuthProperties {
        authentication_method: Some(values.0),
        authentication_data: values.1,
        reason_string: values.2,
        user_properties: values.3,
    });
    (reason(PacketType::Auth, side), properties)
        .prop_map(|(reason, properties)| Auth { reason, properties })
        .boxed()
}
