//! All shards of a process: starting them together, and waiting for their end.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use shard_engine::{Engine, Place, Settings};
use shard_topics::Epochs;
use shard_uring::{
    DriverSettings, ListenerSettings, OpenFiles, ProbeError, Waker, probe, raise_memory_lock,
    raise_open_files,
};
use store_model::StoreState;
use store_rocks::{Store, Wake};
use wire_message::{Seed, ShardId};

use crate::clock::Clock;
use crate::entropy;
use crate::limits::LOCKED_BYTES_PER_SHARD;
use crate::links::mesh;
use crate::listening::{check_listeners, open_listeners};
use crate::mailbox::{self, Bell, Mailbox};
use crate::shard_thread::{Hello, Seedling, Surroundings, spawn};
use crate::sleep_flag::SleepFlag;
use crate::start_error::StartError;
use crate::stop::{EndError, Ending, StopSignal};
use crate::store::{self, OpenStore, PortEnd, ShardWake, SharedStore, StoreSettings, StoreWatch};

/// What a process's shards are started with.
#[derive(Clone, Debug)]
pub struct ShardsSettings {
    /// The core that each shard runs on, one shard for each; at most 256. See [`available_cores`].
    pub cores: Vec<usize>,
    /// The engines' settings.
    pub engine: Arc<Settings>,
    /// The sockets of the engines' listeners, in the same order. Every shard listens on each.
    pub listeners: Vec<ListenerSettings>,
    /// The rings' settings.
    pub driver: DriverSettings,
    /// Time that clients get to take their leave after [`StopSignal::stop`].
    pub grace: Duration,
    /// Where what must outlast the process is kept; none: nothing does.
    pub store: Option<StoreSettings>,
}

/// Cores that this process may run on, in ascending order; at least one.
#[must_use]
pub fn available_cores() -> Vec<usize> {
    let allowed = sched_getaffinity(Pid::this()).unwrap_or_default();
    let cores = (0..CpuSet::count()).filter(|core| allowed.is_set(*core).unwrap_or(false));
    let cores: Vec<_> = cores.collect();
    if cores.is_empty() { vec![0] } else { cores }
}

/// Running shards.
#[derive(Debug)]
pub struct Shards {
    threads: Vec<JoinHandle<()>>,
    mailboxes: Vec<Mailbox>,
    bell: Bell,
    stop: StopSignal,
    addresses: Vec<SocketAddr>,
    open_files: OpenFiles,
    /// None of the engines stores anything if it is empty.
    store: SharedStore,
}

impl Shards {
    /// Reads the store, starts one thread per core, and returns when all of them listen.
    ///
    /// # Errors
    ///
    /// A [`StartError`] that says in one sentence what is wrong; nothing is left running.
    pub fn start(settings: &ShardsSettings) -> Result<Self, StartError> {
        let count = settings.cores.len();
        if count == 0 || count > wire_message::SHARDS_MAX {
            return Err(StartError::ShardCount(count));
        }
        probe()?;
        let open_files = raise_open_files()?;
        raise_memory_lock(LOCKED_BYTES_PER_SHARD * count as u64)?;
        // A port that is taken is found before a large store is read; but nobody comes in before.
        check_listeners(&settings.listeners)?;
        let clock = Clock::new();
        let (engines, store) = engines(settings, clock)?;
        let (sockets, addresses) = open_listeners(&settings.listeners, count)?;
        let ending = Arc::<Ending>::default();
        let (hello, hellos) = mpsc::channel();
        let (mut threads, mut tells) = (Vec::new(), Vec::new());
        for (((id, core), engine), sockets) in
            ids(count).zip(&settings.cores).zip(engines).zip(sockets)
        {
            let (tell, told) = mpsc::channel();
            let seedling = Seedling {
                id,
                core: *core,
                engine,
                sockets,
                driver: settings.driver,
                grace: settings.grace,
                clock,
                ending: Arc::clone(&ending),
            };
            threads.push(spawn(seedling, hello.clone(), told)?);
            tells.push(tell);
        }
        drop(hello);
        let wakers = gather(&hellos, count)?;
        let bell = Bell::new().map_err(|errno| ProbeError::Refused(errno.into()))?;
        let (mailboxes, store) = introduce(tells, &wakers, &bell, store, clock)?;
        Ok(Self {
            threads,
            mailboxes,
            bell,
            stop: StopSignal { ending, wakers },
            addresses,
            open_files,
            store: Arc::new(Mutex::new(store)),
        })
    }

    /// The address of each listener, with the port that the kernel chose where it was asked to.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// How many files, and so connections, the process may have open.
    #[must_use]
    pub const fn open_files(&self) -> OpenFiles {
        self.open_files
    }

    /// What ends the shards; may go to any thread.
    #[must_use]
    pub fn stop_signal(&self) -> StopSignal {
        self.stop.clone()
    }

    /// The control side's ends of the shards' mailboxes, in the order of the shards. Once only: later
    /// calls return none.
    pub fn take_mailboxes(&mut self) -> Vec<Mailbox> {
        core::mem::take(&mut self.mailboxes)
    }

    /// What rings when a shard has something for its mailbox.
    #[must_use]
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// What tells of the store, if there is one.
    #[must_use]
    pub fn store_watch(&self) -> Option<StoreWatch> {
        let has_store = self.lock_store().is_some();
        has_store.then(|| StoreWatch(Arc::clone(&self.store)))
    }

    /// Waits until all shards have ended, and then until everything that they stored is on the disk.
    ///
    /// # Errors
    ///
    /// [`EndError`].
    pub fn join(mut self) -> Result<(), EndError> {
        let results = core::mem::take(&mut self.threads)
            .into_iter()
            .map(JoinHandle::join);
        let panicked = results.filter(Result::is_err).count();
        let store = self.lock_store().take();
        let state = store.map_or(StoreState::Healthy, Store::close);
        match (NonZeroUsize::new(panicked), state) {
            (Some(panicked), _) => Err(EndError::Panicked(panicked)),
            (None, StoreState::Healthy) => Ok(()),
            (None, state) => Err(EndError::NotStored(state)),
        }
    }

    fn lock_store(&self) -> std::sync::MutexGuard<'_, Option<Store>> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn ids(count: usize) -> impl Iterator<Item = ShardId> {
    (0..=u8::MAX).map(ShardId).take(count)
}

/// The engines of all shards in their order, which know all that is stored.
fn engines(
    settings: &ShardsSettings,
    clock: Clock,
) -> Result<(Vec<Engine>, Option<OpenStore>), StartError> {
    let entropy = || entropy::seed().map_err(|error| StartError::Thread(error.to_string()));
    let fresh = Seed(entropy()?);
    let store = settings.store.as_ref();
    let store = store
        .map(|settings| store::open(settings, fresh))
        .transpose()?;
    let seed = store.as_ref().map_or(fresh, OpenStore::seed);
    let count = settings.cores.len();
    let epochs = Arc::new(Epochs::new(count));
    let mut engines = Vec::new();
    for shard in ids(count) {
        let place = Place {
            shard,
            shards: count,
            seed,
            epochs: Arc::clone(&epochs),
            clock: clock.wall(),
            chance: entropy()?,
            store: store.as_ref().map(OpenStore::first),
        };
        engines.push(Engine::new(
            Arc::clone(&settings.engine),
            place,
            clock.now(),
        ));
    }
    if let Some(store) = &store {
        let now = clock.now();
        let found = store::restore(&store.database, clock.wall(), seed, &mut engines, now)?;
        // The clock began right before the store was opened.
        found.log(clock.running());
    }
    Ok((engines, store))
}

/// Starts the store and tells each shard's thread its surroundings, upon which it turns.
fn introduce(
    tells: Vec<mpsc::Sender<Surroundings>>,
    wakers: &Arc<[Waker]>,
    bell: &Bell,
    store: Option<OpenStore>,
    clock: Clock,
) -> Result<(Vec<Mailbox>, Option<Store>), StartError> {
    let count = wakers.len();
    let flags: Arc<[_]> = ids(count).map(|_| Arc::new(SleepFlag::new())).collect();
    let (store, ports) = match store {
        Some(store) => {
            let shards = flags.iter().zip(wakers.iter()).map(|(sleeping, waker)| {
                let (sleeping, waker) = (Arc::clone(sleeping), waker.clone());
                Arc::new(ShardWake { sleeping, waker }) as Arc<dyn Wake>
            });
            let (store, ports) = store.start(clock.wall(), shards.collect())?;
            (Some(store), ports.into_iter().map(Some).collect())
        }
        None => (None, (0..count).map(|_| None).collect::<Vec<_>>()),
    };
    let ids: Vec<_> = ids(count).collect();
    let mut mailboxes = Vec::new();
    let shards = tells.into_iter().zip(mesh(&ids)).zip(ports).enumerate();
    for (index, ((tell, links), port)) in shards {
        let (flag, waker) = (Arc::clone(&flags[index]), wakers[index].clone());
        let (control, mailbox) = mailbox::pair(bell, flag, waker);
        mailboxes.push(control);
        let told = tell.send(Surroundings {
            links,
            wakers: Arc::clone(wakers),
            flags: Arc::clone(&flags),
            mailbox,
            port: port.map(PortEnd::new),
        });
        told.map_err(|_| StartError::Thread("it ended early".into()))?;
    }
    Ok((mailboxes, store))
}

/// The wakers of all shards in their order, or why one of them is not there.
fn gather(hellos: &mpsc::Receiver<Hello>, count: usize) -> Result<Arc<[Waker]>, StartError> {
    let mut wakers = Vec::new();
    while wakers.len() < count {
        let (id, hello) = hellos
            .recv()
            .map_err(|_| StartError::Thread("it ended early".into()))?;
        wakers.push((id, hello?));
    }
    wakers.sort_by_key(|(id, _)| *id);
    Ok(wakers.into_iter().map(|(_, waker)| waker).collect())
}
