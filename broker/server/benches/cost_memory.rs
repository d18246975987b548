//! What idle connections and subscriptions cost the broker in resident memory.
//!
//! Slopes, so that what the broker costs by itself does not count: the same broker with few and with
//! many of something, the difference divided by their number. One shard; the clients are this
//! process, so each of the two needs as many files as there are connections.
//!
//! `cargo bench -p broker-server --bench cost_memory -- [--few N] [--many N]`
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement"
)]
#![allow(
    clippy::wildcard_enum_match_arm,
    unreachable_pub,
    missing_docs,
    reason = "a program"
)]
#![allow(dead_code, reason = "shares modules with cost_relay")]

#[path = "cost/child.rs"]
mod child;
#[path = "cost/crowd.rs"]
mod crowd;
#[path = "cost/packets.rs"]
mod packets;

use std::thread;
use std::time::Duration;

use anyhow::Result;
use child::Server;
use crowd::Crowd;
use shard_uring::raise_open_files;

/// Clients that subscribe to much, and to how much.
const SUBSCRIBERS: usize = 1000;
const FILTERS_FEW: usize = 20;
const FILTERS_MANY: usize = 200;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str, default: usize| -> Result<usize> {
        let at = arguments.iter().position(|argument| argument == name);
        let text = at.and_then(|at| arguments.get(at + 1));
        Ok(text.map_or(Ok(default), |text| text.parse())?)
    };
    let (few, many) = (value("--few", 2000)?, value("--many", 18_000)?);
    raise_open_files()?;
    let exact = |client: usize, number: usize| format!("fleet/{client:06}/sensor/{number:04}");
    let wildcard = |client: usize, number: usize| format!("fleet/{client:06}/{number:04}/#");
    let mut within = true;
    within &= report(
        "idle connection",
        600,
        connections(few, many, |_| Vec::new())?,
    );
    within &= report(
        "idle connection with one subscription",
        800,
        connections(few, many, |client| vec![exact(client, 0)])?,
    );
    within &= report("exact subscription", 128, subscriptions(exact)?);
    within &= report("wildcard subscription", 192, subscriptions(wildcard)?);
    anyhow::ensure!(within, "over budget");
    Ok(())
}

/// Prints one result; false if it is over the budget.
fn report(what: &str, budget: i64, bytes: i64) -> bool {
    println!("{bytes:5} bytes per {what} (budget {budget})");
    bytes <= budget
}

/// Bytes per connection between `few` and `many` of them.
fn connections(few: usize, many: usize, filters: impl Fn(usize) -> Vec<String>) -> Result<i64> {
    let server = Server::broker()?;
    let mut crowd = Crowd::new(server.address)?;
    crowd.grow(few, &filters)?;
    let before = settled(&server)?;
    crowd.grow(many, &filters)?;
    Ok((settled(&server)? - before) / i64::try_from(many - few)?)
}

/// Bytes per subscription between few and many of them per client, in two brokers.
fn subscriptions(filter: impl Fn(usize, usize) -> String) -> Result<i64> {
    let with = |count: usize| -> Result<i64> {
        let server = Server::broker()?;
        let mut crowd = Crowd::new(server.address)?;
        let filters = |client| (0..count).map(|number| filter(client, number)).collect();
        crowd.grow(SUBSCRIBERS, filters)?;
        settled(&server)
    };
    let difference = with(FILTERS_MANY)? - with(FILTERS_FEW)?;
    Ok(difference / i64::try_from(SUBSCRIBERS * (FILTERS_MANY - FILTERS_FEW))?)
}

/// Resident bytes once nothing happens any more.
fn settled(server: &Server) -> Result<i64> {
    thread::sleep(Duration::from_secs(2));
    Ok(i64::try_from(server.resident_bytes()?)?)
}
