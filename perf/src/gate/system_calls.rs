//! System calls of the broker for each message, all of its threads, as strace counts them.
//!
//! Two brokers under strace from their start to their end, with few and with many rounds of the same
//! traffic; the difference is what the rounds between cost. Nothing is sent before everything has
//! come that was sent before, so that how much the broker finds at once is always the same.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::pairs::{Pairs, Traffic};
use super::server::Server;
use crate::interrupt::Interrupt;

/// How long the broker may take to end once it was asked to.
const END_TIME: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Calls for each message.
///
/// # Errors
///
/// If there is no strace, or the broker does not start or loses a message.
pub(crate) fn measure(program: &Path, traffic: Traffic, interrupt: &Interrupt) -> Result<f64> {
    let few = calls(program, traffic, traffic.rounds_few, interrupt)?;
    let many = calls(program, traffic, traffic.rounds_many, interrupt)?;
    ensure!(
        many > few,
        "strace saw no difference between few and many messages"
    );
    let messages = (traffic.rounds_many - traffic.rounds_few) * traffic.messages_per_round();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = (many - few) as f64 / messages as f64;
    Ok(each)
}

/// Calls of one broker from start to end.
fn calls(program: &Path, traffic: Traffic, rounds: usize, interrupt: &Interrupt) -> Result<u64> {
    let mut server = Server::start_traced(program, interrupt)?;
    let mut pairs = Pairs::connect(server.address(), traffic)?;
    for _ in 0..rounds {
        interrupt.check()?;
        pairs.exchange(&server)?;
    }
    drop(pairs);
    server.ask_to_end()?;
    let deadline = Instant::now() + END_TIME;
    while !server.has_ended() {
        interrupt.check()?;
        if Instant::now() > deadline {
            bail!("the broker does not end in {} s", END_TIME.as_secs());
        }
        thread::sleep(LOOK_EVERY);
    }
    let path = server.trace_path();
    let summary = fs::read_to_string(&path).context("read what strace counted")?;
    total(&summary).with_context(|| format!("strace has no total in: {summary}"))
}

/// The number of calls in the last line of a summary.
///
/// ```text
/// % time     seconds  usecs/call     calls    errors syscall
/// 100.00    0.204973          22      9038         2 total
/// ```
fn total(summary: &str) -> Option<u64> {
    let mut lines = summary.lines();
    let line = lines.find(|line| line.trim_end().ends_with(" total"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found_with_and_without_errors() {
        let text = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 65.44    0.134144          22      6038         2 io_uring_enter
------ ----------- ----------- --------- --------- ----------------
100.00    0.204973          22      9038         2 total
";
        assert_eq!(total(text), Some(9038));
        let text = text.replace("9038         2", "9038          ");
        assert_eq!(total(&text), Some(9038));
        assert_eq!(total("strace: Operation not permitted\n"), None);
    }
}
