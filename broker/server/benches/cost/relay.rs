//! The least that a broker could do: bytes from one socket to another on an `io_uring`, nothing else.

use anyhow::Result;
use shard_uring::{
    Driver, DriverSettings, Event, ListenerSettings, ReceiveError, SendPath, SocketKey,
};

/// What the relay is told.
#[derive(Clone, Copy, Debug)]
pub struct RelaySettings {
    /// Bytes of a message after which the publisher gets four bytes back; 0: never.
    pub acknowledge_every: usize,
    /// How bytes reach the kernel.
    pub send_path: SendPath,
}

struct Publisher {
    socket: SocketKey,
    subscriber: SocketKey,
    /// Bytes of the message that is under way.
    partial: usize,
}

/// Relays for ever. Connections come in pairs: a subscriber, then its publisher.
///
/// # Errors
///
/// If the ring breaks.
pub fn serve(settings: RelaySettings) -> Result<()> {
    let RelaySettings {
        acknowledge_every,
        send_path,
    } = settings;
    let mut driver = Driver::new(DriverSettings {
        send_path,
        ..DriverSettings::default()
    })?;
    let (_, address) = driver.listen(&ListenerSettings::new(([127, 0, 0, 1], 0).into()))?;
    print_line(&address.to_string());
    let mut publishers = Vec::new();
    let mut sinks = Vec::new();
    let mut events = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        driver.submit_and_wait(None)?;
        driver.reap(&mut events);
        for event in events.drain(..) {
            match event {
                Event::Accepted { socket, .. } => {
                    let is_second = sinks.len() > publishers.len();
                    let tag = if is_second {
                        publishers.len() as u64
                    } else {
                        u64::MAX
                    };
                    let socket = driver.attach(socket, tag).expect("the table has room");
                    match sinks.last() {
                        Some(subscriber) if is_second => {
                            let subscriber = *subscriber;
                            publishers.push(Publisher {
                                socket,
                                subscriber,
                                partial: 0,
                            });
                        }
                        _ => sinks.push(socket),
                    }
                }
                Event::Readable { socket, tag, .. } => {
                    match (
                        driver.receive(socket, &mut buffer),
                        publishers.get_mut(index(tag)),
                    ) {
                        (Ok(bytes), Some(publisher)) => {
                            relay(&mut driver, publisher, &buffer[..bytes], acknowledge_every);
                        }
                        // Acknowledgements of the subscriber end here.
                        (Ok(_), None) | (Err(ReceiveError::Empty), _) => {}
                        (Err(_), _) => driver.close(socket),
                    }
                }
                _ => {}
            }
        }
        driver.flush();
    }
}

fn relay(driver: &mut Driver, publisher: &mut Publisher, bytes: &[u8], acknowledge_every: usize) {
    if let Some(outbox) = driver.outbox(publisher.subscriber, bytes.len()) {
        outbox.push(bytes);
    }
    if acknowledge_every == 0 {
        return;
    }
    publisher.partial += bytes.len();
    while publisher.partial >= acknowledge_every {
        publisher.partial -= acknowledge_every;
        if let Some(outbox) = driver.outbox(publisher.socket, 4) {
            outbox.push(&[0x40, 2, 0, 1]);
        }
    }
}

fn index(tag: u64) -> usize {
    usize::try_from(tag).unwrap_or(usize::MAX)
}

#[allow(
    clippy::print_stdout,
    reason = "it is how the parent learns the address"
)]
fn print_line(line: &str) {
    println!("{line}");
}
