//! States of failure.

use store_memory::{Disk, FaultPlan, MemoryStore, OpenError};
use store_model::{
    Answer, Event, Family, FormatError, MetaKey, Number, Read, Sequence, Sink, StoreState,
    WallClock,
};
use wire_message::{Seed, ShardId};

use crate::answers::{ask, enqueue, submit};

fn open(plan: FaultPlan) -> MemoryStore {
    let clock = WallClock::default();
    let opened = MemoryStore::open(Disk::new(), plan, 1, clock, Seed(5));
    opened.expect("a new disk").0
}

fn events(store: &mut MemoryStore) -> Vec<Event> {
    std::iter::from_fn(|| store.poll(ShardId(0))).collect()
}

#[test]
fn nothing_is_lost_while_the_disk_is_full() {
    let plan = FaultPlan {
        full: 1000,
        full_steps_max: 3,
        ..FaultPlan::calm(1)
    };
    let mut store = open(plan);
    submit(&mut store, 1, vec![enqueue(1, &[7], 0)]);
    for _ in 0..50 {
        assert!(store.step());
    }
    let seen = events(&mut store);
    assert!(seen.contains(&Event::State(StoreState::Full)));
    assert!(seen.contains(&Event::State(StoreState::Healthy)));
    let through = Sequence(1);
    assert!(!seen.contains(&Event::Durable { through }));
    assert!(store.stats().full > 1);
    let disk = store.close();
    assert_eq!(disk.recovered().prefixed(Family::Queue, &[]).count(), 1);
}

#[test]
fn after_a_failed_sync_nothing_is_called_durable() {
    let plan = FaultPlan {
        sync_fails: 1000,
        ..FaultPlan::calm(1)
    };
    let mut store = open(plan);
    for number in 1..10 {
        submit(&mut store, number, vec![enqueue(number, &[7], 0)]);
        for _ in 0..10 {
            store.step();
        }
    }
    assert_eq!(store.state(), StoreState::Failed);
    assert_eq!(events(&mut store), [Event::State(StoreState::Failed)]);
}

#[test]
fn a_shard_that_is_too_fast_gets_its_batch_back() {
    let plan = FaultPlan {
        batches_max: 2,
        ..FaultPlan::calm(1)
    };
    let mut store = open(plan);
    submit(&mut store, 1, Vec::new());
    submit(&mut store, 2, Vec::new());
    let third = store_model::Batch {
        sequence: Sequence(3),
        operations: Vec::new(),
        urgent: true,
    };
    let back = store.submit(ShardId(0), third).expect_err("two wait");
    while store.step() {}
    assert!(store.submit(ShardId(0), back).is_ok());
    while store.step() {}
    let through = Sequence(3);
    assert_eq!(events(&mut store).last(), Some(&Event::Durable { through }));
}

#[test]
fn a_store_of_a_newer_program_is_refused_and_not_touched() {
    let mut image = open(FaultPlan::calm(1)).close().recovered();
    image.put(
        Family::Meta,
        MetaKey::Format.as_bytes(),
        &9_u32.to_be_bytes(),
    );
    let disk = Disk::holding(image.clone());
    let clock = WallClock::default();
    let refused = MemoryStore::open(disk.clone(), FaultPlan::calm(1), 1, clock, Seed(5));
    let error = refused.expect_err("the format is newer");
    assert_eq!(error, OpenError::Format(FormatError::Newer { found: 9 }));
    assert_eq!(disk.recovered(), image);
}

#[test]
fn the_seed_of_the_first_start_stays() {
    let disk = open(FaultPlan::calm(1)).close();
    let clock = WallClock::default();
    let opened = MemoryStore::open(disk, FaultPlan::calm(1), 1, clock, Seed(77));
    assert_eq!(opened.expect("sound").1.seed, Seed(5));
}

#[test]
fn what_nobody_waits_for_is_synced_later_and_with_the_next_that_somebody_does() {
    let plan = FaultPlan {
        sync_steps_max: 1_000,
        ..FaultPlan::calm(3)
    };
    let mut later = 0;
    for seed in 0..20 {
        let mut store = open(FaultPlan { seed, ..plan });
        let patient = store_model::Batch {
            sequence: Sequence(1),
            operations: vec![enqueue(1, &[7], 0)],
            urgent: false,
        };
        store.submit(ShardId(0), patient).expect("there is room");
        // What a start leaves to be kept up is nothing here.
        for _ in 0..5 {
            assert!(store.step(), "the sync is still to come");
        }
        assert_eq!(store.written(ShardId(0)), Sequence(1));
        later += u32::from(events(&mut store).is_empty());
        submit(&mut store, 2, vec![enqueue(2, &[7], 0)]);
        for _ in 0..5 {
            store.step();
        }
        let through = Sequence(2);
        assert_eq!(events(&mut store).last(), Some(&Event::Durable { through }));
    }
    assert!(later > 15, "{later} of 20 were not synced at once");
}

#[test]
fn what_nobody_waits_for_is_synced_in_the_end() {
    let plan = FaultPlan {
        sync_steps_max: 100,
        ..FaultPlan::calm(1)
    };
    let mut store = open(plan);
    let patient = store_model::Batch {
        sequence: Sequence(1),
        operations: vec![enqueue(1, &[7], 0)],
        urgent: false,
    };
    store.submit(ShardId(0), patient).expect("there is room");
    let mut steps = 0;
    while store.step() {
        steps += 1;
    }
    assert!(steps < 120, "{steps} steps");
    let through = Sequence(1);
    assert_eq!(events(&mut store), [Event::Durable { through }]);
}

#[test]
fn a_killed_process_leaves_all_that_was_written_and_nothing_that_was_not() {
    let plan = FaultPlan {
        sync_fails: 1000,
        ..FaultPlan::calm(1)
    };
    let mut store = open(plan);
    for number in 1..10 {
        submit(&mut store, number, vec![enqueue(number, &[7], 0)]);
        while store.written(ShardId(0)) < Sequence(1) {
            assert!(store.step(), "the first is to be written");
        }
    }
    let written = store.written(ShardId(0)).0;
    assert!((1..9).contains(&written), "the urgent sync holds the rest");
    let image = store.kill().recovered();
    let entries = image.prefixed(Family::Queue, &[]).count();
    assert_eq!(entries as u64, written);
}

#[test]
fn a_question_that_cannot_be_answered_may_be_asked_again() {
    let unreadable = FaultPlan {
        unreadable: 1000,
        ..FaultPlan::calm(1)
    };
    let mut store = open(unreadable);
    submit(&mut store, 1, vec![enqueue(1, &[7], 0)]);
    let read = Read::Measure { session: Number(7) };
    assert_eq!(ask(&mut store, read.clone()), Answer::Unreadable);
    store.change_plan(FaultPlan::calm(1));
    let answer = ask(&mut store, read);
    assert!(matches!(answer, Answer::Measured { entries: 1, .. }));
}
