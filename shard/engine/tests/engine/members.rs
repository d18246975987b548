//! Members of shared subscriptions that go while messages are on their way.

use core::num::NonZeroU16;

use shard_engine::Settings;
use shard_session::Overflow;
use wire_message::Qos;
use wire_mqtt::{Connect, ConnectProperties, Version};

use crate::harness::Broker;

#[test]
fn what_a_group_did_not_acknowledge_goes_to_nobody_else() {
    let mut broker = Broker::new();
    let other = broker.client(Version::V5, "other");
    broker.subscribe(other, "t", Qos::AtLeastOnce);
    let member = broker.client(Version::V5, "member");
    broker.subscribe(member, "$share/g/t", Qos::AtLeastOnce);
    let publisher = broker.client(Version::V5, "publisher");
    broker.publish(publisher, "t", "x", Qos::AtLeastOnce);
    assert_eq!(broker.messages(member).len(), 1);
    broker.lose(member);
    assert_eq!(broker.messages(other).len(), 1);
}

#[test]
fn a_full_member_may_lose_its_session_while_others_are_served() {
    let mut settings = Settings::default();
    settings.mqtt.queue.overflow = Overflow::Refuse;
    settings.mqtt.queue.messages_max = 1;
    let mut broker = Broker::with(settings, 1);
    // Its window takes one message and its queue another; the third one ends its session, and
    // with it the filter that the message has just matched.
    let slow = broker.connect(&Connect {
        properties: ConnectProperties {
            receive_maximum: NonZeroU16::new(1),
            ..ConnectProperties::default()
        },
        ..Connect::new(Version::V5, "slow")
    });
    broker.subscribe(slow, "t", Qos::AtLeastOnce);
    let member = broker.client(Version::V5, "member");
    broker.subscribe(member, "$share/g/+", Qos::AtMostOnce);
    let publisher = broker.client(Version::V5, "publisher");
    for _ in 0..3 {
        broker.publish(publisher, "t", "x", Qos::AtLeastOnce);
    }
    assert!(broker.is_closed(slow));
    assert_eq!(broker.messages(member).len(), 3);
}
