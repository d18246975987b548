//! A broker that stands still for a second: an open loop sees it, a closed loop hides it.

use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::harness::{Program, scratch};
use crate::server;

const MIDDLE: Duration = Duration::from_millis(1500);
const SECOND: Duration = Duration::from_secs(1);

/// Runs for four seconds, after `before` of which the broker stands still for `pause`; the latencies of
/// the measured stage.
fn latencies(load: &str, before: Duration, pause: Duration) -> Value {
    let server = server();
    let folder = scratch("pause");
    let words = format!("p2p --pairs 2 {load} --warm-up 0 -d 4s --drain 9s --json -");
    let program = Program::start(&words, server.address());
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap());
    // The pause is the subject of the test, and so is when it comes: after the start, before the end.
    let wait = |duration: Duration| {
        let start = Instant::now();
        while start.elapsed() < duration {
            std::thread::park_timeout(duration - start.elapsed());
        }
    };
    wait(before);
    kill(pid, Signal::SIGSTOP).unwrap();
    wait(pause);
    kill(pid, Signal::SIGCONT).unwrap();
    let report = program.finish().report(0);
    std::fs::remove_dir_all(folder).unwrap();
    let stages = report["stages"].as_array().unwrap();
    let measured = stages
        .iter()
        .find(|stage| stage["measured"] == true)
        .unwrap();
    measured["latency"].clone()
}

#[test]
fn a_pause_shows_in_an_open_loop() {
    let latency = latencies("-r 1000", MIDDLE, SECOND);
    let p999 = latency["intended"]["p999_ns"].as_u64().unwrap();
    assert!(p999 >= 500_000_000, "{p999} ns");
    // A fourth of the messages was due in the pause.
    let p90 = latency["intended"]["p90_ns"].as_u64().unwrap();
    assert!(p90 >= 200_000_000, "{p90} ns");
}

#[test]
fn a_pause_hides_in_a_closed_loop() {
    let latency = latencies("-w 1", MIDDLE, SECOND);
    let sent = &latency["sent"];
    assert!(sent["p999_ns"].as_u64().unwrap() < 500_000_000, "{sent}");
    // Two messages of thousands waited.
    assert!(sent["max_ns"].as_u64().unwrap() >= 500_000_000, "{sent}");
    assert!(sent["count"].as_u64().unwrap() > 5000, "{sent}");
}

#[test]
fn a_pause_over_the_end_is_no_loss_and_counts_where_messages_were_due() {
    let latency = latencies("-r 1000", 2 * MIDDLE, 3 * SECOND);
    // A quarter of the messages, about, was due in the pause and came after the stage.
    let p90 = latency["intended"]["p90_ns"].as_u64().unwrap();
    assert!(p90 >= 1_500_000_000, "{p90} ns");
    let count = latency["intended"]["count"].as_u64().unwrap();
    assert!((3_900..=4_100).contains(&count), "{count}");
}
