//! How long a start takes with many dormant sessions, beside a plain scan of the same records.
//!
//! `cargo bench -p shard-runtime --bench start -- [SESSIONS [FOLDER]]`: a store of a million sessions with
//! one subscription each unless told otherwise, in a folder of its own that is removed, or in FOLDER,
//! which is kept and may be a broker's `store`.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads the clock and its arguments, prints, and fails by panicking"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use shard_runtime::{Shards, ShardsSettings, StoreSettings, available_cores};
use shard_uring::{DriverSettings, ListenerSettings};
use store_model::limits::BATCH_OPERATIONS_MAX;
use store_model::{
    Batch, Event, Family, Number, Numbers, Operation, PutSession, PutSubscription, Sequence,
    StoreState, Subscription, UnixMillis, WallClock,
};
use store_rocks::{Database, Options, Port, Settings, Store, Wake};
use wire_message::{ClientId, Qos, Seed, ShardId};

const SESSIONS: u64 = 1_000_000;

/// Long enough ago for anybody, and expired for nobody.
const DETACHED_AT: UnixMillis = UnixMillis(1_700_000_000_000);

/// Wakes the thread that made it.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(&self) {
        self.0.unpark();
    }
}

fn main() {
    // Cargo adds one of its own.
    let mut arguments = std::env::args().skip(1).filter(|text| text != "--bench");
    let sessions = arguments
        .next()
        .map_or(SESSIONS, |text| text.parse().unwrap());
    let kept = arguments.next().map(PathBuf::from);
    let folder = tempfile::tempdir().unwrap();
    let folder = kept.unwrap_or_else(|| folder.path().join("store"));
    let made = time("make the store", || make(&folder, sessions));
    println!("{:>10.0} sessions/s", per_second(sessions, made));
    let scan = time("scan it", || assert_eq!(scan(&folder), 2 * sessions));
    let mut shards = None;
    let started = time("start the shards on it", || shards = Some(start(&folder)));
    let shards = shards.unwrap();
    shards.stop_signal().stop();
    shards.join().unwrap();
    println!(
        "{sessions} sessions: {:.2} times a plain scan, {:.0} sessions/s",
        started.as_secs_f64() / scan.as_secs_f64(),
        per_second(sessions, started)
    );
}

/// Time that `work` takes, on the wall and of processors.
fn time(what: &str, work: impl FnOnce()) -> Duration {
    let (start, cpu_start) = (Instant::now(), cpu());
    work();
    let (took, used) = (start.elapsed(), cpu().saturating_sub(cpu_start));
    let (took_s, used_s) = (took.as_secs_f64(), used.as_secs_f64());
    println!("{took_s:>10.2} s to {what}, {used_s:.2} s of processors");
    took
}

/// What this process has used of all processors.
fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .unwrap()
        .into()
}

#[expect(clippy::cast_precision_loss, reason = "it is printed with few digits")]
fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// Writes the sessions as shards do.
fn make(folder: &Path, sessions: u64) {
    let (database, opened) = Database::open(folder, Options::default(), Seed(1)).unwrap();
    let clock = WallClock::new(DETACHED_AT);
    let wake: Arc<dyn Wake> = Arc::new(Unpark(thread::current()));
    let (store, mut ports) =
        Store::start(database, opened, Settings::default(), clock, vec![wake]).unwrap();
    let port = &mut ports[0];
    let mut numbers = Numbers::new(opened.first, ShardId(0));
    let mut sequence = 0;
    for first in (0..sessions).step_by(BATCH_OPERATIONS_MAX / 2) {
        let last = sessions.min(first + BATCH_OPERATIONS_MAX as u64 / 2);
        let operations = (first..last).flat_map(|index| session(index, numbers.take()));
        sequence += 1;
        let batch = Batch {
            sequence: Sequence(sequence),
            urgent: false,
            operations: operations.collect(),
        };
        submit(port, batch);
    }
    assert_eq!(store.close(), StoreState::Healthy);
}

fn submit(port: &mut Port, mut batch: Batch) {
    while let Err(refused) = port.submit(batch) {
        batch = refused;
        while let Some(Event::Durable { .. } | Event::Answer(..) | Event::State(_)) = port.poll() {}
        thread::park_timeout(Duration::from_millis(10));
    }
}

/// A session without a connection that wants its own commands.
fn session(index: u64, number: Number) -> [Operation; 2] {
    let client = ClientId::new(&format!("device-{index:08}"));
    let filter = format!("devices/{index:08}/commands/#");
    let session = PutSession {
        session: number,
        client,
        username: None,
        mount: "".into(),
        expiry_s: u32::MAX,
        detached_at: Some(DETACHED_AT),
    };
    let subscription = PutSubscription {
        session: number,
        filter: filter.into(),
        subscription: Subscription {
            qos: Qos::AtLeastOnce,
            no_local: false,
            retain_as_published: false,
            retain_handling: 0,
            exclusive: false,
            identifier: None,
        },
    };
    [
        Operation::PutSession(Box::new(session)),
        Operation::PutSubscription(Box::new(subscription)),
    ]
}

/// Records of sessions, each looked at as the database gives it.
fn scan(folder: &Path) -> u64 {
    let (database, _) = Database::open(folder, Options::default(), Seed(1)).unwrap();
    let mut records = 0;
    let walked = database.walk(Family::Sessions, &mut |_, _| {
        records += 1;
        ControlFlow::Continue(())
    });
    walked.unwrap();
    records
}

/// Starts as many shards as a broker has by default here; they listen when this returns.
fn start(folder: &Path) -> Shards {
    let cores = available_cores();
    let settings = ShardsSettings {
        cores: cores[usize::from(cores.len() > 1)..].to_vec(),
        engine: Arc::default(),
        listeners: vec![ListenerSettings::new(SocketAddr::from((
            Ipv4Addr::LOCALHOST,
            0,
        )))],
        driver: DriverSettings::default(),
        grace: Duration::from_secs(10),
        store: Some(StoreSettings {
            folder: folder.to_owned(),
            sync_interval: Duration::from_secs(1),
            reserve_bytes: 0,
            readers: NonZeroUsize::MIN,
        }),
    };
    Shards::start(&settings).unwrap()
}
