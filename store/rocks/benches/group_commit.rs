//! What the disk allows and what the store makes of it: groups of messages, each synced.
//!
//! One shard keeps so many messages on their way through its `Port`: while one group is synced, the
//! next collects. The bound is a loop that puts groups of the same bytes, as large as the store's came
//! to be on average, into a database of one family, and syncs its log with every group. The two take
//! turns on the same disk.
//!
//! `cargo bench -p store-rocks --bench group_commit -- [FOLDER [SECONDS]]`
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement"
)]

use std::collections::VecDeque;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rocksdb::{DB, WriteBatch, WriteOptions};
use store_model::{
    Batch, Enqueue, Event, Family, Holders, Number, Operation, Queued, Sequence, Sink, WallClock,
    Writer,
};
use store_rocks::{Database, Options, Settings, Store, Wake};
use wire_message::{
    Expiry, Instant as CoreInstant, Message, MessageRef, PublisherId, Qos, Seed, TopicRef,
};

type Failure = Box<dyn Error + Send + Sync>;

/// Messages on their way at any time, at most.
const WINDOWS: [u64; 5] = [1, 16, 128, 512, 2048];

/// Bytes of payload.
const PAYLOADS: [usize; 2] = [100, 1000];

/// Batches that make a window: a shard hands over what one turn of its loop gave.
const BATCHES: u64 = 8;

/// Turns of each way, of which the results are added up.
const ROUNDS: u32 = 3;

/// What one way did.
struct Measured {
    messages: u64,
    syncs: u64,
    took: Duration,
    latency_us: Histogram<u64>,
}

impl Measured {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            messages: 0,
            syncs: 0,
            took: Duration::ZERO,
            latency_us: Histogram::new(3)?,
        })
    }

    fn per_second(&self) -> u64 {
        let micros = self.took.as_micros().max(1);
        let rate = u128::from(self.messages) * 1_000_000 / micros;
        u64::try_from(rate).unwrap_or(u64::MAX)
    }

    fn add(&mut self, other: &Self) -> Result<(), Failure> {
        self.messages += other.messages;
        self.syncs += other.syncs;
        self.took += other.took;
        Ok(self.latency_us.add(&other.latency_us)?)
    }

    /// Messages in a sync, on average.
    fn group(&self) -> u64 {
        let syncs = self.syncs.max(1);
        ((self.messages + syncs / 2) / syncs).max(1)
    }

    /// Messages a second, and how long one waits.
    fn row(&self) -> String {
        let at = |quantile| self.latency_us.value_at_quantile(quantile);
        let rate = self.per_second();
        format!("{rate} | {} / {}", at(0.5), at(0.99))
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).filter(|one| one != "--bench");
    let parent = arguments
        .next()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let seconds: f64 = arguments.next().map_or(Ok(2.0), |text| text.parse())?;
    let turn = Duration::try_from_secs_f64(seconds)?;
    let folder = tempfile::tempdir_in(parent)?;
    println!(
        "| payload | window | group | store/s | durable p50 / p99 us | bound/s | sync p50 / p99 us \
         | store/bound | p99/p99 |"
    );
    for payload in PAYLOADS {
        for window in WINDOWS {
            let (mut raw, mut store) = (Measured::new()?, Measured::new()?);
            for round in 0..ROUNDS {
                let path = |kind| {
                    folder
                        .path()
                        .join(format!("{kind}-{payload}-{window}-{round}"))
                };
                let of = ported(&path("store"), payload, window, turn)?;
                raw.add(&bound(&path("raw"), payload, of.group(), turn)?)?;
                store.add(&of)?;
            }
            let percent = store.per_second() * 100 / raw.per_second().max(1);
            let p99 = |of: &Measured| of.latency_us.value_at_quantile(0.99).max(1);
            let tenths = p99(&store) * 10 / p99(&raw);
            println!(
                "| {payload} | {window} | {} | {} | {} | {percent} % | {}.{} |",
                store.group(),
                store.row(),
                raw.row(),
                tenths / 10,
                tenths % 10
            );
        }
    }
    Ok(())
}

/// Puts and syncs, group after group, as the database itself can.
fn bound(path: &Path, payload: usize, group: u64, turn: Duration) -> Result<Measured, Failure> {
    let rocks = DB::open_default(path)?;
    let value = vec![7; value_bytes(payload)];
    let mut options = WriteOptions::default();
    options.set_sync(true);
    let mut measured = Measured::new()?;
    let begun = Instant::now();
    while begun.elapsed() < turn {
        let mut batch = WriteBatch::default();
        for number in measured.messages..measured.messages + group {
            let mut key = [0; 17];
            key[9..].copy_from_slice(&number.to_be_bytes());
            batch.put(key, &value);
        }
        let written = Instant::now();
        rocks.write_opt(batch, &options)?;
        measured.latency_us.record(micros(written.elapsed()))?;
        measured.messages += group;
        measured.syncs += 1;
    }
    measured.took = begun.elapsed();
    Ok(measured)
}

/// Bytes of the record of an entry with a message of so many bytes.
fn value_bytes(payload: usize) -> usize {
    #[derive(Default)]
    struct Measure(usize);
    impl Sink for Measure {
        fn add(&mut self, _: Family, _: &[u8], _: Holders) {}
        fn delete(&mut self, _: Family, _: &[u8]) {}
        fn put(&mut self, _: Family, _: &[u8], value: &[u8]) {
            self.0 = value.len();
        }
    }
    let mut writer = Writer::new(WallClock::default(), Number(1), 0);
    let mut measure = Measure::default();
    writer.apply(&enqueue(1, &message(payload)), &mut measure);
    measure.0
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(&self) {
        self.0.unpark();
    }
}

/// The same messages through the store, as many as `window` on their way at any time.
fn ported(path: &Path, payload: usize, window: u64, turn: Duration) -> Result<Measured, Failure> {
    let (database, opened) = Database::open(path, Options::default(), Seed(1))?;
    let wake: Arc<dyn Wake> = Arc::new(Unpark(thread::current()));
    let (settings, clock) = (Settings::default(), WallClock::default());
    let started = Store::start(database, opened, settings, clock, vec![wake])?;
    let (store, mut ports) = started;
    let port = ports.first_mut().ok_or("one port was asked for")?;
    let message = message(payload);
    let size = (window / BATCHES).max(1);
    let (mut next, mut sequence) = (opened.first.0, 0);
    let mut open: VecDeque<(u64, Instant)> = VecDeque::new();
    let mut measured = Measured::new()?;
    let syncs_before = store.stats().syncs;
    let begun = Instant::now();
    loop {
        while let Some(event) = port.poll() {
            match event {
                Event::Durable {
                    through: Sequence(through),
                } => {
                    while let Some((_, sent)) = open.pop_front_if(|(one, _)| *one <= through) {
                        measured.latency_us.record(micros(sent.elapsed()))?;
                        measured.messages += size;
                    }
                }
                Event::State(state) => return Err(format!("the store is {state:?}").into()),
                Event::Answer(..) => {}
            }
        }
        let is_over = begun.elapsed() >= turn;
        if is_over && open.is_empty() {
            break;
        }
        if is_over || open.len() as u64 * size >= window {
            thread::park_timeout(Duration::from_secs(1));
            continue;
        }
        sequence += 1;
        let operations = (next..next + size).map(|number| enqueue(number, &message));
        let batch = Batch {
            sequence: Sequence(sequence),
            operations: operations.collect(),
            urgent: true,
        };
        next += size;
        open.push_back((sequence, Instant::now()));
        port.submit(batch)
            .map_err(|_| "the ring is longer than that")?;
    }
    measured.took = begun.elapsed();
    measured.syncs = store.stats().syncs - syncs_before;
    Ok(measured)
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

fn message(payload: usize) -> Arc<Message> {
    let message = MessageRef {
        topic: TopicRef::new("sites/7/meters/1234/value").expect("valid"),
        payload: &vec![7; payload],
        properties: &[],
        qos: Qos::AtLeastOnce,
        retain: false,
        expiry: Expiry::NEVER,
        received_at: CoreInstant::ZERO,
        publisher: PublisherId(1),
    };
    Arc::new(message.to_message())
}

fn enqueue(number: u64, message: &Arc<Message>) -> Operation {
    let queued = Queued {
        session: Number(1),
        priority: 0,
        qos: Qos::AtLeastOnce,
        retain: false,
        packet_id: None,
        group: None,
        subscription_ids: Vec::new(),
    };
    Operation::Enqueue(Box::new(Enqueue {
        number: Number(number),
        message: Arc::clone(message),
        entries: vec![queued],
        receipt: None,
    }))
}
