//! What must be there after a time, and what must not: sessions, retained values, wills, delays.

use std::time::Duration;

use super::*;

#[test]
fn sessions_that_were_acknowledged_are_present_and_expired_ones_are_not() {
    let after = |pause_s: u64, clean: bool, present: bool| {
        let mut tale = Tale::new();
        tale.tell(Event::Closed(SUBSCRIBER));
        tale.now += Duration::from_secs(pause_s);
        tale.tell(Event::Connecting {
            client: SUBSCRIBER,
            clean,
        });
        tale.tell(Event::Connected {
            client: SUBSCRIBER,
            present,
        });
        tale.wrongs()
    };
    assert_eq!(after(0, false, true), []);
    assert_eq!(after(0, false, false), [Wrong::SessionLost]);
    assert_eq!(after(0, true, true), [Wrong::SessionUndead]);
    assert_eq!(after(102, false, true), [Wrong::SessionUndead]);
    assert_eq!(after(102, false, false), []);
    // In doubt both are right.
    assert_eq!(after(100, false, true), []);
    assert_eq!(after(100, false, false), []);
}

#[test]
fn a_connection_that_was_not_accepted_may_keep_a_session_alive_or_not() {
    let with = |present: bool| {
        let mut tale = Tale::new();
        tale.tell(Event::Closed(SUBSCRIBER));
        tale.now += Duration::from_secs(98);
        tale.tell(Event::Connecting {
            client: SUBSCRIBER,
            clean: false,
        });
        tale.tell(Event::Closed(SUBSCRIBER));
        tale.now += Duration::from_secs(4);
        tale.connect(SUBSCRIBER, present);
        tale.wrongs()
    };
    assert_eq!(with(true), []);
    assert_eq!(with(false), []);
}

#[test]
fn an_expiry_that_a_crash_interrupted_counts_from_the_start() {
    let mut tale = Tale::new();
    tale.tell(Event::Killed);
    tale.tell(Event::Closed(SUBSCRIBER));
    tale.now += Duration::from_secs(50);
    tale.tell(Event::Started { shards: 1 });
    tale.now += Duration::from_mins(1);
    tale.connect(SUBSCRIBER, true);
    assert_eq!(tale.wrongs(), []);
}

fn look(shown: Option<u32>, clears: bool) -> Vec<Wrong> {
    let mut tale = Tale::new();
    for _ in 0..2 {
        let id = tale.send(ONE, Kind::Retained);
        tale.tell(Event::Taken(id));
    }
    tale.send(ONE, if clears { Kind::Clear } else { Kind::Retained });
    tale.tell(Event::Killed);
    tale.tell(Event::Looking(SUBSCRIBER));
    tale.ask("t", ONE, 0);
    if let Some(number) = shown {
        tale.deliver_as(|delivery| {
            delivery.message = Some(MessageId(number));
            delivery.retain = true;
        });
    }
    tale.tell(Event::Looked(SUBSCRIBER));
    tale.wrongs()
}

#[test]
fn a_look_shows_the_last_retained_value_that_was_acknowledged_or_a_later_one() {
    assert_eq!(look(Some(1), false), []);
    assert_eq!(look(Some(2), false), []);
    assert_eq!(look(None, true), []);
    let (topic, instead_of) = ("t".to_owned(), MessageId(1));
    let lost = Wrong::RetainedLost { topic, instead_of };
    // Once as a look, once as what a subscriber was given.
    assert_eq!(look(Some(0), false), [lost.clone(), lost.clone()]);
    assert_eq!(look(None, false), [lost]);
}

#[test]
fn wills_come_after_their_delay_unless_they_were_withdrawn() {
    let with = |pause_ms: u64, withdrawn: bool, comes: bool| {
        let mut tale = Tale::subscribed(ONE);
        let id = tale.send(ONE, Kind::Will(Duration::from_secs(1)));
        if withdrawn {
            tale.tell(Event::Withdrawn(id));
        } else {
            tale.tell(Event::Taken(id));
        }
        tale.tell(Event::Closed(PUBLISHER));
        tale.now += Duration::from_millis(pause_ms);
        if comes {
            tale.deliver(id, ONE);
        }
        tale.wrongs()
    };
    assert_eq!(with(1000, false, true), []);
    assert_eq!(with(1000, false, false), [Wrong::Lost]);
    assert_eq!(with(800, false, true), [Wrong::TooEarly]);
    assert_eq!(with(1000, true, true), [Wrong::Withdrawn]);
    assert_eq!(with(1000, true, false), []);
}

#[test]
fn what_the_broker_publishes_comes_once_unless_a_crash_came_between_shards() {
    let with = |shards: u32, kills: bool| {
        let mut tale = Tale::subscribed(TWO);
        tale.tell(Event::Started { shards });
        let id = tale.send(TWO, Kind::Delayed(Duration::ZERO));
        tale.tell(Event::Taken(id));
        tale.deliver(id, TWO);
        if kills {
            tale.tell(Event::Killed);
        }
        tale.reconnect(SUBSCRIBER);
        tale.deliver(id, TWO);
        tale.wrongs()
    };
    assert_eq!(with(1, true), [Wrong::Twice]);
    assert_eq!(with(2, false), [Wrong::Twice]);
    assert_eq!(with(2, true), []);
}

#[test]
fn delayed_messages_come_when_they_are_due() {
    let with = |kind: Kind, pause_ms: Option<u64>| {
        let mut tale = Tale::subscribed(ONE);
        let id = tale.send(ONE, kind);
        tale.tell(Event::Taken(id));
        if let Some(pause) = pause_ms {
            tale.now += Duration::from_millis(pause);
            tale.deliver(id, ONE);
        }
        tale.wrongs()
    };
    let delayed = Kind::Delayed(Duration::from_secs(1));
    assert_eq!(with(delayed, Some(1000)), []);
    assert_eq!(with(delayed, Some(800)), [Wrong::TooEarly]);
    assert_eq!(with(delayed, None), [Wrong::Lost]);
}

#[test]
fn an_expired_message_comes_only_if_its_delivery_was_begun_in_time() {
    let with = |before_ms: u64, pause_ms: u64, comes: bool| {
        let mut tale = Tale::subscribed(ONE);
        tale.tell(Event::Closed(SUBSCRIBER));
        tale.now += Duration::from_millis(before_ms);
        let id = tale.send(ONE, Kind::Expiring(Duration::from_secs(1)));
        tale.tell(Event::Taken(id));
        tale.now += Duration::from_millis(pause_ms);
        tale.connect(SUBSCRIBER, true);
        if comes {
            tale.deliver(id, ONE);
        }
        tale.wrongs()
    };
    assert_eq!(with(500, 1000, true), []);
    assert_eq!(with(500, 5000, true), [Wrong::TooLate]);
    assert_eq!(with(500, 5000, false), []);
    // It may have been on its way when the connection ended.
    assert_eq!(with(0, 5000, true), []);
}
