//! A process of the broker on a data folder, perhaps with its calls recorded.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Durability;
use crate::recording;

/// What a start with a log to read may need on a loaded machine.
const START_WITHIN: Duration = Duration::from_secs(40);

/// What an end may need, with a recording that is written to its end.
const END_WITHIN: Duration = Duration::from_secs(20);

/// Between two looks at a process.
const PACE: Duration = Duration::from_millis(2);

/// What a broker is started with.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) binary: PathBuf,
    /// The folder for configuration, data and log.
    pub(crate) folder: PathBuf,
    pub(crate) shards: u32,
    pub(crate) durability: Durability,
    /// Where its calls are recorded, if they are.
    pub(crate) recording: Option<PathBuf>,
}

/// A running broker; ended when this is dropped.
pub(crate) struct Broker {
    /// The broker, or what records it.
    child: Child,
    /// The broker.
    pid: Pid,
    pub(crate) address: SocketAddr,
}

impl Launch {
    /// The broker's data.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Starts the broker, and waits until it listens.
    pub(crate) fn start(&self) -> Result<Broker, String> {
        // Somebody else may take the port in between; then the broker ends and another one is tried.
        for _ in 0..5 {
            let mut broker = self.spawn()?;
            if broker.listens() {
                return Ok(broker);
            }
        }
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        Err(format!("the broker does not start:\n{log}"))
    }

    /// Starts the broker and waits for nothing.
    pub(crate) fn spawn(&self) -> Result<Broker, String> {
        let failed = |error: std::io::Error| format!("start the broker: {error}");
        let port = free_port().map_err(failed)?;
        let config = self.folder.join("skein.conf");
        fs::write(&config, self.config(port)).map_err(failed)?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log())
            .map_err(failed)?;
        let mut command = match &self.recording {
            Some(path) => recording::command(path, &self.binary),
            None => Command::new(&self.binary),
        };
        command
            .arg("run")
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null());
        command.stdout(log.try_clone().map_err(failed)?).stderr(log);
        let mut child = command.spawn().map_err(failed)?;
        let own = i32::try_from(child.id())
            .map(Pid::from_raw)
            .map_err(|error| error.to_string())?;
        let pid = match &self.recording {
            Some(_) => recorded(&mut child, own, &self.binary)?,
            None => own,
        };
        Ok(Broker {
            child,
            pid,
            address: (Ipv4Addr::LOCALHOST, port).into(),
        })
    }

    fn config(&self, port: u16) -> String {
        let durability = match self.durability {
            Durability::Strict => "",
            // Longer than most lives, and shorter than a publish is held when there is too much to sync.
            Durability::Relaxed => "store.durability = relaxed\nstore.sync_interval = 5s\n",
        };
        format!(
            "listeners.tcp.default.bind = \"127.0.0.1:{port}\"\napi.enable = false\n\
             node.data_dir = \"{}\"\nnode.shards = {}\n\
             mqtt.max_mqueue_len = infinity\nmqtt.max_mqueue_bytes = infinity\n{durability}",
            self.data().display(),
            self.shards
        )
    }
}

impl Broker {
    fn listens(&mut self) -> bool {
        let deadline = Instant::now() + START_WITHIN;
        while Instant::now() < deadline && !self.has_ended() {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            thread::sleep(PACE);
        }
        false
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it at once, as it is.
    pub(crate) fn kill(&mut self) -> Result<(), String> {
        self.signal(Signal::SIGKILL)?;
        self.wait().map(|_| ())
    }

    /// Has it end in peace; [`Self::stopped`] must follow.
    pub(crate) fn ask_to_stop(&mut self) -> Result<(), String> {
        self.signal(Signal::SIGTERM)
    }

    /// Waits until it has ended, in peace.
    pub(crate) fn stopped(mut self) -> Result<(), String> {
        let status = self.wait()?;
        status
            .success()
            .then_some(())
            .ok_or_else(|| format!("the broker ended with {status}"))
    }

    fn signal(&mut self, signal: Signal) -> Result<(), String> {
        if self.has_ended() {
            return Err("the broker ended by itself".to_owned());
        }
        kill(self.pid, signal).map_err(|error| format!("end the broker: {error}"))
    }

    fn wait(&mut self) -> Result<ExitStatus, String> {
        let deadline = Instant::now() + END_WITHIN;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Ok(None) if Instant::now() < deadline => thread::sleep(PACE),
                Ok(None) => return Err("the broker goes on after a signal".to_owned()),
                Err(error) => return Err(format!("wait for the broker: {error}")),
            }
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It may end at this very moment.
            let _ = kill(self.pid, Signal::SIGKILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The broker that strace, which is `parent`, has started.
fn recorded(parent: &mut Child, pid: Pid, binary: &Path) -> Result<Pid, String> {
    let binary = fs::canonicalize(binary).map_err(|error| format!("find the broker: {error}"))?;
    let list = format!("/proc/{pid}/task/{pid}/children");
    let deadline = Instant::now() + END_WITHIN;
    while Instant::now() < deadline && matches!(parent.try_wait(), Ok(None)) {
        let text = fs::read_to_string(&list).unwrap_or_default();
        // strace tries things in children of its own first, and a child is strace until it is not.
        for child in text.split_whitespace() {
            let program = fs::read_link(format!("/proc/{child}/exe"));
            if let (Ok(id), true) = (child.parse(), program.is_ok_and(|path| path == binary)) {
                return Ok(Pid::from_raw(id));
            }
        }
        thread::sleep(PACE);
    }
    let _ = parent.kill();
    let _ = parent.wait();
    Err("strace has not started the broker".to_owned())
}

fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
