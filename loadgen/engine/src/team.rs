//! All workers of a run, wherever they are.

mod children;
mod threads;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use loadgen_plan::Audience;
use wire_message::Instant;

use crate::clock;
use crate::limits::START_MAX;
use crate::message::{Command, Notice, Setup};
use crate::run_error::RunError;

use children::Children;
pub(crate) use threads::Threads;

/// The workers of a run, in this process or in children of it.
pub(crate) struct Team {
    hands: Hands,
    notices: Receiver<(u16, Notice)>,
    workers: u16,
}

enum Hands {
    Children(Children),
    Threads(Threads),
}

impl Team {
    /// Starts `processes` with the threads of `setup` each, and waits until all are ready.
    pub(crate) fn start(
        setup: &Setup,
        audience: &Arc<Audience>,
        processes: u16,
    ) -> Result<Self, RunError> {
        let (sender, notices) = channel();
        let hands = if processes > 1 {
            Hands::Children(Children::start(setup, processes, &sender)?)
        } else {
            Hands::Threads(Threads::start(setup, audience, &sender)?)
        };
        let mut team = Self {
            hands,
            notices,
            workers: setup.workers,
        };
        let deadline = clock::now() + START_MAX;
        for _ in 0..team.workers {
            match team.hear(deadline)? {
                Some((_, Notice::Ready)) => {}
                other => {
                    let what = format!("no worker was ready in time but {other:?}");
                    return Err(RunError::Worker(what));
                }
            }
        }
        Ok(team)
    }

    /// Number of all workers.
    pub(crate) fn workers(&self) -> u16 {
        self.workers
    }

    /// Gives `command` to every worker.
    pub(crate) fn tell(&mut self, command: &Command) -> Result<(), RunError> {
        match &mut self.hands {
            Hands::Children(children) => children.tell(command),
            Hands::Threads(threads) => {
                threads.tell(command);
                Ok(())
            }
        }
    }

    /// What a worker tells until `deadline`; `None` if nobody does.
    ///
    /// # Errors
    ///
    /// If a worker has failed, which ends the run.
    pub(crate) fn hear(&mut self, deadline: Instant) -> Result<Option<(u16, Notice)>, RunError> {
        let rest = deadline.since(clock::now());
        let notice = match self.notices.recv_timeout(rest) {
            Ok(notice) => notice,
            Err(RecvTimeoutError::Timeout) => return Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                return Err(RunError::Worker("all workers are gone".to_owned()));
            }
        };
        match notice {
            (_, Notice::Failed(reason)) if matches!(self.hands, Hands::Children(_)) => {
                Err(RunError::Process(reason))
            }
            (_, Notice::Failed(reason)) => Err(RunError::Worker(reason)),
            notice => Ok(Some(notice)),
        }
    }

    /// Ends all workers and waits for them.
    pub(crate) fn end(mut self) {
        // A worker that is gone has ended.
        _ = self.tell(&Command::End);
        match self.hands {
            Hands::Children(children) => children.join(),
            Hands::Threads(threads) => threads.join(),
        }
    }
}
