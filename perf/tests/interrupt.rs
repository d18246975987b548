//! A comparison that somebody interrupts: what it reports, and that nothing of it goes on.
#![allow(clippy::disallowed_methods, reason = "drives processes and sockets")]

use std::fs;
use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use loadgen_report::{Broker, Connections, Report, Run, Stage};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take that this waits for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Plays the broker and the load generator. Each holds a connection to this test, so that the test sees
/// it come and go. The load generator's first run is done at once, its second never.
const PLAYER: &str = r#"#!/usr/bin/env python3
import os, re, shutil, socket, sys

def hold(word):
    held = socket.create_connection(("127.0.0.1", PORT))
    held.sendall(word)
    return held

here = os.path.dirname(sys.argv[0])
if sys.argv[1] == "--version":
    print("loadgen 1")
elif sys.argv[1] == "-h":
    print("mosquitto version 1.0")
elif sys.argv[1] == "-c":
    port = int(re.search(r"listener (\d+)", open(sys.argv[2]).read())[1])
    held = hold(b"broker  ")
    listener = socket.create_server(("127.0.0.1", port))
    while True:
        client, _ = listener.accept()
        client.recv(100)
        client.sendall(b"\x20\x02\x00\x00")
elif not os.path.exists(here + "/done"):
    open(here + "/done", "w").close()
    shutil.copy(here + "/measured.json", sys.argv[sys.argv.index("--json") + 1])
else:
    held = hold(b"loadgen ")
    held.recv(1)
"#;

/// Ten connections in half a second of the broker's time.
fn measured() -> Report {
    let mut report = Report::new(Run::default());
    report.stages.push(Stage {
        measured: true,
        seconds: 1.0,
        connections: Connections {
            attempted: 10,
            connected: 10,
            ..Connections::default()
        },
        broker: Some(Broker {
            cpu_s: 0.5,
            ..Broker::default()
        }),
        ..Stage::default()
    });
    report
}

/// A folder with the player and what it needs, and where it says that it is there.
fn stage() -> (TempDir, PathBuf, TcpListener) {
    let folder = TempDir::new().expect("there is room");
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let player = folder.path().join("player");
    let text = PLAYER.replace("PORT", &port.to_string());
    fs::write(&player, text).expect("there is room");
    fs::set_permissions(&player, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let report = folder.path().join("measured.json");
    fs::write(report, measured().to_json()).expect("there is room");
    (folder, player, listener)
}

fn compare(player: &Path, out: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_perf"))
        .args(["compare", "--unoptimised", "--no-relay", "--rounds", "2"])
        .args(["--brokers", "mosquitto"])
        .args(["--scenarios", "connect,connect-cycle"])
        .arg("--loadgen")
        .arg(player)
        .arg("--out")
        .arg(out)
        .env("SKEIN_PERF_MOSQUITTO", player)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("perf starts")
}

/// The next player's connection, which has to be this one's.
fn appears(listener: &TcpListener, expected: [u8; 8]) -> TcpStream {
    listener.set_nonblocking(true).expect("sockets can be");
    let deadline = Instant::now() + PATIENCE;
    let mut stream = loop {
        if let Ok((stream, _)) = listener.accept() {
            break stream;
        }
        assert!(Instant::now() < deadline, "nobody comes");
        std::thread::yield_now();
    };
    stream.set_nonblocking(false).expect("sockets can be");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("sockets have timeouts");
    let mut word = [0; 8];
    stream.read_exact(&mut word).expect("it says who it is");
    assert_eq!(word, expected);
    stream
}

/// Waits until a player's process is gone.
fn goes(mut player: TcpStream) {
    // Reset or closed, but in time.
    match player.read(&mut [0; 1]) {
        Ok(bytes) => assert_eq!(bytes, 0),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset),
    }
}

fn interrupt(perf: Child) -> Output {
    let pid = i32::try_from(perf.id()).expect("process numbers are small");
    kill(Pid::from_raw(pid), Signal::SIGINT).expect("it runs");
    perf.wait_with_output().expect("it ends")
}

#[test]
fn an_interrupted_comparison_reports_what_is_complete_and_leaves_nothing_behind() {
    let (folder, player, listener) = stage();
    let out = folder.path().join("out");
    let perf = compare(&player, &out);
    goes(appears(&listener, *b"broker  "));
    let broker = appears(&listener, *b"broker  ");
    let loadgen = appears(&listener, *b"loadgen ");
    let output = interrupt(perf);
    goes(loadgen);
    goes(broker);

    assert_eq!(output.status.code(), Some(130), "{output:?}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        said.contains("Interrupted: some rounds are missing"),
        "{said}"
    );
    let text = fs::read_to_string(out.join("report.json")).expect("it was written");
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!(report["interrupted"], true);
    let outcome = |scenario: usize| &report["results"][scenario]["outcome"];
    let values = &outcome(0)["values"]["connects-per-cpu-second"];
    assert_eq!(*values, serde_json::json!([20.0]));
    assert_eq!(outcome(1)["is"], "unmeasured");
    let page = fs::read_to_string(out.join("report.md")).expect("it was written");
    assert!(page.contains("- Mosquitto: 1 of 2 rounds"), "{page}");
    assert!(out.join("report.html").exists());
}

#[test]
fn an_interruption_before_the_first_figure_leaves_older_reports_alone() {
    let (folder, player, listener) = stage();
    fs::write(folder.path().join("done"), "").expect("there is room");
    let out = folder.path().join("out");
    fs::create_dir(&out).expect("there is room");
    fs::write(out.join("report.md"), "older").expect("there is room");
    let perf = compare(&player, &out);
    let broker = appears(&listener, *b"broker  ");
    let loadgen = appears(&listener, *b"loadgen ");
    let output = interrupt(perf);
    goes(loadgen);
    goes(broker);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("interrupted before anything was measured"),
        "{said}"
    );
    let page = fs::read_to_string(out.join("report.md")).expect("it was written");
    assert_eq!(page, "older");
}

#[test]
fn a_broker_ends_with_its_program_even_if_nobody_reads_what_that_says() {
    let (_folder, player, listener) = stage();
    let mut perf = Command::new(env!("CARGO_BIN_EXE_perf"))
        .args(["start", "mosquitto"])
        .env("SKEIN_PERF_MOSQUITTO", &player)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("perf starts");
    drop(perf.stdout.take());
    goes(appears(&listener, *b"broker  "));
    let status = perf.wait().expect("it ends");
    // Not by a signal: a program that aborts leaves its broker behind.
    assert_eq!(status.code(), Some(1));
}
