//! The control side as a whole.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use shard_runtime::{StoreFigures, StoreWatch, Turns};
use tokio::net::TcpListener;

use crate::hub::{self, HubHandle};
use crate::{LogLevels, LoopFigures, Mailboxes, Node, Snapshot, http, process, publisher};

/// What the control side is started with.
pub struct ControlSettings {
    /// Who we are.
    pub node: Node,
    /// Where to serve HTTP; none: nowhere.
    pub api: Option<SocketAddr>,
    /// Time between two publications of figures; none: never.
    pub sys_msg_interval: Option<Duration>,
    /// Time between two heartbeats; none: never.
    pub sys_heartbeat_interval: Option<Duration>,
    /// The log level.
    pub log_levels: LogLevels,
    /// What tells of the store, if there is one.
    pub store: Option<StoreWatch>,
}

/// The control side could not start; nothing is left running.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address of the endpoint is taken or not ours.
    #[error("`api.bind`: can't listen on {address}")]
    Bind {
        /// Where we wanted to listen.
        address: SocketAddr,
        /// What the kernel said.
        source: std::io::Error,
    },
}

/// The running control side. It ends with the tokio runtime that it was started on.
pub struct Control {
    shared: Arc<Shared>,
    /// Where HTTP is served, with the real port.
    pub api: Option<SocketAddr>,
}

/// What the tasks share.
pub(crate) struct Shared {
    node: Node,
    ready: AtomicBool,
    hub: HubHandle,
    turns: Vec<Arc<Turns>>,
    shards: usize,
    store: Option<StoreWatch>,
    pub(crate) log_levels: LogLevels,
}

impl Shared {
    /// Asks everybody and puts the answers together.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        let reports = self.hub.reports().await;
        let shards = if reports.is_empty() {
            vec![None; self.shards]
        } else {
            reports.to_vec()
        };
        Snapshot {
            node: self.node.clone(),
            now: SystemTime::now(),
            store: self.store_figures().await,
            shards,
            loops: self
                .turns
                .iter()
                .map(|turns| LoopFigures {
                    turns: turns.turns(),
                    sleeps: turns.sleeps(),
                })
                .collect(),
            process: process::figures(),
            ready: self.ready.load(Ordering::Relaxed),
        }
    }

    /// What the store says; it reads the disk, which may take longer than others can wait.
    async fn store_figures(&self) -> Option<StoreFigures> {
        let store = self.store.clone()?;
        let figures = tokio::task::spawn_blocking(move || store.figures());
        figures.await.ok().flatten()
    }

    pub(crate) fn hub(&self) -> &HubHandle {
        &self.hub
    }
}

impl Control {
    /// Starts everything on the current tokio runtime. Not ready yet: see [`Self::set_ready`].
    ///
    /// # Errors
    ///
    /// [`StartError`] if the endpoint can't be opened.
    pub async fn start(
        settings: ControlSettings,
        mailboxes: Mailboxes,
    ) -> Result<Self, StartError> {
        let listener = match settings.api {
            Some(address) => {
                let bound = TcpListener::bind(address).await;
                Some(bound.map_err(|source| StartError::Bind { address, source })?)
            }
            None => None,
        };
        let shards = mailboxes.shards;
        let shared = Arc::new(Shared {
            node: settings.node,
            ready: AtomicBool::new(false),
            turns: mailboxes.turns.clone(),
            hub: hub::start(mailboxes),
            shards,
            store: settings.store,
            log_levels: settings.log_levels,
        });
        publisher::start(
            &shared,
            settings.sys_heartbeat_interval,
            settings.sys_msg_interval,
        );
        let api = listener
            .as_ref()
            .and_then(|listener| listener.local_addr().ok());
        if let Some(listener) = listener {
            tokio::spawn(http::serve(listener, shared.clone()));
        }
        Ok(Self { shared, api })
    }

    /// Says whether the broker takes clients.
    pub fn set_ready(&self, ready: bool) {
        self.shared.ready.store(ready, Ordering::Relaxed);
    }
}
