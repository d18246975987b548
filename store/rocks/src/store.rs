//! The running store: its threads, and how they start and end.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rtrb::RingBuffer;
use store_model::limits::{QUESTIONS_MAX, REQUESTS_MAX, YOUNG_BODIES_MAX};
use store_model::{Number, StoreState, WallClock};

use crate::limits::EVENTS_MAX;
use crate::port::{Ends, Port, Wake};
use crate::readers::{Asker, Reader};
use crate::side::Side;
use crate::writer::Writer;
use crate::{CheckpointError, Database, Disk, Opened, ReadError, Space, Stats};

/// How a store runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// From the first write that is not synced to the sync, at most. A group with an urgent batch
    /// is synced at once, and with it all before it.
    ///
    /// Shards are told that something is durable when it is; those who do not wait for that may
    /// lose as much in a crash of the machine, and in one of the process alone nothing that was
    /// written.
    pub sync_interval: Duration,
    /// Threads that answer questions.
    pub readers: NonZeroUsize,
    /// Bodies whose holders are known in memory, see
    /// [`store_model::limits::YOUNG_BODIES_MAX`].
    pub young_bodies_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            sync_interval: Duration::from_secs(1),
            readers: NonZeroUsize::MIN,
            young_bodies_max: YOUNG_BODIES_MAX,
        }
    }
}

/// A store with its threads. Ends when it is dropped, see [`Self::close`].
#[derive(Debug)]
pub struct Store {
    database: Arc<Database>,
    stop: Arc<AtomicBool>,
    stats: Arc<Mutex<Stats>>,
    writer: Option<JoinHandle<()>>,
    readers: Vec<JoinHandle<()>>,
}

impl Store {
    /// Starts the threads, with a port for each of `shards`. `opened` is what opening the database
    /// gave, and `clock` that of the process.
    ///
    /// # Errors
    ///
    /// If a thread can't be started; those that were have ended.
    pub fn start(
        database: Database,
        opened: Opened,
        settings: Settings,
        clock: WallClock,
        shards: Vec<Arc<dyn Wake>>,
    ) -> io::Result<(Self, Vec<Port>)> {
        let disk = |database| database;
        Self::start_on(disk, database, opened, settings, clock, shards)
    }

    /// Like [`Self::start`], with something between the store and its database, which `disk` makes.
    ///
    /// # Errors
    ///
    /// Like [`Self::start`].
    pub fn start_on<D: Disk>(
        disk: impl FnOnce(Arc<Database>) -> D,
        database: Database,
        opened: Opened,
        settings: Settings,
        clock: WallClock,
        shards: Vec<Arc<dyn Wake>>,
    ) -> io::Result<(Self, Vec<Port>)> {
        let database = Arc::new(database);
        let stats = Arc::new(Mutex::new(Stats::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let count = settings.readers.get().min(shards.len().max(1));
        let mut askers: Vec<Vec<Asker>> = (0..count).map(|_| Vec::new()).collect();
        let (mut sides, mut near) = (Vec::new(), Vec::new());
        for (index, wake) in shards.into_iter().enumerate() {
            let (requests, taken) = RingBuffer::new(REQUESTS_MAX);
            let (told, events) = RingBuffer::new(EVENTS_MAX);
            let (given, answers) = RingBuffer::new(QUESTIONS_MAX);
            askers[index % count].push(Asker {
                answers: given,
                wake: Arc::clone(&wake),
            });
            sides.push(Side::new(Ends {
                requests: taken,
                events: told,
                wake,
            }));
            near.push((requests, events, answers));
        }
        let reader = |askers| {
            let (database, stats) = (Arc::clone(&database), Arc::clone(&stats));
            Reader::new(database, clock, stats, askers)
        };
        let (readers, ends): (Vec<_>, _) = askers.into_iter().map(reader).unzip();
        let records = records(clock, opened.first, settings);
        let writer = Writer::new(
            Arc::clone(&database),
            disk(Arc::clone(&database)),
            records,
            settings.sync_interval,
            (sides, ends),
            (Arc::clone(&stop), Arc::clone(&stats)),
        );
        let name = Builder::new().name("store".into());
        let writer = name.spawn(move || writer.run())?;
        let thread = writer.thread().clone();
        let mut store = Self {
            database,
            stop,
            stats,
            writer: Some(writer),
            readers: Vec::new(),
        };
        for reader in readers {
            let (name, writer) = (Builder::new().name("store-read".into()), thread.clone());
            store.readers.push(name.spawn(move || reader.run(&writer))?);
        }
        let ports = near.into_iter().map(|(requests, events, answers)| {
            Port::new(requests, events, answers, thread.clone())
        });
        Ok((store, ports.collect()))
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
        stats.clone()
    }

    /// Makes a copy of everything written so far in the new folder `to`, while the store runs; see
    /// [`Database::checkpoint`]. For the thread that controls, not for shards: it takes its time.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`].
    pub fn checkpoint(&self, to: &Path) -> Result<(), CheckpointError> {
        self.database.checkpoint(to)
    }

    /// What the store takes and has left now, see [`Database::space`].
    ///
    /// # Errors
    ///
    /// [`ReadError`].
    pub fn space(&self) -> Result<Space, ReadError> {
        self.database.space()
    }

    /// Writes and syncs everything that was submitted, ends the threads and closes the database.
    /// The state at the end: in [`StoreState::Healthy`] everything is on the disk, else what was
    /// not called durable may be lost. Does not wait for room.
    #[must_use]
    pub fn close(mut self) -> StoreState {
        self.end();
        self.stats().state
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(writer) = self.writer.take() {
            writer.thread().unpark();
            // A thread that panicked has said so.
            _ = writer.join();
        }
        for reader in self.readers.drain(..) {
            _ = reader.join();
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.end();
    }
}

fn records(clock: WallClock, first: Number, settings: Settings) -> store_model::Writer {
    store_model::Writer::new(clock, first, settings.young_bodies_max)
}
