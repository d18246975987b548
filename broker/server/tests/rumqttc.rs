//! The real binary with rumqttc, the Rust client: 3.1.1 and 5.0.
#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test has threads and files of its own and fails by panic"
)]

#[path = "rumqttc/peer.rs"]
mod peer;
#[path = "rumqttc/process.rs"]
mod process;

use peer::{Message, Options, Peer, VERSIONS, Version};
use process::Process;

/// Both versions in one process of the broker, `test` gets names that do not meet.
fn for_each_version(settings: &str, test: impl Fn(&Process, Version, &str)) {
    let broker = Process::start(settings);
    for (version, prefix) in VERSIONS {
        test(&broker, version, prefix);
    }
    broker.stop();
}

fn dial(broker: &Process, version: Version, id: &str) -> Peer {
    Peer::dial(version, &Options::new(id, broker.port))
}

#[test]
fn publish_and_subscribe_in_order() {
    for_each_version("", |broker, version, prefix| {
        let subscriber = dial(broker, version, &format!("{prefix}-s"));
        let publisher = dial(broker, version, &format!("{prefix}-p"));
        subscriber.subscribe(&format!("{prefix}/#"), 2);
        for qos in 0..=2 {
            let topic = format!("{prefix}/{qos}");
            for number in 0..200_u32 {
                publisher.publish(&topic, qos, false, number.to_string().into_bytes());
            }
            for number in 0..200_u32 {
                let expected = Message {
                    topic: topic.clone(),
                    payload: number.to_string().into_bytes(),
                    qos,
                    retain: false,
                };
                assert_eq!(subscriber.message(), expected);
            }
        }
    });
}

#[test]
fn sessions_are_resumed() {
    for_each_version("", |broker, version, prefix| {
        let mut options = Options::new(&format!("{prefix}-keeper"), broker.port);
        options.clean = false;
        let topic = format!("{prefix}/kept");
        let first = Peer::dial(version, &options);
        assert!(!first.session_present);
        first.subscribe(&topic, 1);
        first.disconnect();
        let publisher = dial(broker, version, &format!("{prefix}-p"));
        for number in 0..50_u8 {
            publisher.publish(&topic, 1, false, vec![number]);
        }
        publisher.acknowledged(50);
        let second = Peer::dial(version, &options);
        assert!(second.session_present);
        for number in 0..50_u8 {
            assert_eq!(second.message().payload, vec![number]);
        }
    });
}

#[test]
fn wills_and_retained_messages() {
    for_each_version("", |broker, version, prefix| {
        let topic = format!("{prefix}/will");
        let watcher = dial(broker, version, &format!("{prefix}-w"));
        watcher.subscribe(&topic, 1);
        let mut options = Options::new(&format!("{prefix}-dying"), broker.port);
        options.will = Some(topic.clone());
        Peer::dial(version, &options).vanish();
        let message = watcher.message();
        assert_eq!(
            (message.payload.as_slice(), message.retain),
            (&b"gone"[..], false)
        );
        let late = dial(broker, version, &format!("{prefix}-late"));
        late.subscribe(&topic, 1);
        assert!(late.message().retain);
    });
}

#[test]
fn shared_subscriptions_split_the_load() {
    for_each_version("", |broker, version, prefix| {
        let members = ["a", "b"].map(|name| dial(broker, version, &format!("{prefix}-{name}")));
        for member in &members {
            member.subscribe(&format!("$share/group/{prefix}/shared"), 1);
        }
        let publisher = dial(broker, version, &format!("{prefix}-p"));
        for number in 0..20_u8 {
            publisher.publish(&format!("{prefix}/shared"), 1, false, vec![number]);
        }
        let mut got: Vec<u8> = members
            .iter()
            .flat_map(|member| {
                (0..10)
                    .map(|_| member.message().payload[0])
                    .collect::<Vec<_>>()
            })
            .collect();
        got.sort_unstable();
        assert_eq!(got, (0..20).collect::<Vec<u8>>());
    });
}

#[test]
fn a_payload_of_16_mib_arrives() {
    for_each_version("mqtt.max_packet_size = 17MB", |broker, version, prefix| {
        let client = dial(broker, version, &format!("{prefix}-c"));
        let topic = format!("{prefix}/large");
        client.subscribe(&topic, 1);
        let payload: Vec<u8> = (0..16_u32 << 20)
            .map(|at| u8::try_from((at ^ (at >> 9)) & 0xff).expect("masked"))
            .collect();
        client.publish(&topic, 1, false, payload.clone());
        assert!(
            client.message().payload == payload,
            "the payload changed on its way"
        );
    });
}
