//! From the configuration to what the shards are started with.

use core::num::NonZeroUsize;
use core::time::Duration;
use std::path::Path;
use std::sync::Arc;

use broker_config::value::{Auto, ByteCount, TcpKeepAlive};
use broker_config::{Config, ListenerConfig};
use shard_runtime::{ShardsSettings, StoreSettings};
use shard_uring::{DriverSettings, KeepAlive, ListenerSettings};

/// What the shards are started with, one for each of `cores`.
pub(crate) fn shards_settings(config: &Config, cores: Vec<usize>) -> ShardsSettings {
    let shards = u16::try_from(cores.len()).unwrap_or(u16::MAX);
    ShardsSettings {
        engine: Arc::new(config.settings(shards)),
        listeners: config
            .listening()
            .map(|(_, listener)| socket(listener))
            .collect(),
        driver: DriverSettings::default(),
        grace: config.shutdown.grace_period.0,
        store: config.store.enabled.then(|| store(config)),
        cores,
    }
}

/// The store, in its folder below the one for everything that the broker keeps.
fn store(config: &Config) -> StoreSettings {
    let readers = NonZeroUsize::new(config.store.reader_threads.into());
    StoreSettings {
        folder: Path::new(&config.node.data_dir).join("store"),
        sync_interval: config.store.sync_interval.0,
        reserve_bytes: config.store.reserve_bytes.0,
        readers: readers.unwrap_or(NonZeroUsize::MIN),
    }
}

fn socket(listener: &ListenerConfig) -> ListenerSettings {
    let options = &listener.tcp_options;
    let bytes = |size: Auto<ByteCount>| {
        let ByteCount(bytes) = size.chosen()?;
        u32::try_from(bytes).ok()
    };
    ListenerSettings {
        backlog: options.backlog,
        no_delay: options.nodelay,
        send_buffer_bytes: bytes(options.sndbuf),
        receive_buffer_bytes: bytes(options.recbuf),
        keep_alive: match options.keepalive {
            TcpKeepAlive::None => None,
            TcpKeepAlive::Probes {
                idle_s,
                interval_s,
                probes,
            } => Some(KeepAlive {
                idle: Duration::from_secs(idle_s.into()),
                interval: Duration::from_secs(interval_s.into()),
                probes: probes.into(),
            }),
        },
        deferred: true,
        ..ListenerSettings::new(listener.bind.0)
    }
}
