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

/// Bytes of a CONNACK of MQTT 3.1.1, and of a SUBACK without its return codes.
const ANSWER_BYTES: usize = 4;

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
    /// Packets still to be sent with the bytes of their answers, the next one last.
    packets: Vec<(Vec<u8>, usize)>,
    /// Bytes of the answer that is awaited.
    awaited: usize,
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
            awaited: 0,
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
                Ok(bytes) if bytes <= client.awaited => client.awaited -= bytes,
                Ok(bytes) => bail!("an answer of {bytes} bytes too many"),
                Err(ReceiveError::Empty) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if client.awaited > 0 {
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

/// A CONNECT and how long its answer is.
fn connect(name: &str) -> Result<(Vec<u8>, usize)> {
    let mut connect = Connect::new(Version::V311, name);
    connect.keep_alive_s = KEEP_ALIVE_S;
    Ok((encoded(&Packet::Connect(connect))?, ANSWER_BYTES))
}

/// A SUBSCRIBE to fewer than 124 filters and how long its answer is.
fn subscribe(id: u16, filters: &[String]) -> Result<(Vec<u8>, usize)> {
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
    Ok((encoded(&packet)?, ANSWER_BYTES + filters.len()))
}

fn encoded(packet: &Packet<'_>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    packet.encode(Version::V311, &mut bytes)?;
    Ok(bytes)
}
