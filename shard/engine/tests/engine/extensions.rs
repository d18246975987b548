//! What MQTT does not name: delayed publishes, rewriting, mount points, automatic subscriptions,
//! events.

use std::time::Duration;

use regex::Regex;
use shard_engine::{
    AutoSubscription, DelayedSettings, EventSettings, ListenerSettings, RewriteAction, RewriteRule,
    Settings,
};
use shard_topics::{RetainHandling, Strategy};
use wire_message::{Qos, TopicFilter};
use wire_mqtt::{Connect, Version};

use crate::harness::Broker;

#[test]
fn a_delayed_message_is_published_when_its_time_has_come() {
    let mut broker = Broker::with(Settings::default(), 2);
    let subscriber = broker.client(Version::V5, "s");
    broker.subscribe(subscriber, "t/#", Qos::AtLeastOnce);
    let publisher = broker.client(Version::V5, "p");
    // The harness's process began at Unix time 1,700,000,000, and 1,000 s have passed.
    for (topic, payload) in [
        ("$delayed/5/t/a", "later"),
        ("$delayed/1700001003/t/b", "absolute"),
        ("t/c", "now"),
    ] {
        broker.publish(publisher, topic, payload, Qos::AtLeastOnce);
    }
    assert_eq!(
        broker.messages(subscriber),
        [("t/c".to_owned(), "now".to_owned())]
    );
    broker.pass(Duration::from_secs(4));
    assert_eq!(
        broker.messages(subscriber),
        [("t/b".to_owned(), "absolute".to_owned())]
    );
    broker.pass(Duration::from_secs(2));
    assert_eq!(
        broker.messages(subscriber),
        [("t/a".to_owned(), "later".to_owned())]
    );
}

#[test]
fn a_malformed_or_superfluous_delayed_message_is_refused() {
    let delayed = DelayedSettings {
        messages_max: 1,
        ..DelayedSettings::default()
    };
    let mut broker = Broker::with(
        Settings {
            delayed,
            ..Settings::default()
        },
        1,
    );
    let publisher = broker.client(Version::V5, "p");
    for topic in ["$delayed/x/t", "$delayed/5", "$delayed/99999999999999/t"] {
        broker.publish(publisher, topic, "x", Qos::AtLeastOnce);
        assert!(
            broker.take(publisher)[0].contains("TopicNameInvalid"),
            "{topic}"
        );
    }
    broker.publish(publisher, "$delayed/5/t", "x", Qos::AtLeastOnce);
    assert!(broker.take(publisher)[0].contains("Success"));
    broker.publish(publisher, "$delayed/5/t", "x", Qos::AtLeastOnce);
    assert!(broker.take(publisher)[0].contains("QuotaExceeded"));
}

#[test]
fn clients_of_a_mounted_listener_live_below_their_mount_point() {
    let mountpoint = "tenant/${clientid}/".into();
    let listener = ListenerSettings {
        mountpoint,
        ..ListenerSettings::default()
    };
    let settings = Settings {
        listeners: vec![listener],
        ..Settings::default()
    };
    for shards in [1, 2] {
        let mut broker = Broker::with(settings.clone(), shards);
        let (one, two) = (
            broker.client(Version::V5, "one"),
            broker.client(Version::V5, "two"),
        );
        for client in [one, two] {
            broker.subscribe(client, "#", Qos::AtLeastOnce);
            broker.subscribe(client, "a/+", Qos::AtLeastOnce);
        }
        broker.publish(one, "a/b", "x", Qos::AtLeastOnce);
        assert_eq!(broker.messages(one), [("a/b".to_owned(), "x".to_owned())]);
        assert!(broker.messages(two).is_empty());
    }
}

#[test]
fn topics_are_rewritten_for_publishers_and_subscribers() {
    let rule = RewriteRule {
        action: RewriteAction::All,
        source: TopicFilter::try_from("old/#").expect("valid"),
        pattern: Regex::new("^old/(.+)$").expect("valid"),
        destination: "new/$1".into(),
    };
    let mut broker = Broker::with(
        Settings {
            rewrite: vec![rule],
            ..Settings::default()
        },
        1,
    );
    let subscriber = broker.client(Version::V5, "s");
    broker.subscribe(subscriber, "old/x", Qos::AtMostOnce);
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "old/x", "1", Qos::AtMostOnce);
    broker.publish(publisher, "new/x", "2", Qos::AtMostOnce);
    let topics: Vec<_> = broker
        .messages(subscriber)
        .into_iter()
        .map(|(topic, _)| topic)
        .collect();
    assert_eq!(topics, ["new/x", "new/x"]);
}

#[test]
fn every_client_gets_the_automatic_subscriptions() {
    let auto = AutoSubscription {
        filter: "c/${clientid}/${username}".into(),
        qos: Qos::AtLeastOnce,
        retain_handling: RetainHandling::Always,
        retain_as_published: false,
        no_local: false,
    };
    let settings = Settings {
        auto_subscribe: vec![auto],
        ..Settings::default()
    };
    let mut broker = Broker::with(settings, 2);
    let mut connect = Connect::new(Version::V311, "me");
    connect.username = Some("u");
    let client = broker.connect(&connect);
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "c/me/u", "x", Qos::AtMostOnce);
    assert_eq!(broker.messages(client).len(), 1);
}

#[test]
fn comings_and_goings_are_told_below_sys() {
    let events = EventSettings {
        subscribed: true,
        unsubscribed: true,
        ..EventSettings::default()
    };
    let mut broker = Broker::with(
        Settings {
            events,
            ..Settings::default()
        },
        2,
    );
    let watcher = broker.client(Version::V5, "w");
    broker.subscribe(watcher, "$SYS/brokers/+/clients/c/#", Qos::AtMostOnce);
    let client = broker.client(Version::V5, "c");
    broker.subscribe(client, "t", Qos::AtMostOnce);
    broker.lose(client);
    broker.pass(Duration::from_secs(1));
    let topics: Vec<_> = broker
        .messages(watcher)
        .into_iter()
        .map(|(topic, _)| topic)
        .collect();
    let expected = ["connected", "subscribed", "disconnected"]
        .map(|event| format!("$SYS/brokers/skein/clients/c/{event}"));
    assert_eq!(topics, expected);
}

#[test]
fn a_client_does_not_speak_for_the_broker() {
    let mut broker = Broker::new();
    let watcher = broker.client(Version::V5, "w");
    broker.subscribe(watcher, "$SYS/#", Qos::AtMostOnce);
    let client = broker.client(Version::V5, "c");
    broker.pass(Duration::from_secs(1));
    broker.messages(watcher);
    broker.publish(client, "$SYS/brokers", "forged", Qos::AtLeastOnce);
    assert!(broker.take(client)[0].contains("NotAuthorized"));
    assert!(broker.messages(watcher).is_empty());
}

#[test]
fn events_that_nobody_watches_are_no_loss() {
    let mut broker = Broker::new();
    let client = broker.client(Version::V5, "c");
    broker.pass(Duration::from_secs(1));
    let counters = broker.engines[0].counters();
    assert_eq!(
        (counters.messages_publish, counters.messages_dropped),
        (0, 0)
    );
    broker.publish(client, "t", "x", Qos::AtMostOnce);
    assert_eq!(broker.engines[0].counters().messages_dropped, 1);
}

#[test]
fn events_of_every_shard_are_told_while_somebody_anywhere_watches() {
    let mut broker = Broker::with(Settings::default(), 2);
    let watcher = broker.client(Version::V5, "w");
    let published = |broker: &Broker| -> Vec<u64> {
        let engines = broker.engines.iter();
        engines
            .map(|engine| engine.counters().messages_publish)
            .collect()
    };
    for number in 0..8 {
        broker.client(Version::V5, &format!("before{number}"));
    }
    assert_eq!(published(&broker), [0, 0]);
    broker.subscribe(
        watcher,
        "$SYS/brokers/+/clients/+/connected",
        Qos::AtMostOnce,
    );
    for number in 0..8 {
        broker.client(Version::V5, &format!("then{number}"));
    }
    assert_eq!(broker.messages(watcher).len(), 8);
    assert!(published(&broker).iter().all(|count| *count > 0));
    let told = published(&broker);
    broker.lose(watcher);
    for number in 0..8 {
        broker.client(Version::V5, &format!("after{number}"));
    }
    // The watcher was there when its own end was told, no longer.
    let more: u64 = published(&broker).iter().sum::<u64>() - told.iter().sum::<u64>();
    assert_eq!(more, 1);
}

#[test]
fn a_sticky_group_stays_with_its_member_until_that_goes() {
    let mut settings = Settings::default();
    settings.shared.groups = vec![("g".into(), Strategy::Sticky)];
    let mut broker = Broker::with(settings, 1);
    let members = ["a", "b", "c"].map(|name| {
        let member = broker.client(Version::V5, name);
        broker.subscribe(member, "$share/g/t", Qos::AtMostOnce);
        member
    });
    let publisher = broker.client(Version::V5, "p");
    for _ in 0..9 {
        broker.publish(publisher, "t", "x", Qos::AtMostOnce);
    }
    let counts = members.map(|member| broker.messages(member).len());
    assert_eq!(counts.iter().max(), Some(&9));
    let stuck = members[counts
        .iter()
        .position(|count| *count == 9)
        .expect("one got all")];
    broker.lose(stuck);
    for _ in 0..9 {
        broker.publish(publisher, "t", "x", Qos::AtMostOnce);
    }
    let rest = members.iter().filter(|member| **member != stuck);
    assert_eq!(
        rest.map(|member| broker.messages(*member).len()).max(),
        Some(9)
    );
}
