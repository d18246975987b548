//! Very many clients that connect, subscribe, and then say nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use shard_uring::{Driver, DriverSettings, Event, ReceiveError, SocketKey};

use super::packets;

/// Clients that are on their way at the same time.
const CONNECTING_MAX: usize = 256;

/// Seconds of silence that the clients announce.
const KEEP_ALIVE_S: u16 = 3600;

/// Idle clients of one server.
pub struct Crowd {
    driver: Driver,
    address: SocketAddr,
    clients: Vec<Client>,
    events: Vec<Event>,
}

struct Client {
    socket: SocketKey,
    /// Packets still to be sent, the next one last.
    packets: Vec<Vec<u8>>,
    /// Bytes of the answer that is awaited.
    awaited: usize,
}

impl Crowd {
    /// No clients yet.
    ///
    /// # Errors
    ///
    /// If this machine has no `io_uring`.
    pub fn new(address: SocketAddr) -> Result<Self> {
        let driver = Driver::new(DriverSettings::default())?;
        Ok(Self {
            driver,
            address,
            clients: Vec::new(),
            events: Vec::new(),
        })
    }

    /// Connects clients until there are `total`, each with the filters that `filters` gives for its
    /// number, and returns when the server has answered everything.
    ///
    /// # Errors
    ///
    /// If the server refuses, or a minute passes.
    pub fn grow(&mut self, total: usize, filters: impl Fn(usize) -> Vec<String>) -> Result<()> {
        let deadline = Instant::now() + Duration::from_mins(2);
        let (start, mut done) = (self.clients.len(), self.clients.len());
        while done < total {
            while self.clients.len() < total && self.clients.len() - done < CONNECTING_MAX {
                self.begin(&filters)?;
            }
            self.driver.flush();
            self.driver
                .submit_and_wait(Some(Duration::from_millis(100)))?;
            let mut events = core::mem::take(&mut self.events);
            self.driver.reap(&mut events);
            for event in events.drain(..) {
                done += usize::from(self.step(event)?);
            }
            self.events = events;
            if Instant::now() > deadline {
                bail!(
                    "{} of {} clients in two minutes",
                    done - start,
                    total - start
                );
            }
        }
        Ok(())
    }

    fn begin(&mut self, filters: impl Fn(usize) -> Vec<String>) -> Result<()> {
        let number = self.clients.len();
        // A few source addresses, so that the ports of one do not run out.
        let last = u8::try_from(number / 8000 + 1)?;
        let local = SocketAddr::from((Ipv4Addr::new(127, 0, 1, last), 0));
        let socket = self
            .driver
            .connect(self.address, Some(local), number as u64)?;
        let mut packets: Vec<_> = filters(number)
            .chunks(100)
            .zip(1..)
            .map(|(filters, id)| packets::subscribe_all(id, filters, 0))
            .collect();
        packets.push(packets::connect(
            &format!("client-{number:06}"),
            KEEP_ALIVE_S,
        ));
        self.clients.push(Client {
            socket,
            packets,
            awaited: 0,
        });
        Ok(())
    }

    /// Takes one client one step further; true if that was its last.
    fn step(&mut self, event: Event) -> Result<bool> {
        let tag = match event {
            Event::Connected { tag, .. } => tag,
            Event::Readable { tag, .. } => {
                let client = &mut self.clients[usize::try_from(tag)?];
                let mut buffer = [0; 1024];
                match self.driver.receive(client.socket, &mut buffer) {
                    Ok(bytes) if bytes <= client.awaited => client.awaited -= bytes,
                    Ok(bytes) => bail!("an answer of {bytes} bytes too many"),
                    Err(ReceiveError::Empty) => {}
                    Err(error) => return Err(error.into()),
                }
                tag
            }
            Event::ConnectFailed { error, .. } => return Err(error.into()),
            Event::SendFailed { failure, .. } => return Err(failure.error().into()),
            _ => return Ok(false),
        };
        let client = &mut self.clients[usize::try_from(tag)?];
        if client.awaited > 0 {
            return Ok(false);
        }
        let Some(packet) = client.packets.pop() else {
            return Ok(true);
        };
        client.awaited = packets::answer_bytes(&packet);
        if let Some(outbox) = self.driver.outbox(client.socket, packet.len()) {
            outbox.push(&packet);
        }
        Ok(false)
    }
}
