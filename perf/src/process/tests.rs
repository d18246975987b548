//! Processes that are no brokers: how they are reported, and that nothing of them stays.

use std::io::Read;
use std::os::unix::net::UnixStream;

use super::*;
use crate::adapter::Folder;

/// An adapter whose broker is a line of shell.
fn adapter(line: &str, ready_s: u64) -> Adapter {
    let mut adapter = Folder::default().load("mosquitto").expect("it is there");
    adapter.start.command = ["sh", "-c", line].map(str::to_owned).to_vec();
    adapter.start.ready_s = ready_s;
    adapter
}

fn shell() -> Found {
    Found {
        program: "/bin/sh".into(),
        version: "1".to_owned(),
    }
}

fn refusal(adapter: &Adapter) -> String {
    let found = shell();
    let started = Running::broker(adapter, &found, &Interrupt::default());
    format!("{:#}", started.err().expect("it is no broker"))
}

#[test]
fn a_broker_that_ends_is_reported_with_what_it_said() {
    let said = refusal(&adapter("echo the port {port} is haunted >&2; exit 3", 20));
    assert!(said.contains("ended with exit status: 3"), "{said}");
    assert!(
        said.contains("    the port ") && said.contains(" is haunted"),
        "{said}"
    );
}

#[test]
fn a_broker_that_is_never_ready_is_ended_with_its_children() {
    let folder = TempDir::new().expect("there is room");
    let path = folder.path().join("socket");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("it is free");
    let line = format!(
        "echo hello; python3 -c 'import socket, time; s = socket.socket(socket.AF_UNIX); \
         s.connect(\"{}\"); time.sleep(60)' & sleep 60",
        path.display()
    );
    let said = refusal(&adapter(&line, 1));
    assert!(said.contains("not ready after 1 s"), "{said}");
    assert!(said.ends_with("    hello"), "{said}");
    // Had the child not connected in that second, there would be nothing to wait for.
    listener.set_nonblocking(true).expect("sockets can be");
    if let Ok((mut stream, _)) = listener.accept() {
        ends(&mut stream);
    }
}

/// Waits for the other side to be gone.
fn ends(stream: &mut UnixStream) {
    stream.set_nonblocking(false).expect("sockets can be");
    let time = Some(Duration::from_secs(20));
    stream
        .set_read_timeout(time)
        .expect("sockets have timeouts");
    let read = stream.read(&mut [0; 1]).expect("the child is gone in time");
    assert_eq!(read, 0);
}

/// A broker that takes every client and does not end when it is told to.
const STUBBORN: &str = r#"exec python3 -c '
import signal, socket
signal.signal(signal.SIGTERM, signal.SIG_IGN)
listener = socket.create_server(("127.0.0.1", {port}))
while True:
    client, _ = listener.accept()
    client.recv(100)
    client.sendall(bytes([0x20, 2, 0, 0]))
'"#;

#[test]
fn a_broker_that_does_not_end_is_killed_when_its_user_insists() {
    let found = shell();
    let interrupt = Interrupt::default();
    let adapter = adapter(STUBBORN, 20);
    let running = Running::broker(&adapter, &found, &interrupt).expect("it takes clients");
    let pid = running.pids()[0];
    interrupt.note();
    interrupt.note();
    let asked = Instant::now();
    drop(running);
    assert!(asked.elapsed() < STOP_TIME, "nobody waits for it");
    assert_eq!(family::started(pid), None);
}

#[test]
fn an_interruption_ends_the_wait_for_a_broker_that_is_never_ready() {
    let interrupt = Interrupt::default();
    interrupt.note();
    let found = shell();
    let started = Running::broker(&adapter("sleep 60", 60), &found, &interrupt);
    let error = started.err().expect("it is no broker").to_string();
    assert_eq!(error, "interrupted");
}
