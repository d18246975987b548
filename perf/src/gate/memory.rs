//! What idle connections and subscriptions cost the broker in resident memory.
//!
//! Slopes, so that what the broker costs by itself does not count: with few and with many of
//! something, the difference divided by their number.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use super::crowd::Crowd;
use super::server::Server;
use crate::interrupt::Interrupt;

/// Clients of the two readings; both processes need a file for each.
const CLIENTS_FEW: usize = 2_000;
const CLIENTS_MANY: usize = 18_000;

/// Clients that are on their way at the same time. Full: the others wait for them.
const CONNECTING_MAX: usize = 256;

/// Clients that subscribe to much, and to how much.
const SUBSCRIBERS: usize = 1_000;
const FILTERS_FEW: usize = 100;
const FILTERS_MANY: usize = 500;

/// Memory is settled when this many readings in a row say the same.
const SAME_READINGS: u32 = 4;
const READ_EVERY: Duration = Duration::from_millis(200);
const SETTLE_TIME: Duration = Duration::from_secs(15);

/// What is held in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// A connection that has sent CONNECT, with keep alive.
    Connection,
    /// The same, that has subscribed once.
    ConnectionWithSubscription,
    /// One more subscription of a client, without wildcards.
    Subscription,
    /// One more subscription of a client, with a wildcard.
    SubscriptionWithWildcard,
}

/// Resident bytes for each.
///
/// # Errors
///
/// If the broker does not start, refuses a client, or its memory does not settle.
pub(crate) fn measure(program: &Path, held: Held, interrupt: &Interrupt) -> Result<f64> {
    let exact = |client: usize, number: usize| format!("fleet/{client:06}/sensor/{number:04}");
    let wildcard = |client: usize, number: usize| format!("fleet/{client:06}/{number:04}/#");
    match held {
        Held::Connection => connections(program, |_| Vec::new(), interrupt),
        Held::ConnectionWithSubscription => {
            connections(program, |client| vec![exact(client, 0)], interrupt)
        }
        Held::Subscription => subscriptions(program, exact, interrupt),
        Held::SubscriptionWithWildcard => subscriptions(program, wildcard, interrupt),
    }
}

/// In one broker: few connections, then many.
fn connections(
    program: &Path,
    filters: impl Fn(usize) -> Vec<String>,
    interrupt: &Interrupt,
) -> Result<f64> {
    let server = Server::start(program, interrupt)?;
    let mut crowd = Crowd::new(server.address(), CONNECTING_MAX)?;
    crowd.grow(CLIENTS_FEW, &filters, interrupt)?;
    let few = settled(&server, interrupt)?;
    crowd.grow(CLIENTS_MANY, &filters, interrupt)?;
    let many = settled(&server, interrupt)?;
    slope(few, many, CLIENTS_MANY - CLIENTS_FEW)
}

/// In two brokers: few and many subscriptions of each client.
///
/// One client after the other, because the order in which subscriptions come decides how memory
/// falls to pieces: all at once, the figure moves by five hundredths.
fn subscriptions(
    program: &Path,
    filter: impl Fn(usize, usize) -> String,
    interrupt: &Interrupt,
) -> Result<f64> {
    let with = |count: usize| -> Result<u64> {
        let server = Server::start(program, interrupt)?;
        let mut crowd = Crowd::new(server.address(), 1)?;
        let filters = |client| (0..count).map(|number| filter(client, number)).collect();
        crowd.grow(SUBSCRIBERS, filters, interrupt)?;
        settled(&server, interrupt)
    };
    let (few, many) = (with(FILTERS_FEW)?, with(FILTERS_MANY)?);
    slope(few, many, SUBSCRIBERS * (FILTERS_MANY - FILTERS_FEW))
}

/// Bytes for each of the `count` that are more.
///
/// # Errors
///
/// If many take no more than few: whatever does not hold them is no saving.
fn slope(few: u64, many: u64, count: usize) -> Result<f64> {
    ensure!(
        many > few,
        "many take {many} bytes and few {few}: nothing is held"
    );
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let each = (many - few) as f64 / count as f64;
    Ok(each)
}

/// Resident bytes once nothing happens any more.
fn settled(server: &Server, interrupt: &Interrupt) -> Result<u64> {
    let deadline = Instant::now() + SETTLE_TIME;
    let (mut last, mut same) = (0, 0);
    while same < SAME_READINGS {
        interrupt.check()?;
        if Instant::now() > deadline {
            bail!(
                "the broker's memory does not settle in {} s",
                SETTLE_TIME.as_secs()
            );
        }
        thread::sleep(READ_EVERY);
        let bytes = server.resident_bytes()?;
        same = if bytes == last { same + 1 } else { 0 };
        last = bytes;
    }
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_for_each_and_what_takes_nothing_has_none() {
        assert!((slope(1_000, 7_000, 10).unwrap() - 600.0).abs() < 1e-9);
        let text = slope(7_000, 7_000, 10).unwrap_err().to_string();
        assert!(text.contains("nothing is held"), "{text}");
    }
}
