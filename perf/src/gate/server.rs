//! The broker under measurement: one shard, everything else as users have it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::adapter::{Folder, Found};
use crate::interrupt::Interrupt;
use crate::process::Running;

/// One shard, so that what a client costs does not depend on the number of cores here.
const CONFIG: &str = "\
node.data_dir = \"{data}\"
node.shards = 1
listeners.tcp.default.bind = \"127.0.0.1:{port}\"
api.bind = \"127.0.0.1:{port2}\"
log.level = warning
";

/// How long the broker's threads may take to stand still.
const PAUSE_TIME: Duration = Duration::from_secs(5);

/// Milliseconds for which the broker's allocator keeps freed pages. Without any, memory is what is in
/// use and not what was shortly before: a table that grew leaves its old self behind, for a while or,
/// if nothing happens any more, for ever.
const PURGE_DELAY: &str = "MIMALLOC_PURGE_DELAY";

/// The file of strace's summary.
const TRACE: &str = "strace";

/// A broker of our own; ended when dropped.
pub(crate) struct Server {
    running: Running,
    /// Holds what strace counts.
    folder: TempDir,
}

impl Server {
    /// Starts the broker, whose memory is to be read, and waits until it takes clients.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(crate) fn start(program: &Path, interrupt: &Interrupt) -> Result<Self> {
        Self::start_with(&[], &[(PURGE_DELAY, "0")], program, interrupt)
    }

    /// The same, as a child of strace, which counts system calls.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(crate) fn start_traced(program: &Path, interrupt: &Interrupt) -> Result<Self> {
        let strace = ["strace", "-f", "-c", "-o", "{trace}"];
        Self::start_with(&strace, &[], program, interrupt)
            .context("count with strace (Debian package strace)")
    }

    fn start_with(
        tool: &[&str],
        environment: &[(&str, &str)],
        program: &Path,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let folder = TempDir::with_prefix("skein-perf-").context("make a folder")?;
        let mut adapter = Folder::default().load("skein")?;
        adapter.files = [("skein.conf".to_owned(), CONFIG.to_owned())].into();
        for (name, value) in environment {
            let entry = ((*name).to_owned(), (*value).to_owned());
            adapter.start.environment.extend([entry]);
        }
        let trace = folder.path().join(TRACE).display().to_string();
        let tool = tool.iter().map(|word| word.replace("{trace}", &trace));
        adapter.start.command.splice(0..0, tool);
        let found = Found {
            program: program.to_owned(),
            version: String::new(),
        };
        let running = Running::broker(&adapter, &found, interrupt).context("start the broker")?;
        Ok(Self { running, folder })
    }

    /// Where clients connect.
    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    /// The broker's process, not that of strace.
    fn pid(&self) -> Result<u32> {
        let pids = self.running.pids();
        let log = || format!("the broker has ended:\n{}", self.running.log_end());
        pids.last().copied().with_context(log)
    }

    /// Tells the broker to end.
    ///
    /// # Errors
    ///
    /// If it has ended by itself.
    pub(crate) fn ask_to_end(&self) -> Result<()> {
        self.signal(Signal::SIGTERM)
    }

    /// Stops the broker where it is, and returns when all of its threads stand still.
    ///
    /// # Errors
    ///
    /// If it has ended, or goes on.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal(Signal::SIGSTOP)?;
        let tasks = format!("/proc/{}/task", self.pid()?);
        let deadline = Instant::now() + PAUSE_TIME;
        while !all_stand_still(Path::new(&tasks))? {
            if Instant::now() > deadline {
                bail!("the broker does not stand still");
            }
            thread::yield_now();
        }
        Ok(())
    }

    /// Lets it go on.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub(crate) fn resume(&self) -> Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.pid()?)?);
        kill(pid, signal).with_context(|| format!("send {signal} to the broker"))
    }

    /// Whether the broker, and strace with it, has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.running.ended().is_some()
    }

    /// Where strace writes its summary when the broker has ended.
    pub(crate) fn trace_path(&self) -> PathBuf {
        self.folder.path().join(TRACE)
    }

    /// Resident memory, bytes.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.pid()?);
        let text = fs::read_to_string(&path).with_context(|| format!("read {path}"))?;
        resident(&text).with_context(|| format!("{path} has no Rss"))
    }
}

/// Whether every thread in a folder of `/proc` is stopped, for a signal or by whoever traces it.
fn all_stand_still(tasks: &Path) -> Result<bool> {
    for task in fs::read_dir(tasks).context("list the broker's threads")? {
        let status = fs::read_to_string(task?.path().join("stat")).unwrap_or_default();
        // The name stands in brackets and may contain anything.
        let state = status.rsplit_once(") ").map(|(_, rest)| rest);
        if !state.is_some_and(|state| state.starts_with(['T', 't'])) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Bytes in the line `Rss: 1234 kB`.
fn resident(rollup: &str) -> Option<u64> {
    let mut lines = rollup.lines();
    let line = lines.find_map(|line| line.strip_prefix("Rss:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_bytes() {
        let text = "55d0-7ffc ---p 00000000 00:00 0 [rollup]\nRss:  5124 kB\nPss:  9 kB\n";
        assert_eq!(resident(text), Some(5124 * 1024));
        assert_eq!(resident("Pss: 1 kB\n"), None);
    }
}
