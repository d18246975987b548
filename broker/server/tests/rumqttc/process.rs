//! One process of the broker, with its own port and folder.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a loaded machine may need.
const DEADLINE: Duration = Duration::from_secs(20);

/// A running broker; killed if a test fails before it is stopped.
pub(crate) struct Process {
    child: Child,
    folder: PathBuf,
    /// Where it listens on loopback.
    pub(crate) port: u16,
}

impl Process {
    /// Starts the broker with one shard and more `settings`, and waits until it listens.
    pub(crate) fn start(settings: &str) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("skein-rumqttc-{port}"));
        fs::create_dir_all(&folder).expect("the folder for temporary files takes another");
        let config = folder.join("skein.conf");
        let text = format!(
            "listeners.tcp.default.bind = \"127.0.0.1:{port}\"\napi.enable = false\nnode.shards = 1\n\
             node.data_dir = \"{}\"\n{settings}\n",
            folder.join("data").display()
        );
        fs::write(&config, text).expect("the configuration can be written");
        let log = File::create(folder.join("log")).expect("the log can be written");
        let child = Command::new(env!("CARGO_BIN_EXE_skein"))
            .arg("run")
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file can be had twice"))
            .stderr(log)
            .spawn()
            .expect("the broker starts");
        let mut process = Self {
            child,
            folder,
            port,
        };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = process.child.try_wait().expect("a child can be asked");
            assert!(
                ended.is_none() && start.elapsed() < DEADLINE,
                "no broker: {}",
                process.log()
            );
            thread::sleep(Duration::from_millis(10));
        }
        process
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Ends it by SIGTERM and checks that it ended well and had nothing to complain about.
    pub(crate) fn stop(mut self) {
        let id = i32::try_from(self.child.id()).expect("process ids are small");
        kill(Pid::from_raw(id), Signal::SIGTERM).expect("the broker runs");
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                break status;
            }
            assert!(start.elapsed() < DEADLINE, "it goes on: {}", self.log());
            thread::sleep(Duration::from_millis(10));
        };
        let log = self.log();
        assert!(status.success(), "{status}: {log}");
        assert!(!log.contains(" WARN ") && !log.contains("ERROR"), "{log}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail if the process has ended in peace.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !thread::panicking() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports");
    listener.local_addr().expect("it is bound").port()
}
