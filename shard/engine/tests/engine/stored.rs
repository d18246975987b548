//! What outlasts the process, and what waits for the disk.

use shard_engine::Settings;
use store_memory::Disk;
use wire_message::Qos;
use wire_mqtt::{Ack, Connect, Packet, Publish, ReasonCode, Version};

use crate::clients::{id, topic};
use crate::harness::{Broker, Client};

impl Broker {
    /// A client's connection whose CONNECT waits for the disk while `meanwhile` happens.
    pub(crate) fn connect_while(
        &mut self,
        connect: &Connect<'_>,
        meanwhile: impl FnOnce(&mut Self),
    ) -> Client {
        self.store_rests = true;
        let client = self.connect(connect);
        meanwhile(self);
        self.store_rests = false;
        self.settle();
        client
    }

    /// The power goes; what is left of the disk.
    pub(crate) fn crash(&mut self) -> Disk {
        self.store.take().expect("there is a store").crash()
    }

    /// Messages in all queues.
    pub(crate) fn queued(&self) -> u64 {
        let gauges = self.engines.iter().map(shard_engine::Engine::gauges);
        gauges.map(|gauges| gauges.queued_messages).sum()
    }
}

pub(crate) fn stored(shards: usize) -> Broker {
    Broker::stored(Settings::default(), shards, Disk::new())
}

/// The same disk under a new process.
pub(crate) fn restarted(mut broker: Broker, shards: usize) -> Broker {
    Broker::stored(Settings::default(), shards, broker.crash())
}

pub(crate) fn persistent(version: Version, id: &str) -> Connect<'_> {
    let mut connect = Connect {
        clean_start: false,
        ..Connect::new(version, id)
    };
    if version == Version::V5 {
        connect.properties.session_expiry_interval_s = Some(3_600);
    }
    connect
}

/// Connects and gives whether a session was there.
pub(crate) fn resume(broker: &mut Broker, id: &str) -> (Client, bool) {
    let client = broker.connect(&persistent(Version::V5, id));
    let mut present = None;
    broker.peek(client, |packet| {
        if let Packet::Connack(connack) = packet {
            present = Some(connack.session_present);
        }
    });
    (client, present.expect("a CONNECT is answered"))
}

pub(crate) fn payloads(broker: &mut Broker, client: Client) -> Vec<String> {
    let messages = broker.messages(client);
    messages.into_iter().map(|(_, payload)| payload).collect()
}

#[test]
fn a_session_its_subscriptions_and_its_queue_outlast_a_crash() {
    for (before, after) in [(1, 1), (1, 3), (3, 2)] {
        let mut broker = stored(before);
        let (subscriber, present) = resume(&mut broker, "s");
        assert!(!present);
        broker.subscribe(subscriber, "t/+", Qos::AtLeastOnce);
        broker.lose(subscriber);
        let publisher = broker.client(Version::V5, "p");
        for number in 0..5 {
            broker.publish(publisher, "t/1", &number.to_string(), Qos::AtLeastOnce);
        }
        let mut broker = restarted(broker, after);
        let publisher = broker.client(Version::V5, "p");
        broker.publish(publisher, "t/2", "after", Qos::AtLeastOnce);
        let (subscriber, present) = resume(&mut broker, "s");
        assert!(present);
        let received = payloads(&mut broker, subscriber);
        assert_eq!(
            received,
            ["0", "1", "2", "3", "4", "after"],
            "{before} {after}"
        );
    }
}

#[test]
fn a_qos_2_message_is_delivered_once_over_a_crash() {
    for shards in [1, 2, 3] {
        let mut broker = stored(shards);
        let (subscriber, _) = resume(&mut broker, "s");
        broker.subscribe(subscriber, "t", Qos::ExactlyOnce);
        let (publisher, _) = resume(&mut broker, "p");
        broker.take(publisher);
        broker.take(subscriber);
        broker.publish(publisher, "t", "1", Qos::ExactlyOnce);
        let received = broker.take(publisher);
        assert!(received[0].starts_with("Pubrec"), "{received:?}");
        assert_eq!(payloads(&mut broker, subscriber), ["1"]);
        broker.send(
            subscriber,
            &Packet::Pubrec(Ack::new(id(1), ReasonCode::Success)),
        );
        let releases = broker.take(subscriber);
        assert!(releases[0].starts_with("Pubrel"), "{releases:?}");

        let mut broker = restarted(broker, shards);
        // The publisher did not get PUBREC, the subscriber not PUBREL.
        let (publisher, present) = resume(&mut broker, "p");
        assert!(present);
        broker.take(publisher);
        let again = Publish {
            qos: Qos::ExactlyOnce,
            dup: true,
            packet_id: Some(id(9)),
            ..Publish::new(topic("t"), b"1")
        };
        broker.send(publisher, &Packet::Publish(again));
        let received = broker.take(publisher);
        assert!(received[0].starts_with("Pubrec"), "{received:?}");
        broker.send(
            publisher,
            &Packet::Pubrel(Ack::new(id(9), ReasonCode::Success)),
        );
        let completed = broker.take(publisher);
        assert!(completed[0].starts_with("Pubcomp"), "{completed:?}");
        let (subscriber, present) = resume(&mut broker, "s");
        assert!(present);
        let packets = broker.take(subscriber);
        assert_eq!(packets.len(), 2, "{packets:?}");
        assert!(packets[1].starts_with("Pubrel"), "{packets:?}");
    }
}

#[test]
fn a_session_that_was_thrown_away_does_not_come_back() {
    let mut broker = stored(1);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let again = broker.client(Version::V5, "s");
    broker.lose(again);
    let mut broker = restarted(broker, 1);
    let (_, present) = resume(&mut broker, "s");
    assert!(!present);
}

#[test]
fn a_subscription_that_was_ended_does_not_come_back() {
    let mut broker = stored(2);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "gone", Qos::AtLeastOnce);
    broker.subscribe(subscriber, "$share/g/kept", Qos::AtLeastOnce);
    let filters = wire_mqtt::Filters::new(&["gone"]);
    broker.send(
        subscriber,
        &Packet::Unsubscribe(wire_mqtt::Unsubscribe {
            packet_id: id(8),
            user_properties: wire_mqtt::UserProperties::NONE,
            filters,
        }),
    );
    let mut broker = restarted(broker, 3);
    let publisher = broker.client(Version::V5, "p");
    broker.publish(publisher, "gone", "1", Qos::AtLeastOnce);
    broker.publish(publisher, "kept", "2", Qos::AtLeastOnce);
    let (subscriber, present) = resume(&mut broker, "s");
    assert!(present);
    assert_eq!(payloads(&mut broker, subscriber), ["2"]);
}

#[test]
fn retained_and_delayed_messages_and_wills_outlast_a_crash() {
    let mut broker = stored(2);
    let publisher = broker.client(Version::V5, "p");
    broker.retain(publisher, "r/1", "kept");
    broker.retain(publisher, "r/2", "cleared");
    broker.retain(publisher, "r/2", "");
    broker.publish(publisher, "$delayed/60/d", "late", Qos::AtLeastOnce);
    let mut connect = persistent(Version::V5, "w");
    connect.will = Some(wire_mqtt::Will {
        topic: topic("w"),
        payload: b"gone",
        qos: Qos::AtLeastOnce,
        retain: false,
        properties: wire_mqtt::WillProperties {
            delay_interval_s: Some(30),
            ..wire_mqtt::WillProperties::default()
        },
    });
    broker.connect(&connect);
    let mut broker = restarted(broker, 3);
    let client = broker.client(Version::V5, "c");
    broker.subscribe(client, "r/#", Qos::AtLeastOnce);
    broker.subscribe(client, "d", Qos::AtLeastOnce);
    broker.subscribe(client, "w", Qos::AtLeastOnce);
    let now = payloads(&mut broker, client);
    assert_eq!(now, Vec::<String>::new(), "taken with SUBACK");
    broker.subscribe(client, "r/#", Qos::AtLeastOnce);
    broker.pass(std::time::Duration::from_secs(31));
    assert_eq!(payloads(&mut broker, client), ["gone"]);
    broker.pass(std::time::Duration::from_secs(31));
    assert_eq!(payloads(&mut broker, client), ["late"]);
}

#[test]
fn members_of_shared_subscriptions_come_and_go_after_a_crash() {
    for (before, after) in [(1, 1), (3, 2)] {
        let mut broker = stored(before);
        let (member, _) = resume(&mut broker, "m");
        broker.subscribe(member, "$share/g/t", Qos::AtLeastOnce);
        broker.lose(member);
        let mut broker = restarted(broker, after);
        let publisher = broker.client(Version::V5, "p");
        let (member, present) = resume(&mut broker, "m");
        assert!(present);
        broker.publish(publisher, "t", "1", Qos::AtLeastOnce);
        assert_eq!(payloads(&mut broker, member), ["1"]);
        let again = broker.client(Version::V5, "m");
        assert!(!broker.is_closed(again));
    }
}

#[test]
fn a_session_whose_time_was_over_does_not_come_back() {
    let mut broker = stored(1);
    // [v5 3.1.2-23]: it was to end with this connection.
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "t", Qos::AtLeastOnce);
    broker.lose(subscriber);
    let mut connect = persistent(Version::V5, "s");
    connect.properties.session_expiry_interval_s = Some(0);
    broker.connect(&connect);
    let mut broker = restarted(broker, 1);
    let (_, present) = resume(&mut broker, "s");
    assert!(!present);
}

#[test]
fn a_qos_2_message_for_later_is_kept_once_over_a_crash() {
    let mut broker = stored(1);
    let (subscriber, _) = resume(&mut broker, "s");
    broker.subscribe(subscriber, "d", Qos::ExactlyOnce);
    let (publisher, _) = resume(&mut broker, "p");
    broker.publish(publisher, "$delayed/5/d", "late", Qos::ExactlyOnce);
    let mut broker = restarted(broker, 1);
    let (publisher, _) = resume(&mut broker, "p");
    let again = Publish {
        qos: Qos::ExactlyOnce,
        dup: true,
        packet_id: Some(id(9)),
        ..Publish::new(topic("$delayed/5/d"), b"late")
    };
    broker.send(publisher, &Packet::Publish(again));
    broker.send(
        publisher,
        &Packet::Pubrel(Ack::new(id(9), ReasonCode::Success)),
    );
    let (subscriber, _) = resume(&mut broker, "s");
    broker.pass(std::time::Duration::from_secs(20));
    assert_eq!(payloads(&mut broker, subscriber), ["late"]);
}
