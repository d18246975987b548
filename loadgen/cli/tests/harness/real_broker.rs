//! The broker's binary, with a folder and ports of its own.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::scratch;

/// A running broker; killed when this is dropped.
pub struct RealBroker {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl RealBroker {
    pub(super) fn start() -> Self {
        let binary = std::env::var("SKEIN_BIN").expect("SKEIN_BIN names the binary `skein`");
        let folder = scratch("broker");
        // Somebody else may take the port in between; then the broker ends and another one is tried.
        for _ in 0..10 {
            let (port, api) = (free_port(), free_port());
            let config = folder.join("skein.conf");
            let data = folder.join("data");
            let text = format!(
                "listeners.tcp.default.bind = \"127.0.0.1:{port}\"\napi.bind = \"127.0.0.1:{api}\"\n\
                 node.data_dir = \"{}\"\nnode.shards = 1\n",
                data.display()
            );
            fs::write(&config, text).unwrap();
            let log = File::create(folder.join("log")).unwrap();
            let child = Command::new(&binary)
                .args(["run", "--config"])
                .arg(&config)
                .stdin(Stdio::null())
                .stdout(log.try_clone().unwrap())
                .stderr(log)
                .spawn();
            let mut broker = Self {
                child: child.expect("SKEIN_BIN can be run"),
                address: ([127, 0, 0, 1], port).into(),
                folder: folder.clone(),
            };
            if broker.listens() {
                return broker;
            }
        }
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        panic!("the broker does not start:\n{log}");
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn listens(&mut self) -> bool {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            if TcpStream::connect(self.address).is_ok() {
                return true;
            }
            std::thread::yield_now();
        }
        false
    }
}

impl Drop for RealBroker {
    fn drop(&mut self) {
        // It may have ended by itself.
        _ = self.child.kill();
        _ = self.child.wait();
        _ = fs::remove_dir_all(&self.folder);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}
