//! The queue: each rule, and random sequences against a plain list.

use proptest::prelude::*;
use wire_message::{Expiry, TopicName};

use super::*;
use crate::delivery::tests::{message, number};

const T0: Instant = Instant::ZERO;

fn delivery(topic: &str, value: u32) -> Delivery {
    Delivery::new(
        message(topic, value, Expiry::NEVER),
        Qos::AtLeastOnce,
        false,
    )
}

fn limits(messages_max: u32, overflow: Overflow) -> QueueLimits {
    QueueLimits {
        messages_max,
        overflow,
        ..QueueLimits::default()
    }
}

fn priorities(topics: &[(&str, u8)], ordinary: u8) -> Priorities {
    let named = topics
        .iter()
        .map(|(topic, priority)| (TopicName::try_from(*topic).expect("valid"), *priority));
    Priorities::new(named.collect(), ordinary)
}

/// Pushes and returns what became of it and the numbers of what was dropped.
fn push(queue: &mut Queue, delivery: Delivery, limits: &QueueLimits) -> (Pushed, Vec<u32>) {
    let mut dropped = Vec::new();
    let pushed = queue.push(delivery, true, limits, |victim, reason| {
        assert_eq!(reason, DropReason::Full);
        dropped.push(number(&victim));
    });
    (pushed, dropped)
}

fn drain(queue: &mut Queue, limits: &QueueLimits) -> Vec<u32> {
    let next = || queue.pop(limits, T0, |_, reason| panic!("dropped: {reason:?}"));
    core::iter::from_fn(next)
        .map(|delivery| number(&delivery))
        .collect()
}

#[test]
fn eight_bytes_while_nothing_waits() {
    assert_eq!(size_of::<Queue>(), 8);
    let limits = QueueLimits::default();
    let mut queue = Queue::new();
    push(&mut queue, delivery("a", 1), &limits);
    assert!(!queue.is_empty() && queue.bytes() > 0);
    assert_eq!(drain(&mut queue, &limits), [1]);
    assert!(queue.0.is_none());
}

#[test]
fn the_oldest_gives_way() {
    let limits = limits(2, Overflow::DropOldest);
    let mut queue = Queue::new();
    assert_eq!(
        push(&mut queue, delivery("a", 1), &limits),
        (Pushed::Queued, vec![])
    );
    assert_eq!(
        push(&mut queue, delivery("a", 2), &limits),
        (Pushed::Queued, vec![])
    );
    assert_eq!(
        push(&mut queue, delivery("a", 3), &limits),
        (Pushed::Queued, vec![1])
    );
    assert_eq!(drain(&mut queue, &limits), [2, 3]);
}

#[test]
fn the_newest_gives_way() {
    let limits = limits(2, Overflow::DropNewest);
    let mut queue = Queue::new();
    for value in 1..=2 {
        push(&mut queue, delivery("a", value), &limits);
    }
    assert_eq!(
        push(&mut queue, delivery("a", 3), &limits),
        (Pushed::Dropped, vec![3])
    );
    assert_eq!(drain(&mut queue, &limits), [1, 2]);
}

#[test]
fn the_newest_is_refused() {
    let limits = limits(1, Overflow::Refuse);
    let mut queue = Queue::new();
    push(&mut queue, delivery("a", 1), &limits);
    assert_eq!(
        push(&mut queue, delivery("a", 2), &limits),
        (Pushed::Refused, vec![2])
    );
    assert_eq!(drain(&mut queue, &limits), [1]);
}

#[test]
fn bytes_are_bounded_too_and_one_large_message_may_cost_many_small_ones() {
    let cost = delivery("a", 1).message().cost_bytes() as u64;
    let limits = QueueLimits {
        bytes_max: 3 * cost,
        ..QueueLimits::default()
    };
    let mut queue = Queue::new();
    for value in 1..=3 {
        push(&mut queue, delivery("a", value), &limits);
    }
    let long = "a".repeat(usize::try_from(cost).expect("small") + 1);
    assert_eq!(
        push(&mut queue, delivery(&long, 4), &limits),
        (Pushed::Queued, vec![1, 2])
    );
    assert_eq!(queue.len(), 2);
    // What can never fit drops nothing else.
    let huge = "a".repeat(usize::try_from(3 * cost).expect("small"));
    assert_eq!(
        push(&mut queue, delivery(&huge, 5), &limits),
        (Pushed::Dropped, vec![5])
    );
    assert_eq!(drain(&mut queue, &limits), [3, 4]);
}

#[test]
fn a_queue_of_no_length_keeps_nothing() {
    for overflow in [Overflow::DropOldest, Overflow::DropNewest] {
        let limits = limits(0, overflow);
        let mut queue = Queue::new();
        assert_eq!(
            push(&mut queue, delivery("a", 1), &limits),
            (Pushed::Dropped, vec![1])
        );
        assert!(queue.is_empty());
    }
}

#[test]
fn qos_0_is_kept_for_an_absent_client_only_if_so_configured() {
    let qos0 = |value| Delivery::new(message("a", value, Expiry::NEVER), Qos::AtMostOnce, false);
    for (store_qos0, online, kept) in [
        (true, false, true),
        (false, false, false),
        (false, true, true),
        (true, true, true),
    ] {
        let limits = QueueLimits {
            store_qos0,
            ..QueueLimits::default()
        };
        let mut queue = Queue::new();
        let mut reasons = Vec::new();
        let pushed = queue.push(qos0(1), online, &limits, |_, reason| reasons.push(reason));
        assert_eq!(pushed == Pushed::Queued, kept, "{store_qos0} {online}");
        assert_eq!(reasons, if kept { vec![] } else { vec![DropReason::Qos0] });
        assert_eq!(queue.len(), usize::from(kept));
    }
}

#[test]
fn v5_3_3_2_5_what_expired_while_it_waited_is_dropped() {
    let limits = QueueLimits::default();
    let mut queue = Queue::new();
    for (value, expiry_s) in [(1, Some(2)), (2, None), (3, Some(5)), (4, Some(2))] {
        let message = message("a", value, Expiry::after(expiry_s, T0));
        push(
            &mut queue,
            Delivery::new(message, Qos::AtLeastOnce, false),
            &limits,
        );
    }
    let now = Instant::from_secs(2);
    let mut expired = Vec::new();
    let mut popped = Vec::new();
    while let Some(delivery) = queue.pop(&limits, now, |delivery, reason| {
        assert_eq!(reason, DropReason::Expired);
        expired.push(number(&delivery));
    }) {
        popped.push(number(&delivery));
    }
    assert_eq!((popped, expired), (vec![2, 3], vec![1, 4]));
    assert!(queue.is_empty());
}

#[test]
fn what_is_seen_after_expiring_is_what_comes_next() {
    let limits = QueueLimits::default();
    let mut queue = Queue::new();
    for (value, expiry_s) in [(1, Some(2)), (2, Some(1)), (3, None)] {
        let message = message("a", value, Expiry::after(expiry_s, T0));
        push(
            &mut queue,
            Delivery::new(message, Qos::AtLeastOnce, false),
            &limits,
        );
    }
    let mut expired = Vec::new();
    queue.expire(&limits, Instant::from_secs(2), |delivery, _| {
        expired.push(number(&delivery));
    });
    assert_eq!(expired, [1, 2]);
    assert_eq!(queue.peek(&limits).map(number), Some(3));
    assert_eq!(drain(&mut queue, &limits), [3]);
}

#[test]
fn higher_priorities_go_first_and_a_line_keeps_its_order() {
    for (ordinary, order) in [(0, [2, 5, 3, 1, 4]), (255, [1, 4, 2, 5, 3])] {
        let limits = QueueLimits {
            priorities: priorities(&[("high", 9), ("low", 1), ("high", 1)], ordinary),
            ..QueueLimits::default()
        };
        let mut queue = Queue::new();
        for (value, topic) in (1..).zip(["x", "high", "low", "x", "high"]) {
            push(&mut queue, delivery(topic, value), &limits);
            assert!(queue.peek(&limits).is_some());
        }
        assert_eq!(drain(&mut queue, &limits), order);
    }
}

#[test]
fn the_lowest_priority_gives_way_first_and_never_to_a_lower_one() {
    let limits = QueueLimits {
        priorities: priorities(&[("high", 9), ("low", 1)], 5),
        ..limits(3, Overflow::DropOldest)
    };
    let mut queue = Queue::new();
    for (value, topic) in (1..).zip(["high", "x", "low"]) {
        push(&mut queue, delivery(topic, value), &limits);
    }
    assert_eq!(
        push(&mut queue, delivery("low", 4), &limits),
        (Pushed::Queued, vec![3])
    );
    assert_eq!(
        push(&mut queue, delivery("x", 5), &limits),
        (Pushed::Queued, vec![4])
    );
    assert_eq!(
        push(&mut queue, delivery("low", 6), &limits),
        (Pushed::Dropped, vec![6])
    );
    assert_eq!(
        push(&mut queue, delivery("high", 7), &limits),
        (Pushed::Queued, vec![2])
    );
    assert_eq!(
        push(&mut queue, delivery("high", 8), &limits),
        (Pushed::Queued, vec![5])
    );
    assert_eq!(
        push(&mut queue, delivery("x", 9), &limits),
        (Pushed::Dropped, vec![9])
    );
    assert_eq!(
        push(&mut queue, delivery("high", 10), &limits),
        (Pushed::Queued, vec![1])
    );
    assert_eq!(drain(&mut queue, &limits), [7, 8, 10]);
}

#[test]
fn a_group_that_the_client_left_is_forgotten() {
    let limits = QueueLimits::default();
    let mut queue = Queue::new();
    push(&mut queue, delivery("a", 1).with_group(4), &limits);
    push(&mut queue, delivery("a", 2).with_group(5), &limits);
    queue.forget_group(4, &limits);
    let taken = queue.take_all(&limits, |delivery| delivery.group().is_some());
    assert!(taken.iter().map(number).eq([2]));
    assert_eq!(drain(&mut queue, &limits), [1]);
}

#[derive(Clone, Debug)]
enum Step {
    Push { topic: usize, life_s: u32 },
    Pop,
    Wait(u32),
    TakeAll(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4_usize, 1..20_u32).prop_map(|(topic, life_s)| Step::Push { topic, life_s }),
        4 => Just(Step::Pop),
        1 => (0..5_u32).prop_map(Step::Wait),
        1 => (2..5_u32).prop_map(Step::TakeAll),
    ]
}

const TOPICS: [(&str, u8); 4] = [("ordinary", 3), ("low", 1), ("high", 7), ("same", 3)];

/// Everything that waits, in order of arrival.
#[derive(Debug, Default)]
struct Model(Vec<(u8, u32, Instant)>);

impl Model {
    fn first(&self) -> Option<usize> {
        let highest = self.0.iter().map(|(priority, ..)| *priority).max()?;
        self.0
            .iter()
            .position(|(priority, ..)| *priority == highest)
    }

    fn push(&mut self, new: (u8, u32, Instant), limits: &QueueLimits) -> (Pushed, Vec<u32>) {
        let mut dropped = Vec::new();
        if self.0.len() >= limits.messages_max as usize {
            let lowest = self
                .0
                .iter()
                .map(|(priority, ..)| *priority)
                .min()
                .unwrap_or(u8::MAX);
            match limits.overflow {
                Overflow::DropOldest if lowest <= new.0 => {
                    let victim = self.0.iter().position(|(priority, ..)| *priority == lowest);
                    dropped.push(self.0.remove(victim.expect("the lowest is there")).1);
                }
                Overflow::DropOldest | Overflow::DropNewest => {
                    return (Pushed::Dropped, vec![new.1]);
                }
                Overflow::Refuse => return (Pushed::Refused, vec![new.1]),
            }
        }
        self.0.push(new);
        (Pushed::Queued, dropped)
    }
}

proptest! {
    /// A queue is the list of what arrived: bounds, order, victims, expiry and sums are the same.
    #[test]
    fn behaves_like_a_list_in_order_of_arrival(
        steps in prop::collection::vec(step(), 0..150),
        messages_max in 1..12_u32,
        overflow in prop::sample::select(
            vec![Overflow::DropOldest, Overflow::DropNewest, Overflow::Refuse]),
    ) {
        let limits = QueueLimits { priorities: priorities(&TOPICS[1..], 3), ..limits(messages_max, overflow) };
        let (mut queue, mut model) = (Queue::new(), Model::default());
        let (mut now, mut next) = (T0, 0);
        for step in steps {
            match step {
                Step::Push { topic, life_s } => {
                    next += 1;
                    let (topic, priority) = TOPICS[topic];
                    let expiry = Expiry::after(Some(life_s), now);
                    let delivery = Delivery::new(message(topic, next, expiry), Qos::AtLeastOnce, false);
                    let ends = expiry.instant().expect("it has an end");
                    let expected = model.push((priority, next, ends), &limits);
                    prop_assert_eq!(push(&mut queue, delivery, &limits), expected);
                }
                Step::Pop => {
                    let mut expired = Vec::new();
                    let popped = queue.pop(&limits, now, |delivery, _| expired.push(number(&delivery)));
                    let mut expected = None;
                    let mut expected_expired = Vec::new();
                    while let (None, Some(first)) = (expected, model.first()) {
                        let (_, value, ends) = model.0.remove(first);
                        if ends <= now { expected_expired.push(value) } else { expected = Some(value) }
                    }
                    prop_assert_eq!(popped.as_ref().map(number), expected);
                    prop_assert_eq!(expired, expected_expired);
                }
                Step::Wait(secs) => now = now + core::time::Duration::from_secs(secs.into()),
                Step::TakeAll(divisor) => {
                    let taken = queue.take_all(&limits, |delivery| number(delivery).is_multiple_of(divisor));
                    let mut taken: Vec<_> = taken.iter().map(number).collect();
                    taken.sort_unstable();
                    let (gone, kept) = model.0.iter().partition(|(_, value, _)| value % divisor == 0);
                    let gone: Vec<(u8, u32, Instant)> = gone;
                    model.0 = kept;
                    prop_assert!(taken.into_iter().eq(gone.iter().map(|(_, value, _)| *value)));
                }
            }
            prop_assert_eq!(queue.len(), model.0.len());
            prop_assert_eq!(queue.is_empty(), model.0.is_empty());
            let first = model.first().map(|first| model.0[first].1);
            prop_assert_eq!(queue.peek(&limits).map(number), first);
            let one = |topic| message(topic, 0, Expiry::NEVER).cost_bytes() as u64;
            let topic_of = |value: u32| queue_topic(&queue, value);
            let bytes: u64 = model.0.iter().map(|(_, value, _)| one(topic_of(*value))).sum();
            prop_assert_eq!(queue.bytes(), bytes);
        }
    }
}

fn queue_topic(queue: &Queue, value: u32) -> &str {
    let waiting = queue.0.as_ref().expect("not empty");
    let special = waiting.special.iter().flat_map(|line| &line.deliveries);
    let found = waiting
        .ordinary
        .iter()
        .chain(special)
        .find(|delivery| number(delivery) == value);
    found.expect("it waits").message().topic().as_str()
}
