//! `perf start`: one broker as comparisons start it, for people to try things with.

use std::io::{self, Write};
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
    // Printing would end this program, and not the broker, if nobody reads.
    let said = description(title, &found.version, &running);
    io::stdout().write_all(said.as_bytes()).context("print")?;
    while !interrupt.came() {
        if let Some(end) = running.ended() {
            bail!("{title} {end}:\n{}", running.log_end());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(ExitCode::SUCCESS)
}

/// What people need to use it.
fn description(title: &str, version: &str, running: &Running) -> String {
    let mqtt5 = if running.mqtt5 == running.address {
        String::new()
    } else {
        format!("MQTT 5.0 at {}\n", running.mqtt5)
    };
    format!(
        "{title} {version} serves MQTT at {}\n{mqtt5}command: {}\nprocesses: {:?}\noutput: {}\n\
         stop it with Ctrl-C\n",
        running.address,
        running.command.join(" "),
        running.pids(),
        running.log_path().display()
    )
}
