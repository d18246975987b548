//! Child processes end with their parent, and take it with them when they die.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::{Program, Server};
use crate::server;

/// A run of two processes that would go on for minutes, and its children.
fn start(server: &Server) -> (Program, Vec<i32>) {
    let words = "idle -c 10 --hold 300s --processes 2";
    let program = Program::start(words, server.address());
    let pid = program.pid();
    let list = format!("/proc/{pid}/task/{pid}/children");
    let mut children = Vec::new();
    until("two children", || {
        let text = fs::read_to_string(&list).unwrap_or_default();
        children = text
            .split_whitespace()
            .map(|pid| pid.parse().unwrap())
            .collect();
        // Both have got further than the start of a program.
        children.len() == 2 && children.iter().all(|pid| threads(*pid) > 2)
    });
    (program, children)
}

fn threads(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

/// Whether the process is there, and no mere entry that nobody has asked for.
fn lives(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    !matches!(state, None | Some('X' | 'Z'))
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 20 seconds: {what}");
        std::thread::yield_now();
    }
}

#[test]
fn children_end_when_their_parent_is_killed() {
    let server = server();
    let (program, children) = start(&server);
    // Dropping it kills it with a signal that it can't see.
    drop(program);
    until("the children are gone", || {
        !children.iter().any(|pid| lives(*pid))
    });
}

#[test]
fn a_child_that_dies_ends_the_run_with_a_reason() {
    let server = server();
    let (program, children) = start(&server);
    kill(Pid::from_raw(children[1]), Signal::SIGKILL).unwrap();
    let finished = program.finish();
    assert_eq!(finished.code, 1, "{}", finished.output);
    let reason = "loadgen: a process of the run failed: process 1: it ended before its time\n";
    assert_eq!(finished.errors, reason);
    until("the other child is gone", || !lives(children[0]));
}
