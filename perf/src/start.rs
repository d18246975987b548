//! `perf start`: one broker as comparisons start it, for people to try things with.

use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use shard_uring::raise_open_files;

use crate::adapter::{Folder, find};
use crate::interrupt::Interrupt;
use crate::process::Running;

/// Runs a broker as `compare` would, until Ctrl-C
#[derive(Clone, Debug, Args)]
pub(crate) struct StartOptions {
    /// Name of the broker, see `perf brokers`
    name: String,
}

/// Runs the broker in the foreground.
///
/// # Errors
///
/// If it is not here, does not start, or ends by itself.
pub(crate) fn run(options: &StartOptions) -> Result<ExitCode> {
    let adapter = Folder::default().load(&options.name)?;
    let title = &adapter.title;
    let Some(found) = find(&adapter)? else {
        bail!("{title} is not installed; {}", adapter.find.install);
    };
    raise_open_files().context("raise the limit of open files")?;
    let interrupt = Interrupt::watch()?;
    let mut running =
        Running::broker(&adapter, &found, &interrupt).with_context(|| format!("start {title}"))?;
    println!(
        "{title} {} serves MQTT at {}",
        found.version, running.address
    );
    if running.mqtt5 != running.address {
        println!("MQTT 5.0 at {}", running.mqtt5);
    }
    println!("command: {}", running.command.join(" "));
    println!("processes: {:?}", running.pids());
    println!("output: {}", running.log_path().display());
    println!("stop it with Ctrl-C");
    while !interrupt.came() {
        if let Some(end) = running.ended() {
            bail!("{title} {end}:\n{}", running.log_end());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(ExitCode::SUCCESS)
}
