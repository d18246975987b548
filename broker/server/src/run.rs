//! A run of the broker, from the configuration to the exit code.

use core::time::Duration;
use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context as _, anyhow, bail};
use broker_cli::{Outcome, RunArguments};
use broker_config::Config;
use broker_config::value::LogFormat;
use broker_control::{BoundListener, Control, ControlSettings, LogLevels, Mailboxes, Node};
use shard_runtime::{EndError, Shards, StartError, StopSignal};
use tokio::task::JoinHandle;
use tracing::{error, info};

use crate::signals::Signals;
use crate::{cores, data_dir, environment, logging, shards_settings, startup_log};

/// What the shards may take beyond their grace before they are ended by force.
const GRACE_MARGIN: Duration = Duration::from_secs(2);

/// What shards that are ended by force and their store may take before the process ends under them.
const HALT_TIME: Duration = Duration::from_secs(1);

/// Runs until a signal ends the broker.
///
/// # Errors
///
/// What keeps the broker from starting or broke it, in one sentence. If the log is for machines, the
/// sentence goes there instead.
pub(crate) fn run(arguments: &RunArguments) -> anyhow::Result<Outcome> {
    let file = arguments.config.as_deref();
    let loaded = broker_config::load(file, environment());
    let config = loaded
        .map_err(|error| anyhow!("the configuration is refused\n{error}"))?
        .config;
    let cores = cores::assign(&config.node, &shard_runtime::available_cores())?;
    data_dir::prepare(&config.node.data_dir)?;
    let log_levels = logging::start(&config.log);
    match turn_on(&config, file, cores, log_levels) {
        Ok(()) => Ok(Outcome::Done),
        Err(error) if config.log.format == LogFormat::Json => {
            error!(reason = format!("{error:#}"), "Skein failed");
            Ok(Outcome::Refused)
        }
        Err(error) => Err(error),
    }
}

/// Starts the control thread's runtime, which is this thread's, and serves on it.
fn turn_on(
    config: &Config,
    file: Option<&Path>,
    cores: Vec<usize>,
    log_levels: LogLevels,
) -> anyhow::Result<()> {
    let node = node(config);
    startup_log::starting(&node, file, &cores);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("start the control thread")?;
    let result = runtime.block_on(serve(config, node, cores, log_levels));
    // What still waits there waits for shards that were given up.
    runtime.shutdown_background();
    result
}

async fn serve(
    config: &Config,
    node: Node,
    cores: Vec<usize>,
    log_levels: LogLevels,
) -> anyhow::Result<()> {
    // Before anything else, so that no signal finds the broker half built.
    let mut signals = Signals::catch().context("catch signals")?;
    let mut shards = Shards::start(&shards_settings::shards_settings(config, cores))
        .map_err(|error| start_error(error, config))?;
    let stop = shards.stop_signal();
    let started = control(config, node, log_levels, &mut shards).await;
    let mut ended = tokio::task::spawn_blocking(move || shards.join());
    let control = match started {
        Ok(control) => control,
        Err(error) => {
            stop.halt();
            // The reason for the end is the error that we have already.
            let _ = ended.await;
            return Err(error);
        }
    };
    control.set_ready(true);
    info!("Skein is ready");
    tokio::select! {
        signal = signals.next() => {
            let grace = config.shutdown.grace_period.0;
            info!(signal, grace_s = grace.as_secs_f64(), "Skein stops; a second signal stops it at once");
            control.set_ready(false);
            stop_shards(&stop, grace, &mut ended, &mut signals).await
        }
        result = &mut ended => {
            error!("A shard ended by itself");
            joined(result).and_then(|()| bail!("the shards ended without being told to"))
        }
    }
}

/// Connects the control side with the running shards and opens the endpoint.
async fn control(
    config: &Config,
    mut node: Node,
    log_levels: LogLevels,
    shards: &mut Shards,
) -> anyhow::Result<Control> {
    let names = config.listening().map(|(name, _)| format!("tcp:{name}"));
    let listeners = names
        .zip(shards.addresses())
        .map(|(name, address)| BoundListener {
            name,
            address: *address,
        });
    node.listeners = listeners.collect();
    node.open_files_max = shards.open_files().limit;
    startup_log::limits(shards.open_files(), config);
    let mailboxes = Mailboxes::connect(shards.take_mailboxes(), shards.bell())
        .context("listen to the shards")?;
    let settings = ControlSettings {
        node: node.clone(),
        api: config.api.enable.then_some(config.api.bind.0),
        sys_msg_interval: config
            .sys_topics
            .sys_msg_interval
            .finite()
            .map(|interval| interval.0),
        sys_heartbeat_interval: config
            .sys_topics
            .sys_heartbeat_interval
            .finite()
            .map(|interval| interval.0),
        log_levels,
        store: shards.store_watch(),
    };
    let control = Control::start(settings, mailboxes).await?;
    startup_log::listeners(&node, config);
    if let Some(address) = control.api {
        info!(%address, port = address.port(), "Control endpoint is open");
    }
    Ok(control)
}

/// Stops the shards within `grace`, or at once when a second signal comes.
async fn stop_shards(
    stop: &StopSignal,
    grace: Duration,
    ended: &mut JoinHandle<Result<(), EndError>>,
    signals: &mut Signals,
) -> anyhow::Result<()> {
    stop.stop();
    let reason = tokio::select! {
        result = &mut *ended => {
            joined(result)?;
            info!("Skein has stopped");
            return Ok(());
        }
        signal = signals.next() => {
            info!(signal, "Skein stops at once");
            "stopped at once by a second signal"
        }
        () = tokio::time::sleep(grace + GRACE_MARGIN) => {
            "the shards did not stop within `shutdown.grace_period`"
        }
    };
    stop.halt();
    // Whatever they say now, the end is not the one that was asked for.
    _ = tokio::time::timeout(HALT_TIME, ended).await;
    bail!(reason)
}

/// The end of the shards' threads as a result of ours.
fn joined(result: Result<Result<(), EndError>, tokio::task::JoinError>) -> anyhow::Result<()> {
    Ok(result.context("wait for the shards")??)
}

fn node(config: &Config) -> Node {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    Node {
        name: config.node.name.clone(),
        version: env!("CARGO_PKG_VERSION"),
        kernel: kernel.trim().to_owned(),
        started: SystemTime::now(),
        listeners: Vec::new(),
        open_files_max: 0,
    }
}

/// Names the key that an operator would change.
fn start_error(error: StartError, config: &Config) -> anyhow::Error {
    if let StartError::Store(reason) = error {
        return anyhow!("`node.data_dir`: {reason}");
    }
    let StartError::Listen { address, source } = &error else {
        return error.into();
    };
    let listener = config
        .listening()
        .find(|(_, listener)| listener.bind.0 == *address);
    let key = listener.map_or_else(String::new, |(name, _)| {
        format!("`listeners.tcp.{name}.bind`: ")
    });
    anyhow!("{key}can't listen on {address}: {source}")
}
