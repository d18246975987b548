//! What the program leaves behind, and how it ends.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::harness::{Program, loadgen, scratch};
use crate::server;

#[test]
fn all_files_are_written_and_read_again() {
    let server = server();
    let folder = scratch("outputs");
    let at = |name: &str| folder.join(name).display().to_string();
    let words = format!(
        "p2p --pairs 2 -r 200 --warm-up 0 -d 1s --interval 250ms --broker-pid {} --json {} \
         --html {} --hdr {}",
        server.pid(),
        at("a.json"),
        at("a.html"),
        at("logs")
    );
    let finished = loadgen(&words, server.address());
    assert_eq!(finished.code, 0, "{}", finished.errors);
    assert!(finished.output.contains("p2p"), "{}", finished.output);
    assert_eq!(finished.errors, "", "no progress without a terminal");
    let report: Value = serde_json::from_str(&fs::read_to_string(at("a.json")).unwrap()).unwrap();
    let stages = report["stages"].as_array().unwrap();
    let measured = stages
        .iter()
        .find(|stage| stage["measured"] == true)
        .unwrap();
    assert!(
        measured["intervals"].as_array().unwrap().len() >= 4,
        "{measured}"
    );
    let broker = &measured["broker"];
    assert!(broker["cpu_s"].as_f64().unwrap() > 0.0, "{broker}");
    assert!(
        broker["resident_bytes_max"].as_u64().unwrap() > 100_000,
        "{broker}"
    );
    let log = fs::read_to_string(folder.join("logs/measure.intended.hlog")).unwrap();
    assert!(
        log.lines().filter(|line| line.starts_with("Tag=")).count() >= 4,
        "{log}"
    );
    let html = fs::read_to_string(at("a.html")).unwrap();
    assert!(
        html.contains("<svg") && !html.contains("http://"),
        "a page that needs nothing"
    );
    let comparison = format!(
        "report {} {} --html {}",
        at("a.json"),
        at("a.json"),
        at("b.html")
    );
    let finished = Program::start_words(&comparison).finish();
    assert_eq!(finished.code, 0, "{}", finished.errors);
    assert!(finished.output.contains("p2p"), "{}", finished.output);
    assert!(fs::read_to_string(at("b.html")).unwrap().contains("<svg"));
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn prometheus_is_answered_while_it_runs() {
    let server = server();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let words = format!("p2p --pairs 2 -r 200 -d 30s --interval 100ms --prometheus {address}");
    let program = Program::start(&words, server.address());
    let deadline = Instant::now() + Duration::from_secs(20);
    let scrape = |path: &str| {
        let mut stream = TcpStream::connect(address).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        Some(text)
    };
    let mut text = String::new();
    while !text.contains("delivered") {
        assert!(
            Instant::now() < deadline,
            "no metrics in 20 seconds: {text}"
        );
        text = scrape("/metrics").unwrap_or_default();
    }
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
    assert!(scrape("/other").unwrap().starts_with("HTTP/1.1 404"));
    drop(program);
}

/// Starts a run with a report on standard output, and waits until it measures.
fn measuring(words: &str, broker: SocketAddr) -> Program {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let words = format!("{words} --interval 100ms --json - --prometheus {address}");
    let program = Program::start(&words, broker);
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut text = String::new();
    while !text.contains("stage=\"measure\"") {
        assert!(
            Instant::now() < deadline,
            "not measuring after 20 seconds: {text}"
        );
        text.clear();
        if let Ok(mut stream) = TcpStream::connect(address) {
            _ = stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n");
            _ = stream.read_to_string(&mut text);
        }
    }
    program
}

#[test]
fn a_watched_process_that_dies_is_named_in_the_report() {
    let server = server();
    let mut watched = Command::new("sleep").arg("60").spawn().unwrap();
    let pid = watched.id();
    let words = format!("p2p --pairs 2 -r 500 --warm-up 0 -d 2s --broker-pid {pid}");
    let program = measuring(&words, server.address());
    watched.kill().unwrap();
    watched.wait().unwrap();
    let report = program.finish().report(0);
    let warnings = report["warnings"].to_string();
    let expected = format!("measure: process {pid} of the broker ended");
    assert_eq!(warnings.matches(&expected).count(), 1, "{warnings}");
    assert_eq!(report["verdict"], "spoiled");
}

#[test]
fn ctrl_c_ends_early_with_a_report_that_says_so() {
    let server = server();
    let program = measuring("p2p --pairs 2 -r 500 --warm-up 0 -d 60s", server.address());
    let pid = i32::try_from(program.pid()).unwrap();
    kill(Pid::from_raw(pid), Signal::SIGINT).unwrap();
    let report = program.finish().report(0);
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("interrupted after"), "{warnings}");
    assert_eq!(report["checks"]["lost"], 0, "{report}");
    assert!(report["checks"]["delivered"].as_u64().unwrap() > 0);
}

#[test]
fn what_cannot_run_says_why_in_one_sentence() {
    let server = server();
    let closed = TcpListener::bind(("127.0.0.1", 0))
        .unwrap()
        .local_addr()
        .unwrap();
    for (words, address, reason) in [
        ("p2p -d 1s", closed, "Connection refused"),
        ("p2p --pairs 3000000", server.address(), "--processes"),
        (
            "idle -c 60000 --processes 100",
            server.address(),
            "--source 127.0.1.1-127.0.1.3",
        ),
        ("fan-in -w 5 --processes 2", server.address(), "--threads"),
        (
            "p2p --broker-pid 4194305",
            server.address(),
            "watch process 4194305",
        ),
        (
            "run no-such-file.toml",
            server.address(),
            "no-such-file.toml",
        ),
        (
            "run persistent-sessions -d 5s",
            server.address(),
            "--duration",
        ),
        (
            "p2p --html /no/such/folder/a.html",
            server.address(),
            "/no/such/folder/a.html",
        ),
    ] {
        let finished = loadgen(words, address);
        assert_eq!(finished.code, 1, "{words}: {}", finished.output);
        let errors = finished.errors;
        assert!(
            errors.contains(reason) && errors.lines().count() == 1,
            "{errors}"
        );
        assert!(errors.starts_with("loadgen: "), "{errors}");
    }
    let finished = loadgen("p2p --no-such-option", server.address());
    assert_eq!(finished.code, 1, "{}", finished.errors);
    let finished = loadgen("run idle-1m --rate 5", server.address());
    assert_eq!(finished.code, 1, "{}", finished.errors);
    assert!(finished.errors.contains("--rate"), "{}", finished.errors);
    let finished = Program::start_words("p2p --help").finish();
    assert!(finished.code == 0 && finished.output.contains("--pairs"));
}

#[test]
fn a_broker_that_never_answers_is_told_from_one_that_is_not_reached() {
    // The kernel opens the connections; nobody takes them.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = silent.local_addr().unwrap();
    let finished = loadgen("connect -c 7 --mode cycle --warm-up 300ms", address);
    assert_eq!(finished.code, 1, "{}", finished.output);
    let expected = "no answer in 0.3 s to 7 attempts, 7 of which TCP opened";
    assert!(finished.errors.contains(expected), "{}", finished.errors);
}

#[test]
fn the_list_names_what_run_takes() {
    let finished = Program::start_words("list").finish();
    assert_eq!(finished.code, 0);
    assert!(
        finished.output.contains("fan-out-5-to-1000\n"),
        "{}",
        finished.output
    );
}
