//! Many batches, one write, one sync.

use std::num::NonZeroUsize;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use store_model::limits::{QUESTIONS_MAX, REQUESTS_MAX};
use store_model::{Event, RequestId, Sequence};
use store_rocks::{Database, Disk, DiskError, Group, Port, Settings, Store, WriteSync};

use crate::rig::{
    CLOCK, batch, enqueue, open, patient, queue, start, until, wait, wait_durable, wakers,
};

/// Stops twice at a barrier before its first write.
struct Slow {
    disk: Arc<Database>,
    barrier: Option<Arc<Barrier>>,
}

impl Disk for Slow {
    fn write(&mut self, group: &Group<'_>, sync: WriteSync) -> Result<(), DiskError> {
        if let Some(barrier) = self.barrier.take() {
            barrier.wait();
            barrier.wait();
        }
        self.disk.write(group, sync)
    }

    fn sync(&mut self) -> Result<(), DiskError> {
        self.disk.sync()
    }
}

#[test]
fn what_comes_while_the_disk_is_busy_is_one_group_for_all_shards() {
    let folder = tempfile::tempdir().expect("there is room");
    let (database, opened) = open(folder.path());
    let barrier = Arc::new(Barrier::new(2));
    let disk = |disk| Slow {
        disk,
        barrier: Some(Arc::clone(&barrier)),
    };
    let settings = Settings::default();
    let started = Store::start_on(disk, database, opened, settings, CLOCK, wakers(2));
    let (store, mut ports) = started.expect("threads can be started");
    ports[0]
        .submit(batch(1, vec![enqueue(1, &[7], 0)]))
        .expect("the ring has room");
    barrier.wait();
    for sequence in 2..REQUESTS_MAX as u64 + 2 {
        let more = batch(sequence, vec![enqueue(2 * sequence, &[7], 0)]);
        ports[0].submit(more).expect("the ring has room");
    }
    for sequence in 1..=10 {
        let more = batch(sequence, vec![enqueue(2 * sequence + 1, &[8], 0)]);
        ports[1].submit(more).expect("the ring has room");
    }
    let last = REQUESTS_MAX as u64 + 2;
    let back = ports[0].submit(batch(last, Vec::new()));
    let back = back.expect_err("the ring is full");
    barrier.wait();
    wait_durable(&mut ports[1], 10);
    wait_durable(&mut ports[0], last - 1);
    ports[0].submit(back).expect("the ring has room again");
    wait_durable(&mut ports[0], last);
    let stats = store.stats();
    assert_eq!(stats.batches, last + 10);
    // The first, all that came meanwhile, the one of nothing.
    assert_eq!((stats.groups, stats.syncs), (3, 2));
    assert_eq!(stats.group_latency_us.len(), 3);
}

#[test]
fn questions_are_bounded_and_every_one_is_answered() {
    let folder = tempfile::tempdir().expect("there is room");
    let (database, opened) = open(folder.path());
    let barrier = Arc::new(Barrier::new(2));
    let disk = |disk| Slow {
        disk,
        barrier: Some(Arc::clone(&barrier)),
    };
    let settings = Settings::default();
    let started = Store::start_on(disk, database, opened, settings, CLOCK, wakers(1));
    let (_store, mut ports) = started.expect("threads can be started");
    let port = &mut ports[0];
    port.submit(batch(1, vec![enqueue(1, &[7], 0)]))
        .expect("the ring has room");
    barrier.wait();
    let most = u32::try_from(QUESTIONS_MAX).expect("a small bound");
    for request in 0..most {
        port.ask(RequestId(request), queue(7))
            .expect("the ring has room");
    }
    assert_eq!(port.ask(RequestId(most), queue(7)), Err(queue(7)));
    barrier.wait();
    let mut next = 0;
    wait(port, |event| match event {
        Event::Answer(request, _) => {
            assert_eq!(request, RequestId(next));
            next += 1;
            (next == most).then_some(())
        }
        Event::Durable { through } => {
            assert_eq!(through, Sequence(1));
            None
        }
        Event::State(_) => None,
    });
    port.ask(RequestId(most), queue(7))
        .expect("all were answered");
}

/// A store that syncs nothing of its own accord while a test runs.
const LATE: Settings = Settings {
    sync_interval: Duration::MAX,
    readers: NonZeroUsize::MIN,
    young_bodies_max: 0,
};

/// Waits until all that was submitted is written; none of it becomes durable meanwhile.
fn wait_written(port: &mut Port) {
    port.ask(RequestId(1), queue(7)).expect("the ring has room");
    wait(port, |event| match event {
        Event::Answer(..) => Some(()),
        Event::Durable { through } => unreachable!("{through:?} is not synced"),
        Event::State(_) => None,
    });
}

#[test]
fn what_nobody_waits_for_is_synced_with_the_next_batch_that_somebody_waits_for() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 2, LATE);
    for sequence in 1..=3 {
        let next = patient(sequence, vec![enqueue(sequence, &[7], 0)]);
        ports[0].submit(next).expect("the ring has room");
        wait_written(&mut ports[0]);
    }
    // The last answer may come before its group is counted.
    until("three groups are counted", || store.stats().groups == 3);
    assert_eq!(store.stats().syncs, 0);
    // Another shard's batch takes it along.
    ports[1]
        .submit(batch(1, vec![enqueue(9, &[8], 0)]))
        .expect("the ring has room");
    wait_durable(&mut ports[1], 1);
    wait_durable(&mut ports[0], 3);
    assert_eq!(store.stats().syncs, 1);
}

#[test]
fn a_batch_of_nothing_that_somebody_waits_for_syncs_what_is_before_it() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 1, LATE);
    // Everything is synced: nobody has to wait.
    ports[0]
        .submit(patient(1, Vec::new()))
        .expect("the ring has room");
    wait_durable(&mut ports[0], 1);
    assert_eq!(store.stats().syncs, 0);
    let next = patient(2, vec![enqueue(2, &[7], 0)]);
    ports[0].submit(next).expect("the ring has room");
    wait_written(&mut ports[0]);
    ports[0]
        .submit(patient(3, Vec::new()))
        .expect("the ring has room");
    wait_written(&mut ports[0]);
    ports[0]
        .submit(batch(4, Vec::new()))
        .expect("the ring has room");
    wait_durable(&mut ports[0], 4);
    assert_eq!(store.stats().syncs, 1);
}
