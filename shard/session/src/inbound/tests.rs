//! What comes in: the statements one by one, and random sequences against a model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const T0: Instant = Instant::ZERO;

const LIMITS: InboundLimits = InboundLimits {
    receive_max: 10,
    awaited_max: 100,
    await_timeout: Duration::from_mins(5),
};

fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("not zero")
}

#[test]
fn sixteen_bytes_while_nothing_is_awaited() {
    assert_eq!(size_of::<Inbound>(), 16);
    let mut inbound = Inbound::new();
    assert_eq!(inbound.publish_qos2(id(1), &LIMITS, T0), Arrival::New);
    assert_eq!(inbound.pubrel(id(1)), ReasonCode::Success);
    assert!(inbound.awaited.is_none());
}

#[test]
fn v5_4_3_3_10_until_pubrel_a_repetition_is_a_duplicate() {
    let mut inbound = Inbound::new();
    assert_eq!(inbound.publish_qos2(id(7), &LIMITS, T0), Arrival::New);
    assert_eq!(inbound.publish_qos2(id(7), &LIMITS, T0), Arrival::Duplicate);
    // Also on another connection.
    inbound.resume();
    assert_eq!(inbound.publish_qos2(id(7), &LIMITS, T0), Arrival::Duplicate);
    assert_eq!(inbound.publish_qos2(id(8), &LIMITS, T0), Arrival::New);
}

#[test]
fn v311_4_3_3_2_until_pubrel_a_repetition_is_a_duplicate() {
    let mut inbound = Inbound::new();
    let _ = inbound.publish_qos2(id(7), &LIMITS, T0);
    inbound.resume();
    assert_eq!(inbound.publish_qos2(id(7), &LIMITS, T0), Arrival::Duplicate);
    assert_eq!(inbound.pubrel(id(7)), ReasonCode::Success);
    assert_eq!(inbound.publish_qos2(id(7), &LIMITS, T0), Arrival::New);
}

#[test]
fn v5_4_3_3_11_pubrel_gets_its_pubcomp() {
    let mut inbound = Inbound::new();
    let _ = inbound.publish_qos2(id(7), &LIMITS, T0);
    inbound.resume();
    assert_eq!(inbound.pubrel(id(7)), ReasonCode::Success);
    assert_eq!(inbound.pubrel(id(7)), ReasonCode::PacketIdentifierNotFound);
}

#[test]
fn v5_4_3_3_12_after_pubcomp_the_packet_id_means_a_new_message() {
    let mut inbound = Inbound::new();
    for _ in 0..3 {
        assert_eq!(inbound.publish_qos2(id(7), &LIMITS, T0), Arrival::New);
        assert_eq!(inbound.pubrel(id(7)), ReasonCode::Success);
    }
}

#[test]
fn v5_4_3_3_9_after_a_refusing_pubrec_the_packet_id_means_a_new_message() {
    let mut inbound = Inbound::new();
    assert_eq!(inbound.publish_qos2(id(7), &LIMITS, T0), Arrival::New);
    inbound.refused(id(7));
    assert_eq!(inbound.open(), 0);
    assert_eq!(inbound.publish_qos2(id(7), &LIMITS, T0), Arrival::New);
}

#[test]
fn v5_4_3_2_5_after_puback_the_packet_id_means_a_new_message() {
    let mut inbound = Inbound::new();
    for _ in 0..100 {
        assert_eq!(inbound.publish_qos1(&LIMITS), Arrival::New);
        inbound.acknowledged();
    }
}

/// Section 3.3.4, which has no number for the receiver.
#[test]
fn more_than_the_receive_maximum_is_a_violation() {
    let violation = Arrival::Violation(ReasonCode::ReceiveMaximumExceeded);
    let mut inbound = Inbound::new();
    for value in 1..=5 {
        assert_eq!(inbound.publish_qos1(&LIMITS), Arrival::New);
        assert_eq!(inbound.publish_qos2(id(value), &LIMITS, T0), Arrival::New);
    }
    assert_eq!(inbound.publish_qos1(&LIMITS), violation);
    assert_eq!(inbound.publish_qos2(id(6), &LIMITS, T0), violation);
    // A repetition on the same connection is in the quota already.
    assert_eq!(inbound.publish_qos2(id(5), &LIMITS, T0), Arrival::Duplicate);
    assert_eq!(inbound.pubrel(id(5)), ReasonCode::Success);
    assert_eq!(inbound.publish_qos2(id(6), &LIMITS, T0), Arrival::New);
    inbound.acknowledged();
    assert_eq!(inbound.publish_qos1(&LIMITS), Arrival::New);
}

/// Section 4.9: the quota starts anew, and counts repetitions.
#[test]
fn a_new_connection_has_the_whole_receive_maximum() {
    let mut inbound = Inbound::new();
    for value in 1..=10 {
        let _ = inbound.publish_qos2(id(value), &LIMITS, T0);
    }
    inbound.resume();
    assert_eq!(inbound.open(), 0);
    for value in 11..=15 {
        assert_eq!(inbound.publish_qos2(id(value), &LIMITS, T0), Arrival::New);
    }
    for value in 1..=5 {
        assert_eq!(
            inbound.publish_qos2(id(value), &LIMITS, T0),
            Arrival::Duplicate
        );
    }
    let violation = Arrival::Violation(ReasonCode::ReceiveMaximumExceeded);
    assert_eq!(inbound.publish_qos2(id(6), &LIMITS, T0), violation);
    // The end of an exchange begun on the old connection gives nothing back.
    assert_eq!(inbound.pubrel(id(7)), ReasonCode::Success);
    assert_eq!(inbound.publish_qos2(id(6), &LIMITS, T0), violation);
}

#[test]
fn an_acknowledgement_left_over_from_an_old_connection_does_no_harm() {
    let mut inbound = Inbound::new();
    assert_eq!(inbound.publish_qos1(&LIMITS), Arrival::New);
    inbound.resume();
    assert_eq!(inbound.publish_qos2(id(1), &LIMITS, T0), Arrival::New);
    inbound.acknowledged();
    assert_eq!(inbound.pubrel(id(1)), ReasonCode::Success);
    assert_eq!(inbound.open(), 0);
}

#[test]
fn what_is_awaited_is_bounded() {
    let limits = InboundLimits {
        awaited_max: 2,
        ..LIMITS
    };
    let mut inbound = Inbound::new();
    for value in 1..=2 {
        assert_eq!(inbound.publish_qos2(id(value), &limits, T0), Arrival::New);
    }
    assert_eq!(
        inbound.publish_qos2(id(3), &limits, T0),
        Arrival::TooManyAwaited
    );
    assert_eq!(inbound.publish_qos2(id(2), &limits, T0), Arrival::Duplicate);
    let _ = inbound.pubrel(id(1));
    assert_eq!(inbound.publish_qos2(id(3), &limits, T0), Arrival::New);
}

#[test]
fn a_pubrel_is_not_awaited_for_ever() {
    let mut inbound = Inbound::new();
    assert_eq!(inbound.next_expiry(&LIMITS, T0), None);
    let _ = inbound.publish_qos2(id(1), &LIMITS, T0);
    let _ = inbound.publish_qos2(id(2), &LIMITS, Instant::from_secs(100));
    let due = inbound
        .next_expiry(&LIMITS, Instant::from_secs(100))
        .expect("armed");
    assert!(
        due >= Instant::from_secs(300) && due < Instant::from_secs(301),
        "{due:?}"
    );
    assert_eq!(inbound.expire(&LIMITS, Instant::from_secs(299)), 0);
    assert_eq!(inbound.expire(&LIMITS, due), 1);
    assert_eq!((inbound.awaited(), inbound.open()), (1, 1));
    assert_eq!(inbound.pubrel(id(1)), ReasonCode::PacketIdentifierNotFound);
    assert_eq!(inbound.expire(&LIMITS, Instant::from_secs(1_000)), 1);
    assert!(inbound.awaited.is_none());
}

#[derive(Clone, Debug)]
enum Step {
    Qos1,
    Acknowledge,
    Qos2(u16),
    Refuse(u16),
    Pubrel(u16),
    Reconnect,
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Qos1),
        2 => Just(Step::Acknowledge),
        8 => (1..12_u16).prop_map(Step::Qos2),
        1 => (1..12_u16).prop_map(Step::Refuse),
        5 => (1..12_u16).prop_map(Step::Pubrel),
        1 => Just(Step::Reconnect),
        1 => (1..200_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    /// Whatever the client repeats, on whatever connection: a QoS 2 message is taken over once
    /// between two PUBCOMPs, and no more are open than we allow.
    #[test]
    fn a_qos_2_message_is_taken_over_once(
        steps in prop::collection::vec(step(), 0..200),
        receive_max in 1..8_u16, awaited_max in 1..8_u32,
    ) {
        let limits = InboundLimits { receive_max, awaited_max, ..LIMITS };
        let mut inbound = Inbound::new();
        // By packet id: when it came, and whether on this connection.
        let mut awaited: BTreeMap<u16, (u64, bool)> = BTreeMap::new();
        let (mut qos1, mut now_s) = (0_u16, 0);
        for step in steps {
            let now = Instant::from_secs(now_s);
            let here = awaited.values().filter(|(_, here)| *here).count();
            let full = here + usize::from(qos1) >= usize::from(receive_max);
            let violation = Arrival::Violation(ReasonCode::ReceiveMaximumExceeded);
            match step {
                Step::Qos1 => {
                    let expected = if full { violation } else { Arrival::New };
                    prop_assert_eq!(inbound.publish_qos1(&limits), expected);
                    qos1 += u16::from(!full);
                }
                Step::Acknowledge if qos1 > 0 => {
                    inbound.acknowledged();
                    qos1 -= 1;
                }
                Step::Acknowledge => {}
                Step::Qos2(value) => {
                    let known = awaited.get(&value).copied();
                    let expected = match known {
                        Some((_, true)) => Arrival::Duplicate,
                        _ if full => violation,
                        Some(_) => Arrival::Duplicate,
                        None if awaited.len() >= awaited_max as usize => Arrival::TooManyAwaited,
                        None => Arrival::New,
                    };
                    prop_assert_eq!(inbound.publish_qos2(id(value), &limits, now), expected);
                    match expected {
                        Arrival::New => { awaited.insert(value, (now_s, true)); }
                        Arrival::Duplicate => { awaited.entry(value).and_modify(|one| one.1 = true); }
                        Arrival::TooManyAwaited | Arrival::Violation(_) => {}
                    }
                }
                Step::Refuse(value) => {
                    inbound.refused(id(value));
                    awaited.remove(&value);
                }
                Step::Pubrel(value) => {
                    let known = awaited.remove(&value).is_some();
                    prop_assert_eq!(inbound.pubrel(id(value)) == ReasonCode::Success, known);
                }
                Step::Reconnect => {
                    inbound.resume();
                    qos1 = 0;
                    awaited.values_mut().map(|one| &mut one.1).for_each(|here| *here = false);
                }
                Step::Wait(secs) => {
                    now_s += secs;
                    let before = awaited.len();
                    // A second more than the timeout, because time is coarse here.
                    awaited.retain(|_, (since, _)| now_s - *since <= 300);
                    let given_up = inbound.expire(&limits, Instant::from_millis(now_s * 1_000 - 700));
                    prop_assert_eq!(given_up, before - awaited.len());
                }
            }
            let here = awaited.values().filter(|(_, here)| *here).count();
            prop_assert_eq!(usize::from(inbound.open()), here + usize::from(qos1));
            prop_assert_eq!(inbound.awaited(), awaited.len());
            prop_assert!(inbound.open() <= receive_max);
        }
    }
}
