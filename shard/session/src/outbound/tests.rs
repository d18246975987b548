//! The window: the standard's statements one by one, and random sequences against a model.

mod model;

use std::sync::Arc;

use wire_message::{Expiry, Message};

use super::*;
use crate::delivery::tests::{message, number};

const T0: Instant = Instant::ZERO;

fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("not zero")
}

fn any_message() -> Arc<Message> {
    message("a", 0, Expiry::NEVER)
}

fn delivery(qos: Qos, value: u32) -> Delivery {
    Delivery::new(message("a", value, Expiry::NEVER), qos, false)
}

fn qos1(value: u32) -> Delivery {
    delivery(Qos::AtLeastOnce, value)
}

fn qos2(value: u32) -> Delivery {
    delivery(Qos::ExactlyOnce, value)
}

/// What is resent until nothing more may be: packet id, and number or none for PUBREL.
fn resent(outbound: &mut Outbound) -> Vec<(u16, Option<u32>)> {
    let mut resent = Vec::new();
    while let Some(resend) = outbound.next_resend(T0) {
        resent.push(match resend {
            Resend::Publish(id, delivery) => (id.value(), Some(number(delivery))),
            Resend::Pubrel(id) => (id.value(), None),
        });
    }
    resent
}

#[test]
fn sixteen_bytes_while_nothing_is_in_flight() {
    assert_eq!(size_of::<Outbound>(), 16);
    let mut outbound = Outbound::new(10);
    let one = outbound.push(qos1(1), T0).expect("room");
    assert!(!outbound.is_empty());
    outbound.puback(one);
    assert!(outbound.flight.is_none());
}

#[test]
fn v5_2_2_1_4_packet_ids_are_free_and_never_zero() {
    let mut outbound = Outbound::new(u16::MAX);
    let stuck: Vec<_> = (0..3)
        .filter_map(|value| outbound.push(qos1(value), T0))
        .collect();
    for round in 0..200_000 {
        let fresh = outbound.push(qos1(round), T0).expect("room");
        assert!(!stuck.contains(&fresh));
        assert_eq!(
            outbound.puback(fresh),
            Acknowledged::Done(Some(qos1(round)))
        );
    }
    assert_eq!(outbound.len(), 3);
}

#[test]
fn v311_2_3_1_4_packet_ids_are_free() {
    let mut outbound = Outbound::new(u16::MAX);
    let mut ids: Vec<_> = (0..65_535)
        .filter_map(|value| outbound.push(qos1(value), T0))
        .collect();
    assert_eq!(outbound.push(qos1(0), T0), None);
    ids.sort_unstable();
    assert!(ids.iter().map(|id| id.value()).eq(1..=u16::MAX));
}

#[test]
fn v5_4_3_2_1_a_new_qos_1_message_takes_a_free_packet_id() {
    let mut outbound = Outbound::new(10);
    let first = outbound.push(qos1(1), T0);
    let second = outbound.push(qos1(2), T0);
    assert!(first.is_some() && second.is_some() && first != second);
}

#[test]
fn v5_4_3_3_1_a_new_qos_2_message_takes_a_free_packet_id() {
    let mut outbound = Outbound::new(10);
    let first = outbound.push(qos2(1), T0).expect("room");
    outbound.pubrec(first, false, T0);
    // The packet id stays taken while PUBCOMP is awaited.
    for value in 0..3 {
        assert_ne!(outbound.push(qos2(value), T0), Some(first));
    }
}

#[test]
fn a_qos_0_message_has_no_place_here() {
    assert_eq!(
        Outbound::new(10).push(delivery(Qos::AtMostOnce, 1), T0),
        None
    );
}

#[test]
fn v5_4_3_2_3_a_qos_1_message_is_unacknowledged_until_puback() {
    let mut outbound = Outbound::new(1);
    let one = outbound.push(qos1(7), T0).expect("room");
    assert_eq!(outbound.pubrec(one, false, T0), Acknowledged::Unknown);
    assert_eq!(outbound.pubcomp(one), Acknowledged::Unknown);
    assert!(!outbound.has_room());
    assert_eq!(outbound.puback(one), Acknowledged::Done(Some(qos1(7))));
    assert!(outbound.has_room());
    assert_eq!(outbound.puback(one), Acknowledged::Unknown);
}

#[test]
fn v5_4_3_3_3_a_qos_2_message_is_unacknowledged_until_pubrec() {
    let mut outbound = Outbound::new(1);
    let one = outbound.push(qos2(7), T0).expect("room");
    assert_eq!(outbound.puback(one), Acknowledged::Unknown);
    assert_eq!(outbound.pubcomp(one), Acknowledged::Unknown);
    assert!(outbound.deliveries().eq([&qos2(7)]));
    assert_eq!(outbound.pubrec(one, false, T0), Acknowledged::SendPubrel);
    assert_eq!(outbound.deliveries().count(), 0);
}

#[test]
fn v5_4_3_3_4_pubrec_below_0x80_is_answered_with_pubrel() {
    let mut outbound = Outbound::new(1);
    let one = outbound.push(qos2(7), T0).expect("room");
    assert_eq!(outbound.pubrec(one, false, T0), Acknowledged::SendPubrel);
    // Again, if the PUBREC is repeated.
    assert_eq!(outbound.pubrec(one, false, T0), Acknowledged::SendPubrel);
    assert_eq!(outbound.pubrec(id(9), false, T0), Acknowledged::Unknown);
}

#[test]
fn v5_4_3_3_5_pubrel_is_unacknowledged_until_pubcomp() {
    let mut outbound = Outbound::new(1);
    let one = outbound.push(qos2(7), T0).expect("room");
    outbound.pubrec(one, false, T0);
    assert_eq!(outbound.puback(one), Acknowledged::Unknown);
    assert!(!outbound.has_room());
    assert_eq!(outbound.pubcomp(one), Acknowledged::Done(None));
    assert!(outbound.has_room() && outbound.is_empty());
}

#[test]
fn v5_4_3_3_6_after_pubrel_the_publish_is_not_sent_again() {
    let mut outbound = Outbound::new(10);
    let one = outbound.push(qos2(7), T0).expect("room");
    outbound.pubrec(one, false, T0);
    outbound.resume(10);
    assert_eq!(resent(&mut outbound), [(1, None)]);
}

#[test]
fn v311_4_3_3_1_after_pubrel_the_publish_is_not_sent_again() {
    let mut outbound = Outbound::new(10);
    let one = outbound.push(qos2(7), T0).expect("room");
    outbound.pubrec(one, false, T0);
    let mut sent = Vec::new();
    let later = Instant::from_secs(60);
    outbound.retry(Duration::from_secs(10), later, |resend| match resend {
        Resend::Publish(..) => sent.push("PUBLISH"),
        Resend::Pubrel(_) => sent.push("PUBREL"),
    });
    assert_eq!(sent, ["PUBREL"]);
}

#[test]
fn v5_4_3_3_7_expiry_does_not_touch_a_qos_2_message_that_was_sent() {
    let expiry = Expiry::after(Some(1), T0);
    let mut outbound = Outbound::new(10);
    outbound.push(
        Delivery::new(message("a", 5, expiry), Qos::ExactlyOnce, false),
        T0,
    );
    outbound.resume(10);
    let much_later = Instant::from_secs(1_000);
    assert!(matches!(
        outbound.next_resend(much_later),
        Some(Resend::Publish(..))
    ));
}

#[test]
fn v5_4_4_0_1_a_resumed_session_repeats_everything_in_order_under_its_packet_ids() {
    let mut outbound = Outbound::new(10);
    let ids: Vec<_> = [qos1(1), qos2(2), qos2(3), qos1(4), qos1(5)]
        .into_iter()
        .filter_map(|delivery| outbound.push(delivery, T0))
        .collect();
    outbound.pubrec(ids[1], false, T0);
    outbound.puback(ids[3]);
    // Nothing is repeated on the same connection.
    assert_eq!(resent(&mut outbound), []);
    outbound.resume(10);
    assert!(outbound.has_resends() && !outbound.has_room());
    assert_eq!(
        resent(&mut outbound),
        [(1, Some(1)), (2, None), (3, Some(3)), (5, Some(5))]
    );
    assert!(outbound.has_room() && !outbound.has_resends());
    assert_eq!(resent(&mut outbound), []);
}

#[test]
fn v311_4_4_0_1_a_second_reconnect_repeats_everything_again() {
    let mut outbound = Outbound::new(10);
    for value in 1..=3 {
        outbound.push(qos1(value), T0);
    }
    for _ in 0..2 {
        outbound.resume(10);
        assert_eq!(
            resent(&mut outbound),
            [(1, Some(1)), (2, Some(2)), (3, Some(3))]
        );
    }
}

#[test]
fn v5_4_4_0_2_what_was_refused_with_0x80_or_more_is_not_repeated() {
    let mut outbound = Outbound::new(10);
    let one = outbound.push(qos2(7), T0).expect("room");
    assert_eq!(
        outbound.pubrec(one, true, T0),
        Acknowledged::Done(Some(qos2(7)))
    );
    outbound.resume(10);
    assert_eq!(resent(&mut outbound), []);
    assert!(outbound.is_empty());
}

#[test]
fn v5_3_3_4_9_no_more_are_in_flight_than_the_receive_maximum() {
    let mut outbound = Outbound::new(3);
    let ids: Vec<_> = (0..9)
        .filter_map(|value| outbound.push(qos1(value), T0))
        .collect();
    assert_eq!(ids.len(), 3);
    outbound.puback(ids[1]);
    assert!(outbound.push(qos2(10), T0).is_some());
    assert!(!outbound.has_room());
}

#[test]
fn v5_4_9_0_1_the_quota_of_a_new_connection_is_its_own_receive_maximum() {
    let mut outbound = Outbound::new(10);
    for value in 0..6 {
        outbound.push(qos1(value), T0);
    }
    outbound.resume(2);
    assert_eq!(resent(&mut outbound), [(1, Some(0)), (2, Some(1))]);
    outbound.puback(id(1));
    assert_eq!(resent(&mut outbound), [(3, Some(2))]);
    outbound.resume(100);
    assert_eq!(resent(&mut outbound).len(), 5);
    assert!(outbound.has_room());
}

#[test]
fn v5_4_9_0_2_at_quota_zero_no_publish_is_sent() {
    let mut outbound = Outbound::new(1);
    let one = outbound.push(qos2(0), T0).expect("room");
    assert_eq!(outbound.push(qos1(1), T0), None);
    // PUBREC does not give the quota back, PUBCOMP does.
    outbound.pubrec(one, false, T0);
    assert_eq!(outbound.push(qos1(1), T0), None);
    outbound.pubcomp(one);
    assert!(outbound.push(qos1(1), T0).is_some());
}

#[test]
fn v5_4_9_0_3_at_quota_zero_pubrel_is_sent_all_the_same() {
    let mut outbound = Outbound::new(10);
    let ids: Vec<_> = (0..3)
        .filter_map(|value| outbound.push(qos2(value), T0))
        .collect();
    outbound.pubrec(ids[1], false, T0);
    outbound.pubrec(ids[2], false, T0);
    outbound.resume(1);
    assert_eq!(resent(&mut outbound), [(1, Some(0)), (2, None), (3, None)]);
}

#[test]
fn v5_4_8_2_5_only_qos_1_goes_to_another_member() {
    let mut outbound = Outbound::new(10);
    for (value, qos) in [
        (1, Qos::AtLeastOnce),
        (2, Qos::ExactlyOnce),
        (3, Qos::AtLeastOnce),
    ] {
        outbound.push(delivery(qos, value).with_group(4), T0);
    }
    outbound.push(qos1(4), T0);
    let taken = outbound.take_group_deliveries();
    assert!(taken.iter().map(number).eq([1, 3]));
    assert!(taken.iter().all(|delivery| delivery.group() == Some(4)));
    // The rest goes on with this client, v5 4.8.2-4.
    outbound.resume(10);
    assert_eq!(resent(&mut outbound), [(2, Some(2)), (4, Some(4))]);
}

#[test]
fn v5_4_8_2_6_what_a_member_refused_goes_to_no_other() {
    let mut outbound = Outbound::new(10);
    let one = outbound.push(qos1(1).with_group(4), T0).expect("room");
    outbound.puback(one);
    let two = outbound.push(qos2(2).with_group(4), T0).expect("room");
    outbound.pubrec(two, true, T0);
    assert_eq!(outbound.take_group_deliveries(), []);
}

#[test]
fn a_group_that_the_client_left_is_forgotten() {
    let mut outbound = Outbound::new(10);
    outbound.push(qos1(1).with_group(4), T0);
    outbound.push(qos1(2).with_group(5), T0);
    outbound.forget_group(4);
    assert!(outbound.take_group_deliveries().iter().map(number).eq([2]));
    assert_eq!(outbound.len(), 1);
}

#[test]
fn a_retry_repeats_what_was_sent_long_enough_ago() {
    let interval = Duration::from_secs(10);
    let mut outbound = Outbound::new(10);
    assert_eq!(outbound.next_retry(interval, T0), None);
    outbound.push(qos1(1), T0);
    outbound.push(qos1(2), Instant::from_secs(5));
    let due = outbound
        .next_retry(interval, Instant::from_secs(5))
        .expect("armed");
    assert!(due > Instant::from_secs(10) && due < Instant::from_secs(11));
    let mut sent = 0;
    outbound.retry(interval, due, |_| sent += 1);
    assert_eq!(sent, 1);
    let due = outbound.next_retry(interval, due).expect("armed");
    assert!(due > Instant::from_secs(15) && due < Instant::from_secs(16));
}

#[test]
fn acknowledgements_in_the_worst_order_stay_fast_and_small() {
    let mut outbound = Outbound::new(u16::MAX);
    let stuck = outbound.push(qos1(0), T0).expect("room");
    let message = any_message();
    let ids: Vec<_> = (1..60_000)
        .filter_map(|_| outbound.push(Delivery::new(message.clone(), Qos::AtLeastOnce, false), T0))
        .collect();
    for id in ids.into_iter().rev() {
        assert!(matches!(outbound.puback(id), Acknowledged::Done(_)));
    }
    assert_eq!(outbound.len(), 1);
    let flight = outbound.flight.as_ref().expect("one is in flight");
    assert!(
        flight.ring.capacity() <= 200,
        "{} places for one entry",
        flight.ring.capacity()
    );
    assert!(matches!(outbound.puback(stuck), Acknowledged::Done(_)));
}

#[test]
fn entries_that_stay_for_rounds_of_ids_keep_their_order() {
    let mut outbound = Outbound::new(u16::MAX);
    let mut stuck = Vec::new();
    for round in 1..=300_000 {
        let id = outbound.push(qos1(round), T0).expect("room");
        assert!(!stuck.iter().any(|(other, _)| *other == id.value()));
        if round % 9_973 == 0 {
            stuck.push((id.value(), Some(round)));
        } else {
            outbound.puback(id);
        }
    }
    outbound.resume(u16::MAX);
    assert_eq!(resent(&mut outbound), stuck);
}
