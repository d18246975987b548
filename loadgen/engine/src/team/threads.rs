//! Workers in threads of this process.

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use loadgen_plan::Audience;

use crate::limits::LOCKED_BYTES_PER_WORKER;
use crate::mailbox::{Address, Mail};
use crate::message::{Command, Notice, Setup};
use crate::run_error::RunError;
use crate::worker_thread::{self, Seed};

/// The threads of this process.
pub(crate) struct Threads {
    addresses: Vec<Address>,
    handles: Vec<JoinHandle<()>>,
}

impl Threads {
    /// Starts the workers of `setup`; each tells `notices` when it is ready.
    pub(crate) fn start(
        setup: &Setup,
        audience: &Arc<Audience>,
        notices: &Sender<(u16, Notice)>,
    ) -> Result<Self, RunError> {
        let machine = |error: shard_uring::ProbeError| RunError::Machine(error.to_string());
        shard_uring::probe().map_err(machine)?;
        let locked = LOCKED_BYTES_PER_WORKER * u64::from(setup.threads);
        shard_uring::raise_memory_lock(locked).map_err(machine)?;
        shard_uring::raise_open_files().map_err(machine)?;
        let (hello, hellos) = channel();
        let mut handles = Vec::new();
        let mut meetings = Vec::new();
        for index in setup.first..setup.first + setup.threads {
            let (meeting, peers) = channel();
            let seed = Seed {
                setup: setup.clone(),
                audience: Arc::clone(audience),
                index,
                notices: notices.clone(),
            };
            handles.push(worker_thread::spawn(seed, hello.clone(), peers)?);
            meetings.push(meeting);
        }
        drop(hello);
        let mut addresses = Vec::new();
        for (index, address) in hellos {
            addresses.push((index, address?));
        }
        addresses.sort_by_key(|(index, _)| *index);
        let addresses: Vec<Address> = addresses.into_iter().map(|(_, address)| address).collect();
        for meeting in meetings {
            // A worker that is gone has said why.
            _ = meeting.send(addresses.clone());
        }
        Ok(Self { addresses, handles })
    }

    pub(crate) fn tell(&self, command: &Command) {
        for address in &self.addresses {
            address.send(Mail::Command(command.clone()));
        }
    }

    pub(crate) fn join(self) {
        for handle in self.handles {
            // Its panic has been printed, and what it left undone has failed elsewhere.
            _ = handle.join();
        }
    }
}
