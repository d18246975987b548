//! The matrix of CONNECT.

use wire_message::TopicRef;
use wire_mqtt::WillProperties;

use super::*;

/// The client's id, or that one is assigned, or why neither.
type Decided<'a> = Result<Option<&'a str>, ReasonCode>;

const VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];

fn defaults() -> ConnectLimits {
    ConnectLimits::default()
}

fn connect(version: Version, client_id: &str) -> Connect<'_> {
    Connect::new(version, client_id)
}

fn with_will(version: Version, qos: Qos, retain: bool) -> Connect<'static> {
    let will = Will {
        topic: TopicRef::new("a").expect("valid"),
        payload: b"",
        qos,
        retain,
        properties: WillProperties::default(),
    };
    Connect {
        will: Some(will),
        ..connect(version, "id")
    }
}

fn terms<'a>(connect: &Connect<'a>, limits: &ConnectLimits) -> Negotiated<'a> {
    negotiate(connect, limits).expect("acceptable")
}

fn connack<'l>(connect: &Connect<'_>, limits: &'l ConnectLimits) -> ConnackProperties<'l> {
    let asked = connect.properties.session_expiry_interval_s;
    terms(connect, limits).connack_properties(asked, limits)
}

#[test]
fn client_ids_in_every_version() {
    let (id_23, id_24) = ("i".repeat(23), "i".repeat(24));
    let refused = Err(ReasonCode::ClientIdentifierNotValid);
    let short_v31 = ConnectLimits {
        long_v31_client_ids: false,
        ..defaults()
    };
    let short = ConnectLimits {
        client_id_bytes_max: 23,
        ..defaults()
    };
    // Version, id, clean start, limits, accepted as (None: one is assigned).
    let table: [(Version, &str, bool, &ConnectLimits, Decided<'_>); 17] = [
        (Version::V31, "", true, &defaults(), refused),
        (Version::V31, "", false, &defaults(), refused),
        (Version::V31, "i", false, &defaults(), Ok(Some("i"))),
        (Version::V31, &id_23, true, &short_v31, Ok(Some(&id_23))),
        (Version::V31, &id_24, true, &short_v31, refused),
        (Version::V31, &id_24, true, &defaults(), Ok(Some(&id_24))),
        (Version::V311, "", true, &defaults(), Ok(None)),
        (Version::V311, "", false, &defaults(), refused),
        (Version::V311, "i", true, &defaults(), Ok(Some("i"))),
        (Version::V311, &id_24, false, &short_v31, Ok(Some(&id_24))),
        (Version::V311, &id_24, false, &short, refused),
        (Version::V311, &id_23, false, &short, Ok(Some(&id_23))),
        (Version::V5, "", true, &defaults(), Ok(None)),
        (Version::V5, "", false, &defaults(), Ok(None)),
        (Version::V5, "i", false, &defaults(), Ok(Some("i"))),
        (Version::V5, &id_23, true, &short, Ok(Some(&id_23))),
        (Version::V5, &id_24, true, &short, refused),
    ];
    for (version, id, clean_start, limits, expected) in table {
        let connect = Connect {
            clean_start,
            ..connect(version, id)
        };
        let decided = negotiate(&connect, limits).map(|terms| terms.client_id);
        assert_eq!(decided, expected, "{version:?} {id:?} {clean_start}");
    }
}

#[test]
fn v5_3_1_3_5_ids_of_1_to_23_letters_and_digits_are_accepted() {
    let short_v31 = ConnectLimits {
        long_v31_client_ids: false,
        ..defaults()
    };
    let all = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for version in VERSIONS {
        for id in (1..=23).flat_map(|len| [&all[..len], &all[all.len() - len..]]) {
            assert_eq!(terms(&connect(version, id), &short_v31).client_id, Some(id));
        }
    }
}

#[test]
fn v311_3_1_3_8_an_empty_id_without_clean_session_is_refused_with_0x02() {
    let connect = Connect {
        clean_start: false,
        ..connect(Version::V311, "")
    };
    let reason = negotiate(&connect, &defaults()).expect_err("refused");
    assert_eq!(reason.v3_return_code(), 2);
}

#[test]
fn v5_3_1_3_8_a_refused_id_is_refused_with_0x85() {
    let limits = ConnectLimits {
        client_id_bytes_max: 3,
        ..defaults()
    };
    let reason = negotiate(&connect(Version::V5, "four"), &limits).expect_err("refused");
    assert_eq!(reason.byte(), 0x85);
}

#[test]
fn v5_4_12_0_1_an_unknown_authentication_method_is_refused_with_0x8c() {
    let mut connect = connect(Version::V5, "id");
    connect.properties.authentication_method = Some("SCRAM-SHA-256");
    let reason = negotiate(&connect, &defaults()).expect_err("refused");
    assert_eq!(reason.byte(), 0x8c);
}

#[test]
fn v5_3_2_2_12_a_will_above_the_maximum_qos_is_refused() {
    let all = [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce];
    for version in VERSIONS {
        for qos_max in all {
            for qos in all {
                let limits = ConnectLimits {
                    qos_max,
                    ..defaults()
                };
                let decided = negotiate(&with_will(version, qos, false), &limits).map(|_| ());
                let refused = Err(ReasonCode::QosNotSupported);
                assert_eq!(decided, if qos > qos_max { refused } else { Ok(()) });
            }
        }
    }
}

#[test]
fn v5_3_2_2_13_a_retained_will_without_retained_messages_is_refused() {
    for version in VERSIONS {
        for (retain_available, retain, accepted) in [
            (true, true, true),
            (true, false, true),
            (false, true, false),
            (false, false, true),
        ] {
            let limits = ConnectLimits {
                retain_available,
                ..defaults()
            };
            let connect = with_will(version, Qos::AtMostOnce, retain);
            let decided = negotiate(&connect, &limits).map(|_| ());
            let refused = Err(ReasonCode::RetainNotSupported);
            assert_eq!(decided, if accepted { Ok(()) } else { refused });
        }
    }
}

#[test]
fn v5_3_2_2_21_the_server_keep_alive_replaces_the_clients_and_is_told() {
    // Version, the client's, the server's, in force, told.
    for (version, client, server, in_force, told) in [
        (Version::V5, 60, None, 60, None),
        (Version::V5, 0, None, 0, None),
        (Version::V5, 60, Some(30), 30, Some(30)),
        (Version::V5, 0, Some(30), 30, Some(30)),
        (Version::V5, 10, Some(30), 30, Some(30)),
        (Version::V5, 10, Some(0), 0, Some(0)),
        (Version::V311, 60, Some(30), 60, None),
        (Version::V31, 0, Some(30), 0, None),
    ] {
        let limits = ConnectLimits {
            server_keep_alive_s: server,
            ..defaults()
        };
        let connect = Connect {
            keep_alive_s: client,
            ..connect(version, "id")
        };
        assert_eq!(terms(&connect, &limits).keep_alive_s, in_force);
        if version == Version::V5 {
            assert_eq!(connack(&connect, &limits).server_keep_alive_s, told);
        }
    }
}

#[test]
fn v5_3_2_2_22_without_a_server_keep_alive_the_clients_is_in_force() {
    let connect = Connect {
        keep_alive_s: 77,
        ..connect(Version::V5, "id")
    };
    assert_eq!(terms(&connect, &defaults()).keep_alive_s, 77);
    assert_eq!(connack(&connect, &defaults()).server_keep_alive_s, None);
}

#[test]
fn session_expiry_in_every_version() {
    // Version, clean start, asked, cap, in force, told.
    const NEVER: u32 = u32::MAX;
    for (version, clean_start, asked, cap, in_force, told) in [
        (Version::V31, true, None, NEVER, 0, None),
        (Version::V31, false, None, NEVER, 7_200, None),
        (Version::V311, true, None, 10, 0, None),
        (Version::V311, false, None, 10, 7_200, None),
        (Version::V5, true, None, NEVER, 0, None),
        (Version::V5, false, None, NEVER, 0, None),
        (Version::V5, true, Some(5), NEVER, 5, None),
        (Version::V5, false, Some(NEVER), NEVER, NEVER, None),
        (Version::V5, false, Some(NEVER), 60, 60, Some(60)),
        (Version::V5, false, Some(61), 60, 60, Some(60)),
        (Version::V5, false, Some(60), 60, 60, None),
        (Version::V5, false, Some(5), 0, 0, Some(0)),
    ] {
        let limits = ConnectLimits {
            session_expiry_max_s: cap,
            ..defaults()
        };
        let mut connect = Connect {
            clean_start,
            ..connect(version, "id")
        };
        connect.properties.session_expiry_interval_s = asked;
        let terms = terms(&connect, &limits);
        assert_eq!(
            terms.session_expiry.interval_s(),
            in_force,
            "{version:?} {asked:?}"
        );
        assert_eq!(terms.clean_start, clean_start);
        if version == Version::V5 {
            assert_eq!(connack(&connect, &limits).session_expiry_interval_s, told);
        }
    }
}

#[test]
fn v5_3_3_4_9_the_window_is_the_least_of_both_sides_maxima() {
    for (asked, ours, window) in [
        (None, 32, 32),
        (Some(1), 32, 1),
        (Some(31), 32, 31),
        (Some(u16::MAX), 32, 32),
        (Some(u16::MAX), u16::MAX, u16::MAX),
        (None, 0, 1),
    ] {
        let limits = ConnectLimits {
            inflight_max: ours,
            ..defaults()
        };
        let mut connect = connect(Version::V5, "id");
        connect.properties.receive_maximum = asked.and_then(NonZeroU16::new);
        assert_eq!(terms(&connect, &limits).window, window, "{asked:?} {ours}");
    }
    assert_eq!(
        terms(&connect(Version::V311, "id"), &defaults()).window,
        1_024
    );
}

#[test]
fn our_receive_maximum_is_told_to_those_that_understand_it() {
    for (version, ours, in_force, told) in [
        (Version::V5, 32, 32, Some(32)),
        (Version::V5, u16::MAX, u16::MAX, None),
        (Version::V311, 32, u16::MAX, None),
        (Version::V31, 32, u16::MAX, None),
    ] {
        let limits = ConnectLimits {
            receive_max: ours,
            ..defaults()
        };
        let connect = connect(version, "id");
        assert_eq!(terms(&connect, &limits).receive_max, in_force);
        let told_now = connack(&connect, &limits)
            .receive_maximum
            .map(NonZeroU16::get);
        assert_eq!(told_now, told);
    }
}

#[test]
fn v5_3_1_2_24_the_clients_maximum_packet_size_is_kept() {
    let mut connect = connect(Version::V5, "id");
    assert_eq!(terms(&connect, &defaults()).packet_bytes_max, u32::MAX);
    connect.properties.maximum_packet_size = NonZeroU32::new(100);
    assert_eq!(terms(&connect, &defaults()).packet_bytes_max, 100);
    let told = connack(&connect, &defaults())
        .maximum_packet_size
        .map(NonZeroU32::get);
    assert_eq!(told, Some(1 << 20));
}

#[test]
fn topic_aliases_in_both_directions() {
    // Version, client allows, we allow towards it, in force; we allow from it, in force.
    for (version, client, out, out_in_force, ours, in_force) in [
        (Version::V5, None, 64, 0, 10, 10),
        (Version::V5, Some(0), 64, 0, 0, 0),
        (Version::V5, Some(10), 64, 10, u16::MAX, u16::MAX),
        (Version::V5, Some(100), 64, 64, 1, 1),
        (Version::V5, Some(100), 0, 0, 1, 1),
        (Version::V311, None, 64, 0, 10, 0),
        (Version::V31, None, 64, 0, 10, 0),
    ] {
        let limits = ConnectLimits {
            topic_alias_max: ours,
            topic_alias_out_max: out,
            ..defaults()
        };
        let mut connect = connect(version, "id");
        connect.properties.topic_alias_maximum = client;
        let terms = terms(&connect, &limits);
        assert_eq!(
            (terms.alias_out_max, terms.alias_in_max),
            (out_in_force, in_force)
        );
        let told = connack(&connect, &limits).topic_alias_maximum;
        assert_eq!(told, (in_force > 0).then_some(in_force));
    }
}

#[test]
fn v5_3_1_2_28_response_information_goes_only_to_those_who_ask() {
    let prefix = Some("replies/".into());
    for (asked, configured, told) in [
        (None, &prefix, None),
        (Some(false), &prefix, None),
        (Some(true), &prefix, Some("replies/")),
        (Some(true), &None, None),
    ] {
        let limits = ConnectLimits {
            response_information: configured.clone(),
            ..defaults()
        };
        let mut connect = connect(Version::V5, "id");
        connect.properties.request_response_information = asked;
        assert_eq!(connack(&connect, &limits).response_information, told);
    }
}

#[test]
fn v5_3_1_2_29_problem_information_can_be_declined() {
    for (version, asked, wanted) in [
        (Version::V5, None, true),
        (Version::V5, Some(true), true),
        (Version::V5, Some(false), false),
        (Version::V311, None, false),
    ] {
        let mut connect = connect(version, "id");
        connect.properties.request_problem_information = asked;
        assert_eq!(terms(&connect, &defaults()).problem_information, wanted);
    }
}

#[test]
fn v5_3_2_2_9_what_is_not_available_is_told_and_nothing_else() {
    let presumed = defaults();
    let told = connack(&connect(Version::V5, "id"), &presumed);
    let expected = ConnackProperties {
        receive_maximum: NonZeroU16::new(1_024),
        maximum_packet_size: NonZeroU32::new(1 << 20),
        topic_alias_maximum: Some(u16::MAX),
        ..ConnackProperties::default()
    };
    assert_eq!(told, expected);
    let limits = ConnectLimits {
        qos_max: Qos::AtLeastOnce,
        retain_available: false,
        wildcard_available: false,
        shared_available: false,
        ..defaults()
    };
    let expected = ConnackProperties {
        maximum_qos: Some(Qos::AtLeastOnce),
        retain_available: Some(false),
        wildcard_subscription_available: Some(false),
        shared_subscription_available: Some(false),
        ..expected
    };
    assert_eq!(connack(&connect(Version::V5, "id"), &limits), expected);
}
