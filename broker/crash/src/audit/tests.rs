//! A made-up history for each violation, beside one that is right.

mod times;

use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::history::{Client, Delivery, Event, Kind, Message};

const ONE: Qos = Qos::AtLeastOnce;
const TWO: Qos = Qos::ExactlyOnce;
const PUBLISHER: ClientId = ClientId(0);
const SUBSCRIBER: ClientId = ClientId(1);

/// A history in the making: a publisher and a subscriber, a second between events unless told.
struct Tale {
    history: History,
    now: Duration,
}

impl Tale {
    /// Both are connected.
    fn new() -> Self {
        let mut tale = Self {
            history: History::default(),
            now: Duration::ZERO,
        };
        for name in ["publisher", "subscriber"] {
            let client = tale.history.add_client(Client {
                name: name.to_owned(),
                expiry: Duration::from_secs(100),
            });
            tale.tell(Event::Started { shards: 1 });
            tale.connect(client, false);
        }
        tale
    }

    /// And the subscriber is subscribed to `t`.
    fn subscribed(qos: Qos) -> Self {
        let mut tale = Self::new();
        tale.ask("t", qos, 0);
        tale.tell(Event::Subscribed(SUBSCRIBER, Rc::from("t")));
        tale
    }

    fn tell(&mut self, event: Event) {
        self.now += Duration::from_millis(10);
        self.history.events.push((self.now, event));
    }

    fn connect(&mut self, client: ClientId, present: bool) {
        self.tell(Event::Connecting {
            client,
            clean: false,
        });
        self.tell(Event::Connected { client, present });
    }

    fn reconnect(&mut self, client: ClientId) {
        self.tell(Event::Closed(client));
        self.connect(client, true);
    }

    fn ask(&mut self, filter: &str, qos: Qos, identifier: u32) {
        let filter = Rc::from(filter);
        self.tell(Event::Subscribing {
            client: SUBSCRIBER,
            filter,
            qos,
            identifier,
        });
    }

    fn leave(&mut self) {
        self.tell(Event::Unsubscribing(SUBSCRIBER, Rc::from("t")));
        self.tell(Event::Unsubscribed(SUBSCRIBER, Rc::from("t")));
    }

    fn send(&mut self, qos: Qos, kind: Kind) -> MessageId {
        let topic = Rc::from("t");
        let id = self.history.add_message(Message {
            publisher: PUBLISHER,
            topic,
            qos,
            kind,
        });
        self.tell(Event::Sent(id));
        id
    }

    fn publish(&mut self, qos: Qos) -> MessageId {
        let id = self.send(qos, Kind::Plain);
        self.tell(Event::Taken(id));
        id
    }

    fn deliver(&mut self, id: MessageId, qos: Qos) {
        self.deliver_as(|delivery| {
            delivery.message = Some(id);
            delivery.qos = qos;
        });
    }

    fn deliver_as(&mut self, change: impl FnOnce(&mut Delivery)) {
        let mut delivery = Delivery {
            message: None,
            topic: Rc::from("t"),
            qos: ONE,
            retain: false,
            empty: false,
            identifiers: Vec::new(),
        };
        change(&mut delivery);
        self.tell(Event::Delivered(SUBSCRIBER, delivery));
    }

    /// What is wrong with it, and that it can be told.
    fn wrongs(&self) -> Vec<Wrong> {
        let violations = audit(&self.history);
        let text = tell(&self.history, &violations);
        assert!(
            violations
                .iter()
                .all(|one| text.contains(&format!("{:?}", one.wrong)))
        );
        violations
            .into_iter()
            .map(|violation| violation.wrong)
            .collect()
    }
}

#[test]
fn a_message_that_was_acknowledged_must_come_before_or_after_the_crash() {
    for qos in [ONE, TWO] {
        let mut tale = Tale::subscribed(TWO);
        let (first, second) = (tale.publish(qos), tale.publish(qos));
        tale.deliver(first, qos);
        tale.tell(Event::Killed);
        assert_eq!(tale.wrongs(), [Wrong::Lost]);
        tale.reconnect(SUBSCRIBER);
        tale.deliver(second, qos);
        assert_eq!(tale.wrongs(), []);
    }
}

#[test]
fn a_message_without_acknowledgement_may_come_or_not() {
    let mut tale = Tale::subscribed(ONE);
    let id = tale.send(ONE, Kind::Plain);
    assert_eq!(tale.wrongs(), []);
    tale.deliver(id, ONE);
    assert_eq!(tale.wrongs(), []);
}

#[test]
fn nothing_is_promised_before_suback_and_after_unsubscribe() {
    let mut tale = Tale::new();
    tale.ask("t", ONE, 0);
    tale.publish(ONE);
    tale.tell(Event::Subscribed(SUBSCRIBER, Rc::from("t")));
    assert_eq!(tale.wrongs(), []);
    tale.publish(ONE);
    assert_eq!(tale.wrongs(), [Wrong::Lost]);
    tale.leave();
    assert_eq!(tale.wrongs(), []);
}

#[test]
fn who_subscribes_long_after_a_message_must_not_get_it() {
    let with = |pause_ms: u64| {
        let mut tale = Tale::new();
        let id = tale.publish(ONE);
        tale.now += Duration::from_millis(pause_ms);
        tale.ask("t", ONE, 0);
        tale.deliver(id, ONE);
        tale.wrongs()
    };
    // It may have been on its way.
    assert_eq!(with(100), []);
    assert_eq!(with(600), [Wrong::NotSubscribed]);
}

#[test]
fn what_was_published_after_unsuback_or_in_a_former_session_must_not_come() {
    let mut tale = Tale::subscribed(ONE);
    tale.leave();
    let id = tale.publish(ONE);
    tale.deliver(id, ONE);
    assert_eq!(tale.wrongs(), [Wrong::NotSubscribed]);
    let mut tale = Tale::subscribed(ONE);
    tale.tell(Event::Closed(SUBSCRIBER));
    tale.tell(Event::Connecting {
        client: SUBSCRIBER,
        clean: true,
    });
    tale.tell(Event::Connected {
        client: SUBSCRIBER,
        present: false,
    });
    let id = tale.publish(ONE);
    assert_eq!(tale.wrongs(), []);
    tale.deliver(id, ONE);
    assert_eq!(tale.wrongs(), [Wrong::NotSubscribed]);
}

#[test]
fn a_session_that_ends_with_its_connection_is_promised_nothing() {
    let mut tale = Tale::subscribed(ONE);
    tale.publish(ONE);
    assert_eq!(tale.wrongs(), [Wrong::Lost]);
    tale.history.clients[SUBSCRIBER.0].expiry = Duration::ZERO;
    tale.tell(Event::Closed(SUBSCRIBER));
    assert_eq!(tale.wrongs(), []);
}

#[test]
fn what_a_group_shares_comes_to_one_of_its_sessions() {
    let mut tale = Tale::new();
    tale.ask("$share/g/t", ONE, 0);
    tale.tell(Event::Subscribed(SUBSCRIBER, Rc::from("$share/g/t")));
    let (first, second) = (tale.publish(ONE), tale.publish(ONE));
    assert_eq!(tale.wrongs(), [Wrong::Lost, Wrong::Lost]);
    // The publisher is a member, too.
    let (filter, qos) = (Rc::from("$share/g/t"), ONE);
    tale.tell(Event::Subscribing {
        client: PUBLISHER,
        filter,
        qos,
        identifier: 0,
    });
    tale.deliver(second, ONE);
    assert_eq!(tale.wrongs(), [Wrong::Lost]);
    tale.deliver(first, ONE);
    let Some((_, Event::Delivered(client, _))) = tale.history.events.last_mut() else {
        unreachable!("it was the last to happen")
    };
    *client = PUBLISHER;
    assert_eq!(tale.wrongs(), []);
    // It may have been given to the other and, after a crash, to this one again.
    tale.deliver(second, ONE);
    assert_eq!(tale.wrongs(), []);
}

#[test]
fn a_group_is_served_again_only_if_the_publisher_sent_again() {
    let with = |repeats: bool| {
        let mut tale = Tale::new();
        tale.ask("$share/g/t", TWO, 0);
        let id = tale.publish(TWO);
        tale.deliver(id, TWO);
        tale.tell(Event::Killed);
        if repeats {
            tale.tell(Event::Sent(id));
        }
        tale.reconnect(SUBSCRIBER);
        tale.deliver(id, TWO);
        tale.wrongs()
    };
    assert_eq!(with(true), []);
    assert_eq!(with(false), [Wrong::Twice]);
}

#[test]
fn a_message_of_qos_2_must_not_come_twice_to_a_session() {
    let mut tale = Tale::subscribed(TWO);
    let id = tale.publish(TWO);
    tale.deliver(id, TWO);
    tale.tell(Event::Killed);
    tale.reconnect(SUBSCRIBER);
    assert_eq!(tale.wrongs(), []);
    tale.deliver(id, TWO);
    assert_eq!(tale.wrongs(), [Wrong::Twice]);
}

#[test]
fn a_message_of_qos_1_may_come_again_for_a_reason_only() {
    let mut tale = Tale::subscribed(ONE);
    let id = tale.publish(ONE);
    tale.deliver(id, ONE);
    tale.reconnect(SUBSCRIBER);
    tale.deliver(id, ONE);
    assert_eq!(tale.wrongs(), []);
    tale.deliver(id, ONE);
    assert_eq!(
        tale.wrongs(),
        [Wrong::Repeated { times: 1 }, Wrong::TooOften { times: 2 }]
    );
    let mut tale = Tale::subscribed(ONE);
    let id = tale.send(ONE, Kind::Plain);
    tale.deliver(id, ONE);
    tale.reconnect(PUBLISHER);
    tale.tell(Event::Sent(id));
    tale.tell(Event::Taken(id));
    tale.deliver(id, ONE);
    assert_eq!(tale.wrongs(), []);
}

#[test]
fn first_arrivals_keep_the_order_of_their_publisher() {
    let mut tale = Tale::subscribed(ONE);
    let (first, second) = (tale.publish(ONE), tale.publish(ONE));
    tale.deliver(second, ONE);
    tale.deliver(first, ONE);
    let after = second;
    assert_eq!(tale.wrongs(), [Wrong::Misordered { after }]);
    // Across connections, too.
    let mut tale = Tale::subscribed(ONE);
    let (first, second) = (tale.publish(ONE), tale.publish(ONE));
    tale.deliver(second, ONE);
    tale.reconnect(SUBSCRIBER);
    tale.deliver(first, ONE);
    assert_eq!(tale.wrongs(), [Wrong::Misordered { after: second }]);
}

#[test]
fn the_repetition_of_what_came_before_the_subscription_may_come_late() {
    let with = |qos: Qos, repeats: bool| {
        let mut tale = Tale::new();
        let first = tale.send(qos, Kind::Plain);
        tale.ask("t", TWO, 0);
        tale.tell(Event::Subscribed(SUBSCRIBER, Rc::from("t")));
        let second = tale.publish(qos);
        tale.deliver(second, qos);
        if repeats {
            tale.reconnect(PUBLISHER);
            tale.tell(Event::Sent(first));
            tale.tell(Event::Taken(first));
        }
        tale.deliver(first, qos);
        (tale.wrongs(), second)
    };
    for qos in [ONE, TWO] {
        let (wrongs, _) = with(qos, true);
        assert_eq!(wrongs, []);
        let (wrongs, after) = with(qos, false);
        assert_eq!(wrongs, [Wrong::Misordered { after }]);
    }
}

#[test]
fn a_step_back_on_one_connection_needs_a_publisher_that_came_back() {
    let tale = |comes_back: bool| {
        let mut tale = Tale::subscribed(ONE);
        let (first, second) = (tale.send(ONE, Kind::Plain), tale.publish(ONE));
        tale.deliver(first, ONE);
        tale.deliver(second, ONE);
        if comes_back {
            tale.reconnect(PUBLISHER);
        }
        tale.tell(Event::Sent(first));
        tale.tell(Event::Taken(first));
        tale.deliver(first, ONE);
        tale.wrongs()
    };
    assert_eq!(tale(true), []);
    assert_eq!(tale(false), [Wrong::Repeated { times: 1 }]);
}

#[test]
fn messages_of_other_qos_are_not_ordered_with_these() {
    let mut tale = Tale::subscribed(TWO);
    let (first, second) = (tale.publish(TWO), tale.publish(ONE));
    tale.deliver(second, ONE);
    tale.deliver(first, TWO);
    assert_eq!(tale.wrongs(), []);
}

#[test]
fn a_payload_or_topic_that_nobody_sent_is_damage() {
    let mut tale = Tale::subscribed(ONE);
    tale.deliver_as(|_| {});
    let id = tale.publish(ONE);
    tale.deliver(id, ONE);
    tale.deliver_as(|delivery| {
        delivery.message = Some(id);
        delivery.topic = Rc::from("u");
    });
    tale.deliver_as(|delivery| delivery.message = Some(MessageId(99)));
    let wrongs = tale.wrongs();
    assert_eq!(
        wrongs
            .iter()
            .filter(|wrong| **wrong == Wrong::Damaged)
            .count(),
        3,
        "{wrongs:?}"
    );
}

#[test]
fn qos_and_identifier_are_those_of_a_matching_subscription() {
    let mut tale = Tale::new();
    tale.ask("t", ONE, 5);
    tale.tell(Event::Subscribed(SUBSCRIBER, Rc::from("t")));
    let id = tale.publish(TWO);
    let mut with = |qos, identifiers: Vec<u32>| {
        tale.history.events.truncate(10);
        tale.deliver_as(|delivery| {
            delivery.message = Some(id);
            delivery.qos = qos;
            delivery.identifiers = identifiers;
        });
        tale.wrongs()
    };
    assert_eq!(with(ONE, vec![5]), []);
    assert_eq!(with(TWO, vec![5]), [Wrong::OtherQos(TWO)]);
    assert_eq!(with(ONE, vec![6]), [Wrong::OtherIdentifier]);
    assert_eq!(with(ONE, vec![]), [Wrong::OtherIdentifier]);
}

#[test]
fn a_broken_rule_of_the_protocol_is_told() {
    let mut tale = Tale::new();
    tale.tell(Event::Fault(SUBSCRIBER, "packet id reused".to_owned()));
    assert_eq!(tale.wrongs(), [Wrong::Rule("packet id reused".to_owned())]);
}

/// A look after two retained messages were acknowledged and one more was sent.
#[test]
fn filters_match_level_by_level() {
    use super::books::matches;
    for (filter, topic, expected) in [
        ("t/#", "t", true),
        ("t/#", "t/1/2", true),
        ("t/+", "t/1", true),
        ("t/+", "t/1/2", false),
        ("t/+", "t", false),
        ("+/1", "t/1", true),
        ("t/1", "t/2", false),
        ("t", "t/1", false),
    ] {
        assert_eq!(matches(filter, topic), expected, "{filter} and {topic}");
    }
}
