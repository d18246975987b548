//! What waits, and that nothing is lost by it.

use std::time::Duration;

use shard_engine::limits::RING_RESERVE;
use shard_engine::{ControlInput, ControlOutput, Input, ListenerSettings, Settings, Wish};
use shard_session::Rate;
use wire_message::{Qos, ShardId};
use wire_mqtt::{Connect, Packet, ReasonCode, Version};

use crate::harness::Broker;

/// Two shards, a subscriber on the one and a publisher on the other.
fn across(broker: &mut Broker) -> (crate::harness::Client, crate::harness::Client) {
    let name = |broker: &Broker, shard: usize| {
        let mut names = (0..1_000).map(|number| format!("c{number}"));
        names
            .find(|name| broker.home(name) == shard)
            .expect("names go on")
    };
    let (subscriber, publisher) = (name(broker, 0), name(broker, 1));
    let subscriber = broker.client(Version::V5, &subscriber);
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    (subscriber, broker.client(Version::V5, &publisher))
}

#[test]
fn a_full_ring_stops_the_publisher_and_loses_nothing() {
    let mut broker = Broker::with(Settings::default(), 2);
    let (subscriber, publisher) = across(&mut broker);
    broker.publish(publisher, "t", "0", Qos::AtMostOnce);
    assert_eq!(broker.messages(subscriber).len(), 1);
    broker.input(
        1,
        Input::Room {
            to: ShardId(0),
            slots: 0,
        },
    );
    for number in 1..10 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtMostOnce);
    }
    assert!(broker.is_paused(publisher));
    assert!(broker.messages(subscriber).is_empty());
    broker.set_room(4096);
    assert!(!broker.is_paused(publisher));
    let payloads: Vec<_> = broker
        .messages(subscriber)
        .into_iter()
        .map(|(_, p)| p)
        .collect();
    assert_eq!(payloads, ["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn publishes_that_fill_a_ring_do_not_keep_clients_from_connecting() {
    let mut broker = Broker::with(Settings::default(), 2);
    let (_, publisher) = across(&mut broker);
    // From a listener of shard 0 to shard 1, whose ring has this much room.
    let mut names = (0..100).map(|number| format!("late{number}"));
    let late_id = names.find(|id| broker.home(id) == 1).expect("one of them");
    broker.set_room(RING_RESERVE);
    broker.publish(publisher, "t", "x", Qos::AtMostOnce);
    assert!(broker.is_paused(publisher));
    let late = broker.connect(&Connect::new(Version::V5, &late_id));
    assert_eq!(broker.take(late).len(), 1, "CONNACK came");
}

#[test]
fn a_publish_takes_one_ring_entry_for_each_shard_however_many_subscribe_there() {
    let mut broker = Broker::with(Settings::default(), 3);
    for number in 0..60 {
        let subscriber = broker.client(Version::V5, &format!("s{number}"));
        broker.subscribe(subscriber, "t", Qos::AtMostOnce);
    }
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "t", "x", Qos::AtMostOnce);
    let forwarded: u64 = broker
        .engines
        .iter()
        .map(|engine| engine.counters().messages_forward)
        .sum();
    let delivered: u64 = broker
        .engines
        .iter()
        .map(|engine| engine.counters().messages_delivered)
        .sum();
    assert_eq!((forwarded, delivered), (2, 60));
}

#[test]
fn a_client_above_its_rate_is_read_later_and_loses_nothing() {
    let rate = Rate {
        per_second: 10,
        burst: 5,
    };
    let listener = ListenerSettings {
        messages_rate: Some(rate),
        ..ListenerSettings::default()
    };
    let settings = Settings {
        listeners: vec![listener],
        ..Settings::default()
    };
    let mut broker = Broker::with(settings, 1);
    let subscriber = broker.client(Version::V5, "s");
    broker.subscribe(subscriber, "t", Qos::AtMostOnce);
    let publisher = broker.client(Version::V5, "p");
    for number in 0..25 {
        broker.publish(publisher, "t", &number.to_string(), Qos::AtMostOnce);
    }
    assert_eq!(broker.messages(subscriber).len(), 5);
    assert!(broker.is_paused(publisher));
    broker.pass(Duration::from_millis(1_050));
    assert_eq!(broker.messages(subscriber).len(), 10);
    broker.pass(Duration::from_millis(1_050));
    assert_eq!(broker.messages(subscriber).len(), 10);
    assert!(!broker.is_paused(publisher) && !broker.is_closed(publisher));
}

#[test]
fn a_held_client_is_not_taken_for_silent() {
    let mut broker = Broker::with(Settings::default(), 2);
    let (subscriber, _) = across(&mut broker);
    let name = (0..1_000)
        .map(|n| format!("k{n}"))
        .find(|name| broker.home(name) == 1);
    let connect = Connect::new(Version::V5, name.as_deref().expect("names go on"));
    let publisher = broker.connect(&Connect {
        keep_alive_s: 2,
        ..connect
    });
    broker.publish(publisher, "t", "0", Qos::AtMostOnce);
    broker.input(
        1,
        Input::Room {
            to: ShardId(0),
            slots: 0,
        },
    );
    broker.publish(publisher, "t", "1", Qos::AtMostOnce);
    broker.pass(Duration::from_secs(20));
    assert!(!broker.is_closed(publisher));
    broker.set_room(4096);
    assert_eq!(broker.messages(subscriber).len(), 2);
    broker.pass(Duration::from_secs(20));
    assert!(broker.is_closed(publisher), "now it is silent");
}

#[test]
fn the_control_side_decides_who_may_connect() {
    let settings = Settings {
        authenticate: true,
        ..Settings::default()
    };
    for verdict in [Ok(()), Err(ReasonCode::BadUserNameOrPassword)] {
        let mut broker = Broker::with(settings.clone(), 1);
        let mut connect = Connect::new(Version::V5, "c");
        connect.username = Some("u");
        connect.password = Some(b"secret");
        let client = broker.connect(&connect);
        assert!(broker.take(client).is_empty() && broker.is_paused(client));
        let Some(ControlOutput::Authenticate {
            connection,
            credentials,
        }) = broker.control.pop()
        else {
            panic!("the control side is asked");
        };
        assert_eq!(credentials.username.as_deref(), Some("u"));
        assert_eq!(credentials.password.as_deref(), Some(&b"secret"[..]));
        let answer = ControlInput::Authenticated {
            connection,
            verdict,
        };
        broker.input(0, Input::Control(Box::new(answer)));
        let connack = broker.take(client).remove(0);
        assert_eq!(broker.is_closed(client), verdict.is_err(), "{connack}");
        assert_eq!(connack.contains("BadUserNameOrPassword"), verdict.is_err());
    }
}

#[test]
fn the_control_side_decides_who_may_publish_and_subscribe() {
    let settings = Settings {
        authorize: true,
        ..Settings::default()
    };
    let mut broker = Broker::with(settings, 1);
    let client = broker.client(Version::V5, "c");
    broker.publish(client, "t", "x", Qos::AtLeastOnce);
    let Some(ControlOutput::Authorize {
        connection, wishes, ..
    }) = broker.control.pop()
    else {
        panic!("the control side is asked");
    };
    assert_eq!(wishes, [Wish::Publish("t".into())]);
    let verdicts = vec![Err(ReasonCode::NotAuthorized)];
    let answer = ControlInput::Authorized {
        connection,
        verdicts,
    };
    broker.input(0, Input::Control(Box::new(answer)));
    assert!(broker.take(client)[0].contains("NotAuthorized"));
    broker.send(client, &Packet::Pingreq);
    assert_eq!(broker.take(client), ["Pingresp"]);
}
