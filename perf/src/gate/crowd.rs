//! Very many clients that connect, subscribe, and then say nothing.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use shard_uring::{Driver, DriverSettings, Event, ReceiveError, SocketKey};
use wire_message::Qos;
use wire_mqtt::{
    Connect, FilterRequest, FilterRequests, Packet, PacketId, Subscribe, SubscribeProperties,
    Version,
};

use crate::interrupt::Interrupt;

/// Filters of one SUBSCRIBE. Full: there is another SUBSCRIBE.
const FILTERS_PER_PACKET: usize = 100;

/// Clients of one source address, so that its ports do not run out. Full: the next address.
const CLIENTS_PER_ADDRESS: usize = 8_000;

/// Seconds of silence that the clients announce.
const KEEP_ALIVE_S: u16 = 3600;

/// The CONNACK of MQTT 3.1.1 that says yes.
const CONNACK: [u8; 4] = [0x20, 2, 0, 0];

/// How long clients may take to connect.
const TIME_MAX: Duration = Duration::from_mins(1);

/// Idle clients of one server.
pub(crate) struct Crowd {
    driver: Driver,
    address: SocketAddr,
    /// Clients that are on their way at the same time; the others wait for them.
    connecting_max: usize,
    clients: Vec<Client>,
    events: Vec<Event>,
}

struct Client {
    socket: SocketKey,
    /// Packets still to be sent with their answers, the next one last.
    packets: Vec<(Vec<u8>, Vec<u8>)>,
    /// What is missing of the answer.
    awaited: Vec<u8>,
}

impl Crowd {
    /// No clients yet; at most `connecting_max` will be on their way at the same time.
    ///
    /// # Errors
    ///
    /// If this machine has no `io_uring`.
    pub(crate) fn new(address: SocketAddr, connecting_max: usize) -> Result<Self> {
        shard_uring::raise_open_files().context("raise the limit of open files")?;
        let driver = Driver::new(DriverSettings::default()).context("make a ring")?;
        Ok(Self {
            driver,
            address,
            connecting_max,
            clients: Vec::new(),
            events: Vec::new(),
        })
    }

    /// Connects clients until there are `total`, each with the filters that `filters` gives for its
    /// number, and returns when the server has answered everything.
    ///
    /// # Errors
    ///
    /// If the server refuses or takes too long, or somebody wants this program to end.
    pub(crate) fn grow(
        &mut self,
        total: usize,
        filters: impl Fn(usize) -> Vec<String>,
        interrupt: &Interrupt,
    ) -> Result<()> {
        let deadline = Instant::now() + TIME_MAX;
        let mut done = self.clients.len();
        while done < total {
            interrupt.check()?;
            while self.clients.len() < total && self.clients.len() - done < self.connecting_max {
                self.begin(&filters)?;
            }
            self.driver.flush();
            self.driver
                .submit_and_wait(Some(Duration::from_millis(100)))?;
            let mut events = core::mem::take(&mut self.events);
            self.driver.reap(&mut events);
            for event in events.drain(..) {
                done += usize::from(self.step(&event)?);
            }
            self.events = events;
            if Instant::now() > deadline {
                bail!("{done} of {total} clients in {} s", TIME_MAX.as_secs());
            }
        }
        Ok(())
    }

    fn begin(&mut self, filters: impl Fn(usize) -> Vec<String>) -> Result<()> {
        let number = self.clients.len();
        let last = u8::try_from(number / CLIENTS_PER_ADDRESS + 1)?;
        let local = SocketAddr::from((Ipv4Addr::new(127, 0, 1, last), 0));
        let socket = self
            .driver
            .connect(self.address, Some(local), number as u64)?;
        let filters = filters(number);
        let chunks = filters.chunks(FILTERS_PER_PACKET).zip(1..);
        let packets = chunks.map(|(filters, id)| subscribe(id, filters));
        let packets = packets.chain([connect(&format!("client-{number:06}"))]);
        self.clients.push(Client {
            socket,
            packets: packets.collect::<Result<_>>()?,
            awaited: Vec::new(),
        });
        Ok(())
    }

    /// Takes one client one step further; true if that was its last.
    fn step(&mut self, event: &Event) -> Result<bool> {
        let tag = match event {
            Event::Connected { tag, .. } | Event::Readable { tag, .. } => *tag,
            Event::ConnectFailed { error, .. } => bail!("connect: {error}"),
            Event::SendFailed { failure, .. } => bail!("send: {}", failure.error()),
            Event::Closed { .. } => bail!("the server closes a connection"),
            Event::Accepted { .. }
            | Event::AcceptFailed { .. }
            | Event::Sent { .. }
            | Event::Woken => return Ok(false),
        };
        let client = &mut self.clients[usize::try_from(tag)?];
        if matches!(event, Event::Readable { .. }) {
            let mut buffer = [0; 1024];
            match self.driver.receive(client.socket, &mut buffer) {
                Ok(bytes) => take(&mut client.awaited, &buffer[..bytes])?,
                Err(ReceiveError::Empty) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !client.awaited.is_empty() {
            return Ok(false);
        }
        let Some((packet, answer)) = client.packets.pop() else {
            return Ok(true);
        };
        client.awaited = answer;
        let outbox = self.driver.outbox(client.socket, packet.len());
        outbox.context("a client has an outbox")?.push(&packet);
        Ok(false)
    }
}

/// Takes what was received off what is awaited.
fn take(awaited: &mut Vec<u8>, received: &[u8]) -> Result<()> {
    ensure!(
        awaited.starts_with(received),
        "an answer of {received:02x?}, not {awaited:02x?}"
    );
    awaited.drain(..received.len());
    Ok(())
}

/// A CONNECT and its answer.
fn connect(name: &str) -> Result<(Vec<u8>, Vec<u8>)> {
    let mut connect = Connect::new(Version::V311, name);
    connect.keep_alive_s = KEEP_ALIVE_S;
    Ok((encoded(&Packet::Connect(connect))?, CONNACK.to_vec()))
}

/// A SUBSCRIBE to few filters and its answer, which grants QoS 0 for each.
fn subscribe(id: u16, filters: &[String]) -> Result<(Vec<u8>, Vec<u8>)> {
    ensure!(
        filters.len() <= FILTERS_PER_PACKET,
        "the answer's length takes one byte"
    );
    let requests = filters
        .iter()
        .map(|filter| FilterRequest::new(filter, Qos::AtMostOnce));
    let requests = requests.collect::<Vec<_>>();
    let packet = Packet::Subscribe(Subscribe {
        packet_id: PacketId::new(id).context("packet ids start at 1")?,
        properties: SubscribeProperties::default(),
        requests: FilterRequests::new(&requests),
    });
    let length = u8::try_from(2 + filters.len())?;
    let mut answer = vec![0x90, length];
    answer.extend(id.to_be_bytes());
    answer.resize(answer.len() + filters.len(), Qos::AtMostOnce.bits());
    Ok((encoded(&packet)?, answer))
}

fn encoded(packet: &Packet<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    packet.encode(Version::V311, &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_may_come_in_pieces_but_no_others_may_come() {
        let filters = ["a", "b"].map(str::to_owned);
        let (_, mut awaited) = subscribe(258, &filters).unwrap();
        assert_eq!(awaited, [0x90, 4, 1, 2, 0, 0]);
        take(&mut awaited, &[0x90, 4, 1]).unwrap();
        let refused = take(&mut awaited.clone(), &[2, 0, 0x80]).unwrap_err();
        let text = refused.to_string();
        assert_eq!(text, "an answer of [02, 00, 80], not [02, 00, 00]");
        take(&mut awaited, &[2, 0, 0]).unwrap();
        assert!(take(&mut awaited, &[0]).is_err());
    }
}
