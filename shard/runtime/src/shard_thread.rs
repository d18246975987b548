//! The thread of one shard, and the only place that names glommio.

use std::os::fd::OwnedFd;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};
use shard_engine::Engine;
use shard_uring::{Driver, DriverSettings, Waker};
use wire_message::ShardId;

use crate::clock::Clock;
use crate::limits::{GLOMMIO_IO_BYTES, GLOMMIO_PREEMPT, GLOMMIO_RING_DEPTH};
use crate::links::{Link, LinkEnd};
use crate::mailbox::ShardMailbox;
use crate::shard::{Shard, State};
use crate::sleep_flag::SleepFlag;
use crate::start_error::StartError;
use crate::stop::Ending;
use crate::store::PortEnd;

/// What a thread tells before it turns.
pub(crate) type Hello = (ShardId, Result<Waker, StartError>);

/// What a thread is told before it turns.
pub(crate) struct Surroundings {
    pub(crate) links: Vec<LinkEnd>,
    /// Wakers and flags of all shards, its own included.
    pub(crate) wakers: Arc<[Waker]>,
    pub(crate) flags: Arc<[Arc<SleepFlag>]>,
    pub(crate) mailbox: ShardMailbox,
    pub(crate) port: Option<PortEnd>,
}

/// What a thread makes its shard from.
pub(crate) struct Seedling {
    pub(crate) id: ShardId,
    pub(crate) core: usize,
    pub(crate) engine: Engine,
    pub(crate) sockets: Vec<OwnedFd>,
    pub(crate) driver: DriverSettings,
    pub(crate) grace: Duration,
    pub(crate) clock: Clock,
    pub(crate) ending: Arc<Ending>,
}

/// Starts the thread. It says hello with its waker, or with why it ended, and turns once it is told its
/// surroundings.
pub(crate) fn spawn(
    seedling: Seedling,
    hello: mpsc::Sender<Hello>,
    surroundings: mpsc::Receiver<Surroundings>,
) -> Result<JoinHandle<()>, StartError> {
    let name = format!("shard-{}", seedling.id.0);
    let thread = thread::Builder::new().name(name);
    let run = move || run(seedling, &hello, &surroundings);
    thread
        .spawn(run)
        .map_err(|error| StartError::Thread(error.to_string()))
}

/// A shard's thread. Errors go to whoever starts the shards; if nobody listens any more, the start
/// has failed elsewhere.
fn run(
    seedling: Seedling,
    hello: &mpsc::Sender<Hello>,
    surroundings: &mpsc::Receiver<Surroundings>,
) {
    let id = seedling.id;
    let made =
        executor(seedling.core).and_then(|executor| Ok((executor, Driver::new(seedling.driver)?)));
    let (executor, driver) = match made {
        Ok(made) => made,
        Err(error) => {
            _ = hello.send((id, Err(error)));
            return;
        }
    };
    _ = hello.send((id, Ok(driver.waker())));
    let Ok(surroundings) = surroundings.recv() else {
        return;
    };
    executor.run(grow(seedling, driver, surroundings).run());
}

/// An executor that never sleeps by itself. If its timer for preemption fires before a task got its
/// turn, as happens when others take the processor, glommio 0.9 takes the thread for idle and sleeps in
/// its own ring, where nothing wakes it. So that timer is put off for good, and there must be no other
/// timer of glommio in this thread.
fn executor(core: usize) -> Result<LocalExecutor, StartError> {
    // The builder takes for granted that this works.
    glommio::CpuSet::online().map_err(|error| StartError::Processors(error.to_string()))?;
    LocalExecutorBuilder::new(Placement::Fixed(core))
        .io_memory(GLOMMIO_IO_BYTES)
        .ring_depth(GLOMMIO_RING_DEPTH)
        .preempt_timer(GLOMMIO_PREEMPT)
        .make()
        .map_err(|error| StartError::Thread(error.to_string()))
}

fn grow(seedling: Seedling, mut driver: Driver, surroundings: Surroundings) -> Shard {
    let Seedling {
        id,
        engine,
        sockets,
        grace,
        clock,
        ending,
        ..
    } = seedling;
    let Surroundings {
        links,
        wakers,
        flags,
        mailbox,
        port,
    } = surroundings;
    for socket in sockets {
        driver.listen_on(socket);
    }
    let connect = |end: LinkEnd| -> Link {
        let peer = end.peer().index();
        let peer_id = driver.add_peer(wakers[peer].clone());
        end.connect(peer_id, Arc::clone(&flags[peer]))
    };
    let links = links.into_iter().map(connect).collect();
    Shard {
        id,
        engine,
        driver,
        links,
        mailbox,
        port,
        sleeping: Arc::clone(&flags[id.index()]),
        ending,
        clock,
        grace,
        state: State::new(clock.now()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// Three times what glommio's own timer for preemption would take.
    const LATE: Duration = Duration::from_millis(300);

    /// An executor that wants to preempt before a task got its turn sleeps though the task could run.
    /// The moment for that is too short to be met in a test, so this shows that it never wants to.
    #[test]
    fn an_executor_never_wants_to_preempt_however_late_a_turn_is() {
        let core = crate::available_cores()[0];
        let executor = executor(core).expect("there is io_uring");
        executor.run(async {
            for _ in 0..2 {
                let start = Instant::now();
                while start.elapsed() < LATE {
                    std::hint::spin_loop();
                }
                assert!(!glommio::executor().need_preempt());
                // Glommio looks at its timers here.
                futures_lite::future::yield_now().await;
            }
        });
    }
}
