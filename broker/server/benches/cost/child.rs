//! Processes that are measured from outside.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// A server under measurement; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    folder: Option<PathBuf>,
}

impl Server {
    /// Starts the broker with one shard on the first core, and waits until it listens.
    ///
    /// # Errors
    ///
    /// If it ends, or does not listen within ten seconds.
    pub fn broker() -> Result<Self> {
        let address = free_address()?;
        let folder = std::env::temp_dir().join(format!("skein-cost-{}", address.port()));
        fs::create_dir_all(&folder)?;
        let config = folder.join("skein.conf");
        let text = format!(
            "listeners.tcp.default.bind = \"{address}\"\napi.bind = \"{}\"\nnode.data_dir = \"{}\"\n\
             node.shards = 1\nlog.level = \"warning\"\n",
            free_address()?,
            folder.display()
        );
        fs::write(&config, text)?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_skein"));
        command.arg("run").arg("--config").arg(&config);
        let mut child = on_core(0, || command.spawn())?;
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            if let Some(status) = child.try_wait()? {
                bail!("the broker ended with {status}");
            }
            if Instant::now() > deadline {
                bail!("the broker does not listen on {address}");
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Self {
            child,
            address,
            folder: Some(folder),
        })
    }

    /// Starts this program again, on the first core, with arguments that make it a server which
    /// prints its address.
    ///
    /// # Errors
    ///
    /// If it prints none.
    pub fn own(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdout(Stdio::piped());
        let mut child = on_core(0, || command.spawn())?;
        let output = child.stdout.take().context("the output was asked for")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        Ok(Self {
            child,
            address: line.trim().parse()?,
            folder: None,
        })
    }

    /// CPU time of all threads so far.
    ///
    /// # Errors
    ///
    /// If the process has ended.
    pub fn cpu(&self) -> Result<Duration> {
        let mut nanos = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // The first field of schedstat is the time on a core, user and kernel.
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += text
                .split(' ')
                .next()
                .context("schedstat has fields")?
                .parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Resident memory, bytes.
    ///
    /// # Errors
    ///
    /// If the process has ended.
    pub fn resident_bytes(&self) -> Result<u64> {
        let path = format!("/proc/{}/smaps_rollup", self.child.id());
        let text = fs::read_to_string(path)?;
        let line = text
            .lines()
            .find(|line| line.starts_with("Rss:"))
            .context("Rss is there")?;
        let kib = line.split_whitespace().nth(1).context("Rss has a value")?;
        Ok(kib.parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
        if let Some(folder) = &self.folder {
            _ = fs::remove_dir_all(folder);
        }
    }
}

/// An address that nobody listens on now.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Runs `start` with this thread on one core only, which children inherit, and moves it to the
/// others afterwards.
fn on_core<T>(core: usize, start: impl FnOnce() -> std::io::Result<T>) -> Result<T> {
    let this = Pid::from_raw(0);
    let mut all = CpuSet::new();
    for core in 0..thread::available_parallelism()?.get().max(core + 2) {
        _ = all.set(core);
    }
    let allowed = sched_getaffinity(this)?;
    let mut one = CpuSet::new();
    one.set(core)?;
    sched_setaffinity(this, &one)?;
    let started = start();
    let mut rest = allowed;
    rest.unset(core)?;
    if sched_setaffinity(this, &rest).is_err() {
        sched_setaffinity(this, &all)?;
    }
    Ok(started?)
}
