//! `skein data` on what a broker has stored: checked, taken out, and read in by another.

#![allow(
    clippy::disallowed_methods,
    reason = "drives the broker from outside: processes, files, time"
)]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What a loaded machine may need.
const DEADLINE: Duration = Duration::from_secs(30);

fn skein(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skein"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A broker with a data folder; killed if the test fails before it is stopped.
struct Broker {
    child: Child,
    port: u16,
}

impl Broker {
    fn start(folder: &Path, data: &Path) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        let config = folder.join("skein.conf");
        let text = format!(
            "listeners.tcp.default.bind = \"127.0.0.1:{port}\"\napi.enable = false\nnode.shards = 1\n\
             store.reserve_bytes = 0\nnode.data_dir = \"{}\"\n",
            data.display()
        );
        fs::write(&config, text).expect("there is room");
        let log = File::create(folder.join("log")).expect("there is room");
        let mut command = skein(&["run", "--config", config.to_str().expect("text")]);
        command.stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("the broker starts");
        let mut broker = Self { child, port };
        let start = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = broker.child.try_wait().expect("a child can be asked");
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(ended.is_none() && start.elapsed() < DEADLINE, "{log}");
            thread::sleep(Duration::from_millis(10));
        }
        broker
    }

    /// A connection of client `id` with a session that stays, and CONNACK's two bytes.
    fn connect(&self, id: u8) -> (TcpStream, [u8; 2]) {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let mut stream = stream.expect("the broker listens");
        let timeout = stream.set_read_timeout(Some(DEADLINE));
        timeout.expect("a time that is not zero");
        let connect = [
            0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 0, 0, 60, 0, 1, id,
        ];
        stream.write_all(&connect).expect("the broker reads");
        let connack = read::<4>(&mut stream);
        assert_eq!(connack[..2], [0x20, 2]);
        (stream, [connack[2], connack[3]])
    }

    fn stop(mut self) {
        let process = Pid::from_raw(i32::try_from(self.child.id()).expect("small"));
        kill(process, Signal::SIGTERM).expect("it runs");
        assert!(self.child.wait().expect("it was started").success());
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Nothing to do for one that was stopped.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn read<const N: usize>(stream: &mut TcpStream) -> [u8; N] {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).expect("the broker answers");
    bytes
}

/// A PUBLISH of quality of service 1 to `t`.
fn publish(packet_id: u8, payload: u8, retain: bool) -> [u8; 8] {
    [
        0x32 | u8::from(retain),
        6,
        0,
        1,
        b't',
        0,
        packet_id,
        payload,
    ]
}

fn data(arguments: &[&str]) -> Output {
    let mut command = skein(&["data"]);
    command.args(arguments).output().expect("it can be started")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_a_broker_stored_goes_to_another_and_is_delivered_there() {
    let folder = tempfile::tempdir().expect("there is room");
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let archive = folder.path().join("archive");
    let path = |path: &Path| path.to_str().expect("text").to_owned();
    let (first_name, second_name, archive_name) = (path(&first), path(&second), path(&archive));
    let broker = Broker::start(folder.path(), &first);
    let (mut stream, connack) = broker.connect(b's');
    assert_eq!(connack, [0, 0], "a new session");
    let subscribe = [0x82, 6, 0, 1, 0, 1, b't', 1];
    stream.write_all(&subscribe).expect("the broker reads");
    assert_eq!(read::<5>(&mut stream), [0x90, 3, 0, 1, 1]);
    stream.write_all(&[0xe0, 0]).expect("the broker reads");
    assert_eq!(stream.read(&mut [0]).expect("it is closed in order"), 0);
    let (mut stream, _) = broker.connect(b'p');
    for number in 1..=3 {
        let packet = publish(number, b'0' + number, number == 3);
        stream.write_all(&packet).expect("the broker reads");
        assert_eq!(read::<4>(&mut stream), [0x40, 2, 0, number]);
    }
    let check = ["check", "--data-dir", &first_name];
    let refused = data(&check);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("in use by another process"));
    broker.stop();

    let checked = data(&check);
    let said = text(&checked.stdout);
    assert_eq!(checked.status.code(), Some(0), "{said}");
    assert!(
        said.contains("2 live sessions") && said.ends_with(": sound\n"),
        "{said}"
    );
    let exported = data(&["export", "--data-dir", &first_name, "--to", &archive_name]);
    assert_eq!(
        exported.status.code(),
        Some(0),
        "{}",
        text(&exported.stderr)
    );
    let import = [
        "import",
        "--data-dir",
        &second_name,
        "--from",
        &archive_name,
        "--json",
    ];
    let mut bytes = fs::read(&archive).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&archive, &bytes).expect("there is room");
    let refused = data(&import);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stdout).contains("does not match"));
    bytes[middle] ^= 1;
    fs::write(&archive, &bytes).expect("there is room");
    let imported = data(&import);
    let said = text(&imported.stdout);
    assert_eq!(imported.status.code(), Some(0), "{said}");
    assert!(said.contains("\"queue\": 3"), "{said}");

    let broker = Broker::start(folder.path(), &second);
    let (mut stream, connack) = broker.connect(b's');
    assert_eq!(connack, [1, 0], "the session is there");
    for number in 1..=3 {
        let [first, length, rest @ ..] = read::<8>(&mut stream);
        assert_eq!((first & 0xf6, length), (0x32, 6));
        assert_eq!((rest[2], rest[5]), (b't', b'0' + number));
    }
    broker.stop();
}
