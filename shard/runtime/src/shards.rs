//! All shards of a process: starting them together, and waiting for their end.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::sync::{Arc, mpsc};
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
use wire_message::{Seed, ShardId};

use crate::clock::Clock;
use crate::entropy;
use crate::limits::LOCKED_BYTES_PER_SHARD;
use crate::links::mesh;
use crate::mailbox::{self, Bell, Mailbox};
use crate::shard_thread::{Hello, Seedling, Surroundings, spawn};
use crate::sleep_flag::SleepFlag;
use crate::start_error::StartError;
use crate::stop::{Ending, StopSignal};

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
}

impl Shards {
    /// Starts one thread per core, and returns when all of them listen.
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
        let (sockets, addresses) = open_listeners(&settings.listeners, count)?;
        let ids: Vec<_> = (0..=u8::MAX).take(count).map(ShardId).collect();
        let ending = Arc::<Ending>::default();
        let (hello, hellos) = mpsc::channel();
        let mut threads = Vec::new();
        let mut surroundings = Vec::new();
        for (seedling, sockets) in seedlings(settings, &ids, &ending)?.zip(sockets) {
            let (sender, receiver) = mpsc::channel();
            let seedling = Seedling {
                sockets,
                ..seedling
            };
            threads.push(spawn(seedling, hello.clone(), receiver)?);
            surroundings.push(sender);
        }
        drop(hello);
        let wakers = gather(&hellos, count)?;
        let bell = Bell::new().map_err(|errno| ProbeError::Refused(errno.into()))?;
        let flags: Arc<[_]> = ids.iter().map(|_| Arc::new(SleepFlag::new())).collect();
        let mut mailboxes = Vec::new();
        for ((index, sender), links) in surroundings.into_iter().enumerate().zip(mesh(&ids)) {
            let (flag, waker) = (Arc::clone(&flags[index]), wakers[index].clone());
            let (control, mailbox) = mailbox::pair(&bell, flag, waker);
            mailboxes.push(control);
            let (wakers, flags) = (Arc::clone(&wakers), Arc::clone(&flags));
            let told = sender.send(Surroundings {
                links,
                wakers,
                flags,
                mailbox,
            });
            told.map_err(|_| StartError::Thread("it ended early".into()))?;
        }
        let stop = StopSignal { ending, wakers };
        Ok(Self {
            threads,
            mailboxes,
            bell,
            stop,
            addresses,
            open_files,
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

    /// Waits until all shards have ended.
    ///
    /// # Errors
    ///
    /// The number of threads that panicked.
    pub fn join(self) -> Result<(), NonZeroUsize> {
        let results = self.threads.into_iter().map(JoinHandle::join);
        let panicked = results.filter(Result::is_err).count();
        NonZeroUsize::new(panicked).map_or(Ok(()), Err)
    }
}

/// For each shard the sockets of all listeners, and the listeners' addresses.
fn open_listeners(
    listeners: &[ListenerSettings],
    shards: usize,
) -> Result<(Vec<Vec<OwnedFd>>, Vec<SocketAddr>), StartError> {
    let mut sockets: Vec<Vec<_>> = (0..shards).map(|_| Vec::new()).collect();
    let mut addresses = Vec::new();
    for settings in listeners {
        let address = settings.address;
        let refused = |source| StartError::Listen { address, source };
        // A shared port can be taken twice by the same user without anybody noticing; an unshared one
        // can't. So see first that nobody has it.
        let alone = ListenerSettings {
            reuse_port: false,
            ..settings.clone()
        };
        let (probe, address) = alone.open().map_err(refused)?;
        drop(probe);
        let shared = ListenerSettings {
            address,
            reuse_port: true,
            ..settings.clone()
        };
        for sockets in &mut sockets {
            sockets.push(shared.open().map_err(refused)?.0);
        }
        addresses.push(address);
    }
    Ok((sockets, addresses))
}

fn seedlings(
    settings: &ShardsSettings,
    ids: &[ShardId],
    ending: &Arc<Ending>,
) -> Result<impl Iterator<Item = Seedling>, StartError> {
    let entropy = || entropy::seed().map_err(|error| StartError::Thread(error.to_string()));
    let seed = Seed(entropy()?);
    let epochs = Arc::new(Epochs::new(ids.len()));
    let clock = Clock::new();
    let mut seedlings = Vec::new();
    for (id, core) in ids.iter().zip(&settings.cores) {
        let place = Place {
            shard: *id,
            shards: ids.len(),
            seed,
            epochs: Arc::clone(&epochs),
            unix_s_at_zero: clock.unix_s_at_zero(),
            chance: entropy()?,
        };
        let engine = Engine::new(Arc::clone(&settings.engine), place, clock.now());
        seedlings.push(Seedling {
            id: *id,
            core: *core,
            engine,
            sockets: Vec::new(),
            driver: settings.driver,
            grace: settings.grace,
            clock,
            ending: Arc::clone(ending),
        });
    }
    Ok(seedlings.into_iter())
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
