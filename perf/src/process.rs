//! A broker or relay that runs to be measured: started, waited for, watched, ended.

mod family;
mod group;
mod ports;
mod ready;

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::adapter::{Adapter, Found, StopSignal, Values, brokers_cache};
use crate::interrupt::Interrupt;

pub(crate) use group::Group;

use family::{Member, family, kill_again};

/// How long the relay may take to tell its address.
const RELAY_TIME: Duration = Duration::from_secs(10);

/// How long a process may take to end when asked, before it is killed.
const STOP_TIME: Duration = Duration::from_secs(10);

/// How often a process is looked at while it is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Lines of its output that are shown when something goes wrong.
const LOG_LINES_SHOWN: usize = 20;

/// A process of ours with its children. Ended when dropped.
pub(crate) struct Running {
    child: Child,
    /// Where clients connect, those of MQTT 5.0 at `mqtt5`.
    pub(crate) address: SocketAddr,
    pub(crate) mqtt5: SocketAddr,
    /// The command, as a shell would take it.
    pub(crate) command: Vec<String>,
    stop: Signal,
    folder: TempDir,
    /// Ends waiting of all kinds.
    interrupt: Interrupt,
}

impl Running {
    /// Starts the broker in a fresh folder on free ports and waits until it accepts clients.
    ///
    /// # Errors
    ///
    /// If it does not start, ends, or refuses clients until its time is over; with the end of its
    /// output. If somebody interrupts. Nothing of it is left then.
    pub(crate) fn broker(adapter: &Adapter, found: &Found, interrupt: &Interrupt) -> Result<Self> {
        let folder = TempDir::with_prefix("skein-perf-").context("make a folder for the broker")?;
        let data = folder.path().join("data");
        fs::create_dir(&data).context("make a folder for the broker")?;
        let [port, port2, port3, port4] = ports::free()?;
        let values = Values::default()
            .with("brokers", brokers_cache()?.display().to_string())
            .with("data", data.display().to_string())
            .with("port", port.to_string())
            .with("port2", port2.to_string())
            .with("port3", port3.to_string())
            .with("port4", port4.to_string())
            .with("program", found.program.display().to_string());
        for (name, text) in &adapter.files {
            fs::write(data.join(name), values.fill(text))
                .with_context(|| format!("write {name}"))?;
        }
        let command = adapter.start.command.iter().map(|text| values.fill(text));
        let command = command.collect::<Vec<_>>();
        let mut start = prepare(&command, &folder, &data)?;
        for (name, text) in &adapter.start.environment {
            start.env(name, values.fill(text));
        }
        let child = start
            .spawn()
            .with_context(|| format!("run {}", command.join(" ")))?;
        let mqtt5_port = adapter
            .start
            .mqtt5_port
            .as_deref()
            .map(|text| values.fill(text));
        let mqtt5_port = mqtt5_port.map_or(Ok(port), |text| text.parse())?;
        let mut running = Self {
            child,
            address: ([127, 0, 0, 1], port).into(),
            mqtt5: ([127, 0, 0, 1], mqtt5_port).into(),
            command,
            stop: match adapter.start.stop {
                StopSignal::Int => Signal::SIGINT,
                StopSignal::Term => Signal::SIGTERM,
            },
            folder,
            interrupt: interrupt.clone(),
        };
        running.wait_until_ready(Duration::from_secs(adapter.start.ready_s))?;
        Ok(running)
    }

    /// Starts this program as a relay.
    ///
    /// # Errors
    ///
    /// If it does not tell its address in time, or somebody interrupts. Nothing of it is left then.
    pub(crate) fn relay(interrupt: &Interrupt) -> Result<Self> {
        let folder = TempDir::with_prefix("skein-perf-").context("make a folder for the relay")?;
        let own = std::env::current_exe().context("find this program")?;
        let command = vec![own.display().to_string(), "relay".to_owned()];
        let child = prepare(&command, &folder, folder.path())?
            .spawn()
            .context("run the relay")?;
        let mut running = Self {
            child,
            address: ([127, 0, 0, 1], 0).into(),
            mqtt5: ([127, 0, 0, 1], 0).into(),
            command,
            stop: Signal::SIGTERM,
            folder,
            interrupt: interrupt.clone(),
        };
        let log = running.log_path();
        let address = running.wait_for(RELAY_TIME, |_| {
            let said = fs::read_to_string(&log).context("read what it says")?;
            let (line, _) = said.split_once('\n').context("no address")?;
            line.parse::<SocketAddr>().context("no address")
        })?;
        (running.address, running.mqtt5) = (address, address);
        Ok(running)
    }

    fn wait_until_ready(&mut self, time: Duration) -> Result<()> {
        let mut ports = vec![(self.address, ready::Version::Mqtt3)];
        if self.mqtt5 != self.address {
            ports.push((self.mqtt5, ready::Version::Mqtt5));
        }
        self.wait_for(time, |attempt| {
            let mut ports = ports.iter();
            ports.try_for_each(|(address, version)| ready::handshake(*address, *version, attempt))
        })
    }

    /// Tries again and again until something succeeds, for at most this time; it is told which try
    /// it is.
    fn wait_for<T>(&mut self, time: Duration, attempt: impl Fn(u32) -> Result<T>) -> Result<T> {
        let deadline = Instant::now() + time;
        let mut number = 0;
        loop {
            let problem = match attempt(number) {
                Ok(found) => return Ok(found),
                Err(problem) => problem,
            };
            number += 1;
            self.interrupt.check()?;
            if let Some(end) = self.ended() {
                bail!("it {end} before it was ready:\n{}", self.log_end());
            }
            if Instant::now() > deadline {
                let seconds = time.as_secs();
                let log = self.log_end();
                bail!("it is not ready after {seconds} s ({problem:#}):\n{log}");
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    /// How it ended, if it did: `ended with exit status: 1`.
    pub(crate) fn ended(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!("ended with {status}"))
    }

    /// Its processes, the first one first.
    pub(crate) fn pids(&self) -> Vec<u32> {
        family(self.child.id())
            .into_iter()
            .map(|member| member.pid)
            .collect()
    }

    /// Where its output goes.
    pub(crate) fn log_path(&self) -> PathBuf {
        self.folder.path().join("output.log")
    }

    /// The last lines of its output, each indented.
    pub(crate) fn log_end(&self) -> String {
        let text = fs::read(self.log_path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let lines = text.lines().collect::<Vec<_>>();
        let shown = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
        let shown = shown.iter().map(|line| format!("    {line}"));
        let shown = shown.collect::<Vec<_>>().join("\n");
        if shown.is_empty() {
            "    (it has said nothing)".to_owned()
        } else {
            shown
        }
    }

    /// Asks it to end, and kills what is left of it and its children.
    fn end(&mut self) {
        let members = family(self.child.id());
        if self.ended().is_none() {
            signal(self.child.id(), self.stop);
            let deadline = Instant::now() + STOP_TIME;
            while self.ended().is_none() && Instant::now() < deadline && !self.interrupt.insists() {
                thread::sleep(LOOK_EVERY);
            }
        }
        if self.ended().is_none() {
            _ = self.child.kill();
            _ = self.child.wait();
        }
        kill_again(&members);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// The command in a process group of its own, so that Ctrl-C reaches this program only.
fn prepare(command: &[String], folder: &TempDir, inside: &Path) -> Result<Command> {
    let (program, arguments) = command.split_first().context("a command names a program")?;
    let log = File::create(folder.path().join("output.log")).context("make a log")?;
    let mut start = Command::new(program);
    start
        .args(arguments)
        .current_dir(inside)
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("make a log")?)
        .stderr(log)
        .process_group(0);
    Ok(start)
}

/// Signals a process of ours.
fn signal(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        _ = kill(Pid::from_raw(pid), signal);
    }
}

/// Whether a member of a family is still the process that it was.
fn is_same(member: &Member) -> bool {
    family::started(member.pid) == Some(member.started)
}

#[cfg(test)]
mod tests;
