//! What a message costs the broker, next to what its bytes cost a program that only passes them on.
//!
//! 50 publishers, 50 subscribers, 256 bytes, a closed loop; broker and relay each on the first core,
//! the clients on the others, all in one run. CPU time is the measured process's own, all threads.
//!
//! `cargo bench -p broker-server --bench cost_relay -- [--rounds N] [--seconds N] [--window N]
//! [--relay-only] [--send call|entry]`
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
#![allow(dead_code, reason = "shares modules with cost_memory")]

#[path = "cost/child.rs"]
mod child;
#[path = "cost/packets.rs"]
mod packets;
#[path = "cost/pairs.rs"]
mod pairs;
#[path = "cost/relay.rs"]
mod relay;

use std::time::Duration;

use anyhow::Result;
use child::Server;
use pairs::{Pairs, PairsSettings, message_bytes};
use relay::RelaySettings;
use shard_uring::SendPath;

/// The broker's CPU time per message, as a multiple of the relay's.
const BUDGETS: [(u8, f64); 2] = [(0, 1.5), (1, 2.5)];

struct Options {
    rounds: usize,
    seconds: u64,
    window: usize,
    relay_only: bool,
    send: String,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str, default: &str| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1))
            .map_or_else(|| default.to_owned(), Clone::clone)
    };
    let send = value("--send", "entry");
    let send_path = if send == "call" {
        SendPath::Call
    } else {
        SendPath::Entry
    };
    if arguments
        .first()
        .is_some_and(|first| first == "serve-relay")
    {
        let acknowledge_every = value("--acknowledge-every", "0").parse()?;
        return relay::serve(RelaySettings {
            acknowledge_every,
            send_path,
        });
    }
    let options = Options {
        rounds: value("--rounds", "3").parse()?,
        seconds: value("--seconds", "3").parse()?,
        window: value("--window", "1").parse()?,
        relay_only: arguments.iter().any(|argument| argument == "--relay-only"),
        send,
    };
    let mut within = true;
    for (qos, budget) in BUDGETS {
        within &= compare(&options, qos, budget)?;
    }
    anyhow::ensure!(within, "over budget");
    Ok(())
}

/// Prints what a message of this QoS costs both; false if it is over the budget.
fn compare(options: &Options, qos: u8, budget: f64) -> Result<bool> {
    let (mut relays, mut brokers) = (Vec::new(), Vec::new());
    for _ in 0..options.rounds {
        let every = if qos > 0 { message_bytes(qos) } else { 0 }.to_string();
        let relay = Server::own(&[
            "serve-relay",
            "--acknowledge-every",
            &every,
            "--send",
            &options.send,
        ])?;
        relays.push(measure(&relay, options, qos, false)?);
        drop(relay);
        if !options.relay_only {
            brokers.push(measure(&Server::broker()?, options, qos, true)?);
        }
    }
    let relay = median(&mut relays);
    println!(
        "QoS {qos}  relay {:6.2} us/message at {:8.0}/s",
        relay.cost_us, relay.rate
    );
    if options.relay_only {
        return Ok(true);
    }
    let broker = median(&mut brokers);
    let ratio = broker.cost_us / relay.cost_us;
    println!(
        "QoS {qos}  skein {:6.2} us/message at {:8.0}/s  {ratio:.2} times (budget {budget})",
        broker.cost_us, broker.rate
    );
    Ok(ratio <= budget)
}

#[derive(Clone, Copy)]
struct Measured {
    /// CPU time of the server per message, microseconds.
    cost_us: f64,
    /// Messages per second.
    rate: f64,
}

fn measure(server: &Server, options: &Options, qos: u8, handshake: bool) -> Result<Measured> {
    let settings = PairsSettings {
        pairs: 50,
        qos,
        window: options.window,
        handshake,
    };
    let mut pairs = Pairs::start(server.address, settings)?;
    pairs.run(Duration::from_millis(500))?;
    let before = server.cpu()?;
    let messages = pairs.run(Duration::from_secs(options.seconds))?;
    let spent = server.cpu()?.saturating_sub(before);
    anyhow::ensure!(messages > 0, "no message arrived");
    #[allow(clippy::cast_precision_loss, reason = "far below 2^53")]
    let messages = messages as f64;
    Ok(Measured {
        cost_us: spent.as_secs_f64() * 1e6 / messages,
        rate: messages / Duration::from_secs(options.seconds).as_secs_f64(),
    })
}

fn median(measured: &mut [Measured]) -> Measured {
    measured.sort_by(|one, other| one.cost_us.total_cmp(&other.cost_us));
    measured[measured.len() / 2]
}
