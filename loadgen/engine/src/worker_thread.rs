//! The thread of one worker, and the only place that names glommio.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::{self, JoinHandle};

use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};
use loadgen_plan::{Audience, Worker as Place};
use loadgen_work::Crew;
use shard_uring::{Driver, DriverSettings};

use crate::limits::{GLOMMIO_IO_BYTES, GLOMMIO_PREEMPT, GLOMMIO_RING_DEPTH};
use crate::mailbox::{Address, Mailbox, mailbox};
use crate::message::{Notice, Setup};
use crate::run_error::RunError;
use crate::worker::{State, Worker};

/// What a thread tells before it turns: where its mail goes, or why there is none.
pub(crate) type Hello = (u16, Result<Address, RunError>);

/// What a thread makes its worker from.
pub(crate) struct Seed {
    pub(crate) setup: Setup,
    pub(crate) audience: Arc<Audience>,
    /// The worker's number among those of all processes.
    pub(crate) index: u16,
    pub(crate) notices: Sender<(u16, Notice)>,
}

/// Starts the thread. It says hello, and turns once it is told where its peers are.
pub(crate) fn spawn(
    seed: Seed,
    hello: Sender<Hello>,
    peers: Receiver<Vec<Address>>,
) -> Result<JoinHandle<()>, RunError> {
    let thread = thread::Builder::new().name(format!("worker-{}", seed.index));
    thread
        .spawn(move || run(seed, hello, &peers))
        .map_err(|error| RunError::Worker(error.to_string()))
}

fn run(seed: Seed, hello: Sender<Hello>, peers: &Receiver<Vec<Address>>) {
    let index = seed.index;
    let made = executor(&seed.setup, index).and_then(|executor| {
        let driver = Driver::new(DriverSettings::default())
            .map_err(|error| RunError::Machine(error.to_string()))?;
        Ok((executor, driver))
    });
    let (executor, driver) = match made {
        Ok(made) => made,
        Err(error) => {
            _ = hello.send((index, Err(error)));
            return;
        }
    };
    let (address, mailbox) = mailbox(driver.waker());
    _ = hello.send((index, Ok(address)));
    drop(hello);
    let Ok(peers) = peers.recv() else {
        return;
    };
    let worker = hire(seed, driver, mailbox, peers);
    executor.run(worker.run());
}

fn hire(seed: Seed, driver: Driver, mailbox: Mailbox, peers: Vec<Address>) -> Worker {
    let Setup {
        plan,
        run,
        first,
        workers,
        ..
    } = seed.setup;
    let place = Place {
        index: seed.index,
        count: workers,
    };
    let clients = plan.clients();
    let crew = Crew::new(Arc::clone(&plan), seed.audience, place, run);
    let state = State::new(clients, peers.len());
    Worker {
        place,
        plan,
        crew,
        driver,
        mailbox,
        peers,
        first_peer: first,
        notices: seed.notices,
        state,
    }
}

/// An executor that never sleeps by itself. If its timer for preemption fires before a task got its
/// turn, glommio 0.9 takes the thread for idle and sleeps in its own ring, where nothing wakes it. So that
/// timer is put off for good, and there must be no other timer of glommio in this thread.
fn executor(setup: &Setup, index: u16) -> Result<LocalExecutor, RunError> {
    let worker = |error: String| RunError::Worker(error);
    // The builder takes for granted that this works.
    glommio::CpuSet::online().map_err(|error| worker(error.to_string()))?;
    let placement = match setup.cpus.len() {
        0 => Placement::Unbound,
        cpus => Placement::Fixed(setup.cpus[usize::from(index) % cpus]),
    };
    LocalExecutorBuilder::new(placement)
        .io_memory(GLOMMIO_IO_BYTES)
        .ring_depth(GLOMMIO_RING_DEPTH)
        .preempt_timer(GLOMMIO_PREEMPT)
        .make()
        .map_err(|error| worker(error.to_string()))
}
