//! The least that a broker could do: the same bytes between the same sockets, and no MQTT.

mod channels;
mod forward;
mod frames;
mod header;
mod limits;
mod peers;
mod switch;

use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use shard_uring::{probe, raise_open_files};

use switch::Switch;

/// Relays bytes from sources to sinks on an `io_uring`, as the measure of what MQTT adds.
///
/// Prints its address and serves until it is killed. One thread: its figures are CPU time per message,
/// which more threads would only make worse.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct RelayOptions {
    /// Address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    address: SocketAddr,
}

/// Serves for ever.
///
/// # Errors
///
/// If there is no `io_uring` here, the address is taken, or the ring breaks.
pub(crate) fn run(options: &RelayOptions) -> Result<ExitCode> {
    probe().context("look for io_uring")?;
    raise_open_files().context("raise the limit of open files")?;
    let (mut switch, address) = Switch::listen(options.address)?;
    println!("{address}");
    loop {
        switch.turn()?;
    }
}
