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

fn refusal(adapter: &Adapter) -> String {
    let found = Found {
        program: "/bin/sh".into(),
        version: "1".to_owned(),
    };
    let started = Running::broker(adapter, &found);
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
