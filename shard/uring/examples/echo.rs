//! The least server: sends back what it gets. `cargo run --example echo -- 127.0.0.1:7777`
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a program")]

use std::error::Error;
use std::net::SocketAddr;

use shard_uring::{
    Driver, DriverSettings, Event, ListenerSettings, ReceiveError, SocketKey, probe,
};

fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:7777".to_owned());
    probe()?;
    let mut driver = Driver::new(DriverSettings::default())?;
    let (_, address) = driver.listen(&ListenerSettings::new(address.parse::<SocketAddr>()?))?;
    println!("echoes on {address}");
    let mut events = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        driver.submit_and_wait(None)?;
        driver.reap(&mut events);
        for event in events.drain(..) {
            match event {
                Event::Accepted { socket, .. } => {
                    // A full table gives the socket back, and dropping it closes it.
                    _ = driver.attach(socket, 0);
                }
                Event::Readable { socket, .. } => echo(&mut driver, socket, &mut buffer),
                Event::SendFailed { socket, .. } => driver.close(socket),
                Event::AcceptFailed { error, .. } => return Err(error.into()),
                Event::Closed { .. }
                | Event::Connected { .. }
                | Event::ConnectFailed { .. }
                | Event::Sent { .. }
                | Event::Woken => {}
            }
        }
        driver.flush();
    }
}

fn echo(driver: &mut Driver, socket: SocketKey, buffer: &mut [u8]) {
    loop {
        match driver.receive(socket, buffer) {
            Ok(bytes) => {
                if let Some(outbox) = driver.outbox(socket, bytes) {
                    outbox.push(&buffer[..bytes]);
                }
            }
            Err(ReceiveError::Empty) => return,
            Err(ReceiveError::Finished | ReceiveError::Broken(_)) => return driver.close(socket),
        }
    }
}
