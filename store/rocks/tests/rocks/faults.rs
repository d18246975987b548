//! States of failure, with a disk that fails when it is told to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use store_model::{EntryPlace, Event, Family, Holders, Number, Operation, StoreState, Stored};
use store_rocks::{Database, Disk, DiskError, Group, Options, Port, Settings, Store, WriteSync};
use wire_message::Seed;

use crate::rig::{
    CLOCK, OPTIONS, ask, batch, enqueue, numbers, open, patient, queue, start, stored, until, wait,
    wait_durable, wakers, write,
};

/// What the next calls give instead of doing anything.
#[derive(Debug, Default)]
struct Plan {
    write: Mutex<Option<DiskError>>,
    sync: Mutex<Option<DiskError>>,
    refused: AtomicUsize,
    syncs: AtomicUsize,
}

impl Plan {
    fn set(place: &Mutex<Option<DiskError>>, error: impl Into<Option<DiskError>>) {
        *place.lock().expect("nobody panics with it") = error.into();
    }
}

struct Flaky {
    disk: Arc<Database>,
    plan: Arc<Plan>,
}

impl Flaky {
    fn refuse(&self, place: &Mutex<Option<DiskError>>) -> Result<(), DiskError> {
        let error = place.lock().expect("nobody panics with it").clone();
        error.map_or(Ok(()), |error| {
            self.plan.refused.fetch_add(1, Ordering::SeqCst);
            Err(error)
        })
    }
}

impl Disk for Flaky {
    fn write(&mut self, group: &Group<'_>, sync: WriteSync) -> Result<(), DiskError> {
        self.refuse(&self.plan.write)?;
        self.disk.write(group, sync)
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        self.refuse(&self.plan.sync)?;
        self.plan.syncs.fetch_add(1, Ordering::SeqCst);
        self.disk.sync()
    }
}

fn flaky(folder: &std::path::Path, settings: Settings) -> (Store, Port, Arc<Plan>) {
    let (database, opened) = open(folder);
    let plan = Arc::new(Plan::default());
    let disk = |disk| Flaky {
        disk,
        plan: Arc::clone(&plan),
    };
    let started = Store::start_on(disk, database, opened, settings, CLOCK, wakers(1));
    let (store, mut ports) = started.expect("threads can be started");
    (store, ports.pop().expect("one was asked for"), plan)
}

fn full() -> DiskError {
    DiskError::Full("a test".into())
}

fn failed() -> DiskError {
    DiskError::Failed("a test".into())
}

/// Polls until the store is in `wanted`; nothing may become durable before.
fn wait_state(port: &mut Port, wanted: StoreState) {
    wait(port, |event| match event {
        Event::State(state) => (state == wanted).then_some(()),
        Event::Durable { through } => unreachable!("{through:?} is not durable"),
        Event::Answer(..) => None,
    });
}

const SOON: Settings = Settings {
    sync_interval: Duration::from_millis(20),
    readers: std::num::NonZeroUsize::MIN,
    young_bodies_max: 0,
};

#[test]
fn a_group_that_waited_for_room_is_written_once_and_in_order() {
    let folder = tempfile::tempdir().expect("there is room");
    let settings = Settings {
        young_bodies_max: 0,
        ..Settings::default()
    };
    let (store, mut port, plan) = flaky(folder.path(), settings);
    write(&mut port, 1, vec![enqueue(1, &[7, 8, 9], 0)]);
    Plan::set(&plan.write, full());
    let place = EntryPlace {
        session: Number(7),
        priority: 0,
        number: Number(1),
        is_shared: true,
    };
    let removal = batch(2, vec![Operation::Remove(place), enqueue(2, &[8], 0)]);
    port.submit(removal).expect("the ring has room");
    wait_state(&mut port, StoreState::Full);
    until("it is tried again", || {
        plan.refused.load(Ordering::SeqCst) > 3
    });
    port.submit(batch(3, vec![enqueue(3, &[8], 0)]))
        .expect("the ring has room");
    assert!(
        port.poll().is_none(),
        "nothing becomes durable without room"
    );
    Plan::set(&plan.write, None);
    wait_state(&mut port, StoreState::Healthy);
    wait_durable(&mut port, 3);
    assert_eq!(numbers(ask(&mut port, queue(8))).0, [1, 2, 3]);
    assert!(store.stats().full > 3);
    assert_eq!(store.close(), StoreState::Healthy);
    let image = stored(folder.path());
    let key = 1_u64.to_be_bytes();
    let holders = image.value(Family::Holders, &key).expect("two hold it");
    let holders = Stored::decode(Family::Holders, &key, holders);
    assert_eq!(holders, Ok(Stored::Holders(Number(1), Holders(2))));
}

#[test]
fn questions_are_answered_while_there_is_no_room() {
    let folder = tempfile::tempdir().expect("there is room");
    let (database, opened) = open(folder.path());
    let plan = Arc::new(Plan::default());
    let disk = |disk| Flaky {
        disk,
        plan: Arc::clone(&plan),
    };
    let settings = Settings::default();
    let started = Store::start_on(disk, database, opened, settings, CLOCK, wakers(2));
    let (_store, mut ports) = started.expect("threads can be started");
    write(&mut ports[1], 1, vec![enqueue(1, &[7], 0)]);
    Plan::set(&plan.write, full());
    ports[0]
        .submit(batch(1, vec![enqueue(2, &[8], 0)]))
        .expect("the ring has room");
    wait_state(&mut ports[0], StoreState::Full);
    assert_eq!(numbers(ask(&mut ports[1], queue(7))).0, [1]);
}

#[test]
fn a_store_that_ends_without_room_writes_nothing_behind_what_it_could_not() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut port, plan) = flaky(folder.path(), Settings::default());
    write(&mut port, 1, vec![enqueue(1, &[7], 0)]);
    Plan::set(&plan.write, full());
    port.submit(batch(2, vec![enqueue(2, &[7], 0)]))
        .expect("the ring has room");
    wait_state(&mut port, StoreState::Full);
    port.submit(batch(3, vec![enqueue(3, &[7], 0)]))
        .expect("the ring has room");
    assert_eq!(store.close(), StoreState::Full);
    let image = stored(folder.path());
    assert_eq!(image.prefixed(Family::Queue, &[]).count(), 1);
}

#[test]
fn after_a_failed_write_nothing_is_durable_until_the_next_start() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut port, plan) = flaky(folder.path(), Settings::default());
    write(&mut port, 1, vec![enqueue(1, &[7], 0)]);
    Plan::set(&plan.write, failed());
    port.submit(batch(2, vec![enqueue(2, &[7], 0)]))
        .expect("the ring has room");
    wait_state(&mut port, StoreState::Failed);
    // The disk would work again; it does not count.
    Plan::set(&plan.write, None);
    for number in 3..1_000 {
        let mut next = batch(number, vec![enqueue(number, &[7], 0)]);
        while let Err(back) = port.submit(next) {
            next = back;
            std::thread::yield_now();
        }
    }
    assert_eq!(store.close(), StoreState::Failed);
    assert!(port.poll().is_none(), "nothing is called durable");
    let (_store, mut ports) = start(folder.path(), 1, Settings::default());
    assert_eq!(numbers(ask(&mut ports[0], queue(7))).0, [1]);
    write(&mut ports[0], 1, vec![enqueue(5_000, &[7], 0)]);
}

#[test]
fn reads_go_on_after_a_failure() {
    let folder = tempfile::tempdir().expect("there is room");
    let (_store, mut port, plan) = flaky(folder.path(), SOON);
    write(&mut port, 1, vec![enqueue(1, &[7], 0)]);
    Plan::set(&plan.sync, failed());
    port.submit(patient(2, vec![enqueue(2, &[7], 0)]))
        .expect("the ring has room");
    wait_state(&mut port, StoreState::Failed);
    let (found, _) = numbers(ask(&mut port, queue(7)));
    assert_eq!(found, [1, 2]);
}

#[test]
fn durable_is_what_was_synced_if_syncs_come_later() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut port, plan) = flaky(folder.path(), SOON);
    for number in 1..4 {
        let before = plan.syncs.load(Ordering::SeqCst);
        let next = patient(number, vec![enqueue(number, &[7], 0)]);
        port.submit(next).expect("the ring has room");
        wait_durable(&mut port, number);
        assert!(plan.syncs.load(Ordering::SeqCst) > before);
    }
    Plan::set(&plan.sync, failed());
    port.submit(patient(4, vec![enqueue(4, &[7], 0)]))
        .expect("the ring has room");
    wait_state(&mut port, StoreState::Failed);
    assert_eq!(store.close(), StoreState::Failed);
    assert!(port.poll().is_none(), "nothing is called durable");
}

#[test]
fn what_is_in_reserve_is_not_used() {
    let folder = tempfile::tempdir().expect("there is room");
    let options = Options {
        reserve_bytes: u64::MAX,
        ..OPTIONS
    };
    let opened = Database::open(folder.path(), options, Seed(5));
    let (database, opened) = opened.expect("a start needs little");
    let settings = Settings::default();
    let started = Store::start(database, opened, settings, CLOCK, wakers(1));
    let (store, mut ports) = started.expect("threads can be started");
    ports[0]
        .submit(batch(1, vec![enqueue(1, &[7], 0)]))
        .expect("the ring has room");
    wait_state(&mut ports[0], StoreState::Full);
    assert_eq!(store.close(), StoreState::Full);
    let image = stored(folder.path());
    assert_eq!(image.prefixed(Family::Queue, &[]).count(), 0);
}
