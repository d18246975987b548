//! A store in a folder of its own, and how a test waits for it.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use store_memory::Image;
use store_model::{
    Answer, Batch, Enqueue, Event, Family, Number, Operation, PutSession, Queued, Read, RequestId,
    Sequence, Sink, UnixMillis, WallClock,
};
use store_rocks::{Database, Opened, Options, Port, Settings, Store, Wake};
use wire_message::{ClientId, Qos, Seed};

use crate::script::message;

/// Nothing here takes as long, however slow the machine is.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) const OPTIONS: Options = Options {
    cache_bytes: 8 << 20,
    reserve_bytes: 0,
};

pub(crate) const CLOCK: WallClock = WallClock::new(UnixMillis(1_000));

/// Wakes the thread that made it.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(&self) {
        self.0.unpark();
    }
}

pub(crate) fn wakers(shards: usize) -> Vec<Arc<dyn Wake>> {
    let waker = |_| -> Arc<dyn Wake> { Arc::new(Unpark(thread::current())) };
    (0..shards).map(waker).collect()
}

pub(crate) fn open(folder: &Path) -> (Database, Opened) {
    Database::open(folder, OPTIONS, Seed(5)).expect("the folder is sound")
}

pub(crate) fn start(folder: &Path, shards: usize, settings: Settings) -> (Store, Vec<Port>) {
    let (database, opened) = open(folder);
    let started = Store::start(database, opened, settings, CLOCK, wakers(shards));
    started.expect("threads can be started")
}

/// Starts a store whose database can be looked into while it runs.
pub(crate) fn start_shared(
    (database, opened): (Database, Opened),
    shards: usize,
    settings: Settings,
) -> (Store, Vec<Port>, Arc<Database>) {
    let mut seen = None;
    let look = |database: Arc<Database>| {
        seen = Some(Arc::clone(&database));
        database
    };
    let started = Store::start_on(look, database, opened, settings, CLOCK, wakers(shards));
    let (store, ports) = started.expect("threads can be started");
    (store, ports, seen.expect("the store asks for its disk"))
}

/// Waits until something holds that nobody tells of.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "never: {what}");
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// Polls until `seen` finds what it looks for.
pub(crate) fn wait<T>(port: &mut Port, mut seen: impl FnMut(Event) -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        while let Some(event) = port.poll() {
            if let Some(found) = seen(event) {
                return found;
            }
        }
        let left = until.saturating_duration_since(Instant::now());
        assert!(!left.is_zero(), "it takes too long");
        thread::park_timeout(left);
    }
}

/// Waits until batches through `sequence` are durable.
pub(crate) fn wait_durable(port: &mut Port, sequence: u64) {
    wait(port, |event| match event {
        Event::Durable { through } => (through >= Sequence(sequence)).then_some(()),
        Event::Answer(..) | Event::State(_) => None,
    });
}

/// A batch that somebody waits for.
pub(crate) fn batch(sequence: u64, operations: Vec<Operation>) -> Batch {
    let sequence = Sequence(sequence);
    Batch {
        sequence,
        operations,
        urgent: true,
    }
}

/// A batch that nobody waits for.
pub(crate) fn patient(sequence: u64, operations: Vec<Operation>) -> Batch {
    Batch {
        urgent: false,
        ..batch(sequence, operations)
    }
}

/// Writes one batch and waits until it is durable.
pub(crate) fn write(port: &mut Port, sequence: u64, operations: Vec<Operation>) {
    let taken = port.submit(batch(sequence, operations));
    taken.expect("the ring has room");
    wait_durable(port, sequence);
}

pub(crate) fn ask(port: &mut Port, read: Read) -> Answer {
    let asked = port.ask(RequestId(1), read);
    asked.expect("the ring has room");
    wait(port, |event| match event {
        Event::Answer(RequestId(1), answer) => Some(answer),
        Event::Answer(..) | Event::Durable { .. } | Event::State(_) => None,
    })
}

pub(crate) fn enqueue(number: u64, sessions: &[u64], priority: u8) -> Operation {
    let queued = |session: &u64| Queued {
        session: Number(*session),
        priority,
        qos: Qos::AtLeastOnce,
        retain: false,
        packet_id: None,
        group: None,
        subscription_ids: Vec::new(),
    };
    Operation::Enqueue(Box::new(Enqueue {
        number: Number(number),
        message: message("a", &number.to_be_bytes()),
        entries: sessions.iter().map(queued).collect(),
        receipt: None,
    }))
}

pub(crate) fn put_session(session: u64) -> Operation {
    Operation::PutSession(Box::new(PutSession {
        session: Number(session),
        client: ClientId::new(&format!("c{session}")),
        username: None,
        mount: "".into(),
        expiry_s: 60,
        detached_at: None,
    }))
}

pub(crate) fn queue(session: u64) -> Read {
    Read::Queue {
        session: Number(session),
        after: None,
    }
}

/// Numbers of the entries in an answer, and how many were lost to damage.
pub(crate) fn numbers(answer: Answer) -> (Vec<u64>, u64) {
    let Answer::Queue(chunk) = answer else {
        unreachable!("a queue was asked for, not {answer:?}");
    };
    let numbers = chunk.entries.iter().map(|entry| entry.number.0);
    (numbers.collect(), chunk.damaged)
}

/// Every record, as the simulator's store holds them.
pub(crate) fn image(database: &Database) -> Image {
    let mut image = Image::default();
    for family in Family::ALL {
        let walked = database.walk(family, &mut |key, value| {
            image.put(family, key, value);
            ControlFlow::Continue(())
        });
        walked.expect("the disk can be read");
    }
    image
}

/// Every record of a store that nobody has open.
pub(crate) fn stored(folder: &Path) -> Image {
    image(&open(folder).0)
}
