//! Publishers and subscribers in pairs, each publisher with a fixed number of messages under way.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use shard_uring::{Driver, DriverSettings, Event, ReceiveError, SocketKey};

use super::packets;

/// Payload of each message, bytes.
const PAYLOAD: usize = 256;

/// What the pairs do.
#[derive(Clone, Copy, Debug)]
pub struct PairsSettings {
    /// Publishers, and subscribers.
    pub pairs: usize,
    /// 0 or 1.
    pub qos: u8,
    /// Messages of one publisher that have not arrived yet.
    pub window: usize,
    /// Whether the server wants CONNECT and SUBSCRIBE first.
    pub handshake: bool,
}

/// One publisher with its subscriber.
struct Pair {
    publisher: SocketKey,
    /// Messages that the subscriber got, messages that were acknowledged, messages sent.
    received: u64,
    acknowledged: u64,
    sent: u64,
    /// Bytes of packets that have not arrived whole.
    partial_bytes: usize,
    partial_message: Vec<u8>,
}

/// A running closed loop.
pub struct Pairs {
    driver: Driver,
    all: Vec<Pair>,
    settings: PairsSettings,
    message: Vec<u8>,
    buffer: Vec<u8>,
    events: Vec<Event>,
}

/// Topics have one length, so that all messages of a run have one.
fn topic(pair: usize) -> String {
    format!("bench/{pair:04}")
}

/// Bytes of a message as the relay sees it.
pub fn message_bytes(qos: u8) -> usize {
    packets::publish(&topic(0), qos, PAYLOAD).len()
}

impl Pairs {
    /// Connects all pairs in order and starts the loop.
    ///
    /// # Errors
    ///
    /// If the server refuses.
    pub fn start(address: SocketAddr, settings: PairsSettings) -> Result<Self> {
        let mut pairs = Self {
            driver: Driver::new(DriverSettings::default())?,
            all: Vec::new(),
            settings,
            message: Vec::new(),
            buffer: vec![0; 64 * 1024],
            events: Vec::new(),
        };
        for index in 0..settings.pairs {
            let subscriber = pairs.connect(address, 2 * index as u64, index)?;
            if settings.handshake {
                let packet = packets::subscribe(1, &topic(index), settings.qos);
                pairs.exchange(subscriber, &packet, packets::SUBACK)?;
            }
            let publisher = pairs.connect(address, 2 * index as u64 + 1, index)?;
            pairs.all.push(Pair {
                publisher,
                received: 0,
                acknowledged: 0,
                sent: 0,
                partial_bytes: 0,
                partial_message: Vec::new(),
            });
        }
        pairs.message = packets::publish(&topic(0), settings.qos, PAYLOAD);
        for index in 0..settings.pairs {
            pairs.publish(index);
        }
        pairs.driver.flush();
        Ok(pairs)
    }

    fn connect(&mut self, address: SocketAddr, tag: u64, index: usize) -> Result<SocketKey> {
        let socket = self.driver.connect(address, None, tag)?;
        self.wait_for(|event| matches!(event, Event::Connected { .. }))?;
        if self.settings.handshake {
            let role = if tag.is_multiple_of(2) { "s" } else { "p" };
            let packet = packets::connect(&format!("{role}{index}"), 0);
            self.exchange(socket, &packet, packets::CONNACK)?;
        }
        Ok(socket)
    }

    /// Sends `packet` and waits for an answer of `bytes`.
    fn exchange(&mut self, socket: SocketKey, packet: &[u8], bytes: usize) -> Result<()> {
        if let Some(outbox) = self.driver.outbox(socket, packet.len()) {
            outbox.push(packet);
        }
        self.wait_for(|event| matches!(event, Event::Readable { .. }))?;
        let received = self.driver.receive(socket, &mut self.buffer)?;
        if received != bytes {
            bail!(
                "expected an answer of {bytes} bytes, got {:02x?}",
                &self.buffer[..received]
            );
        }
        Ok(())
    }

    fn wait_for(&mut self, wanted: impl Fn(&Event) -> bool) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            self.driver.flush();
            self.driver
                .submit_and_wait(Some(Duration::from_millis(100)))?;
            self.driver.reap(&mut self.events);
            if self.events.drain(..).filter(|event| wanted(event)).count() > 0 {
                return Ok(());
            }
        }
        bail!("the server does not answer");
    }

    /// Keeps the loop going for `duration`; returns how many messages arrived.
    ///
    /// # Errors
    ///
    /// If a connection breaks.
    pub fn run(&mut self, duration: Duration) -> Result<u64> {
        let arrived = |pairs: &Self| pairs.all.iter().map(|pair| pair.received).sum::<u64>();
        let start = arrived(self);
        let deadline = Instant::now() + duration;
        while Instant::now() < deadline {
            self.driver
                .submit_and_wait(Some(Duration::from_millis(100)))?;
            let mut events = core::mem::take(&mut self.events);
            self.driver.reap(&mut events);
            for event in events.drain(..) {
                match event {
                    Event::Readable { socket, tag, .. } => self.receive(socket, tag)?,
                    Event::SendFailed { failure, .. } => return Err(failure.error().into()),
                    _ => {}
                }
            }
            self.events = events;
            self.driver.flush();
        }
        Ok(arrived(self) - start)
    }

    fn receive(&mut self, socket: SocketKey, tag: u64) -> Result<()> {
        let bytes = match self.driver.receive(socket, &mut self.buffer) {
            Ok(bytes) => bytes,
            Err(ReceiveError::Empty) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let index = usize::try_from(tag / 2)?;
        let pair = &mut self.all[index];
        if tag.is_multiple_of(2) {
            let partial = &mut pair.partial_message;
            partial.extend_from_slice(&self.buffer[..bytes]);
            let whole = partial.len() / self.message.len() * self.message.len();
            for message in partial[..whole].chunks(self.message.len()) {
                pair.received += 1;
                if self.settings.qos > 0
                    && let Some(outbox) = self.driver.outbox(socket, packets::PUBACK)
                {
                    outbox.push(&packets::puback(message, topic(0).len()));
                }
            }
            partial.drain(..whole);
        } else {
            pair.partial_bytes += bytes;
            pair.acknowledged += (pair.partial_bytes / packets::PUBACK) as u64;
            pair.partial_bytes %= packets::PUBACK;
        }
        self.publish(index);
        Ok(())
    }

    /// Fills the pair's window.
    fn publish(&mut self, index: usize) {
        let pair = &mut self.all[index];
        let mut done = pair.received;
        if self.settings.qos > 0 {
            done = done.min(pair.acknowledged);
        }
        while pair.sent - done < self.settings.window as u64 {
            pair.sent += 1;
            if let Some(outbox) = self.driver.outbox(pair.publisher, self.message.len()) {
                let place = outbox.push(&self.message);
                let topic = topic(index);
                let number = &topic.as_bytes()[topic.len() - 4..];
                let start = place + self.message.len()
                    - PAYLOAD
                    - 2 * usize::from(self.settings.qos > 0)
                    - 4;
                outbox.patch(start, [number[0], number[1]]);
                outbox.patch(start + 2, [number[2], number[3]]);
                if self.settings.qos > 0 {
                    let id = u16::try_from(pair.sent % 60_000 + 1).unwrap_or(1);
                    outbox.patch(start + 4, id.to_be_bytes());
                }
            }
        }
    }
}
