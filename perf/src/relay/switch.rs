//! The relay's loop: who is readable is read, and what was read is queued where it belongs.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use shard_uring::{Driver, DriverSettings, Event, ListenerSettings, SocketKey};

use super::channels::{Channels, Sink};
use super::forward::{Outcome, push, push_framed, receive};
use super::header::{Header, REGISTERED, Role};
use super::limits::{ANSWER_BYTES_MAX, QUEUED_BYTES_MAX, READ_BYTES};
use super::peers::{Part, Peers, Source};

/// Sockets, who they are, and who is to be read.
pub(super) struct Switch {
    driver: Driver,
    peers: Peers,
    channels: Channels,
    /// Peers to be read, each once.
    ready: Vec<usize>,
    events: Vec<Event>,
    buffer: Vec<u8>,
}

impl Switch {
    /// Listens; returns the address as well.
    pub(super) fn listen(address: SocketAddr) -> Result<(Self, SocketAddr)> {
        let mut driver = Driver::new(DriverSettings::default()).context("make a ring")?;
        let settings = ListenerSettings {
            reuse_port: false,
            ..ListenerSettings::new(address)
        };
        let (_, address) = driver
            .listen(&settings)
            .with_context(|| format!("listen on {address}"))?;
        let switch = Self {
            driver,
            peers: Peers::default(),
            channels: Channels::default(),
            ready: Vec::new(),
            events: Vec::new(),
            buffer: vec![0; READ_BYTES],
        };
        Ok((switch, address))
    }

    /// Waits for something to happen and does all that follows.
    pub(super) fn turn(&mut self) -> Result<()> {
        let time_out = (!self.ready.is_empty()).then_some(Duration::ZERO);
        self.driver
            .submit_and_wait(time_out)
            .context("enter the ring")?;
        let mut events = core::mem::take(&mut self.events);
        self.driver.reap(&mut events);
        for event in events.drain(..) {
            self.handle(event)?;
        }
        self.events = events;
        for number in core::mem::take(&mut self.ready) {
            self.read(number);
        }
        self.driver.flush();
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<()> {
        match event {
            Event::Accepted { socket, .. } => self.accept(socket),
            Event::AcceptFailed { error, .. } => bail!("accept a connection: {error}"),
            Event::Readable { tag, ended, .. } => self.readable(number(tag), ended),
            Event::Sent { tag, left, .. } => self.sent(number(tag), left),
            Event::SendFailed { tag, .. } => self.close(number(tag)),
            Event::Closed { tag, .. } => self.peers.release(number(tag)),
            Event::Connected { .. } | Event::ConnectFailed { .. } | Event::Woken => {}
        }
        Ok(())
    }

    fn accept(&mut self, socket: OwnedFd) {
        let tag = self.peers.next_number() as u64;
        // A full table gives the socket back, and dropping it closes it.
        if let Ok(socket) = self.driver.attach(socket, tag) {
            self.peers.insert(socket);
        }
    }

    fn readable(&mut self, number: usize, ended: bool) {
        if let Some(peer) = self.peers.peer(number) {
            peer.ended |= ended;
            self.queue(number);
        }
    }

    fn queue(&mut self, number: usize) {
        if let Some(peer) = self.peers.peer(number)
            && !peer.queued
        {
            peer.queued = true;
            self.ready.push(number);
        }
    }

    fn read(&mut self, number: usize) {
        let Some(peer) = self.peers.peer(number) else {
            return;
        };
        peer.queued = false;
        let (socket, ended) = (peer.socket, peer.ended);
        let outcome = match &mut peer.part {
            Part::New { .. } => self.read_header(number, socket),
            // Acknowledgements end here.
            Part::Sink { .. } => receive(&mut self.driver, socket, ended, &mut self.buffer).1,
            Part::Source(source) => {
                let channel = self
                    .channels
                    .channel(source.channel)
                    .expect("its number was accepted");
                if channel.full > 0 {
                    channel.waiting.push(number);
                    Outcome::Rest
                } else if source.full {
                    Outcome::Rest
                } else {
                    let (bytes, outcome) =
                        receive(&mut self.driver, socket, ended, &mut self.buffer);
                    self.relay(number, bytes).unwrap_or(outcome)
                }
            }
        };
        match outcome {
            Outcome::Again => self.queue(number),
            Outcome::Rest => {}
            Outcome::Close => self.close(number),
        }
    }

    fn read_header(&mut self, number: usize, socket: SocketKey) -> Outcome {
        let peer = self.peers.peer(number).expect("it is being read");
        let Part::New { header, got } = &mut peer.part else {
            return Outcome::Rest;
        };
        let rest = &mut header[*got..];
        let (bytes, outcome) = receive(&mut self.driver, socket, peer.ended, rest);
        *got += bytes;
        if *got < header.len() {
            return outcome;
        }
        let Some(Header { role, channel }) = Header::decode(header) else {
            return Outcome::Close;
        };
        let Some(entry) = self.channels.channel(channel) else {
            return Outcome::Close;
        };
        peer.part = match role {
            Role::Sink => {
                entry.sinks.push(Sink {
                    peer: number,
                    socket,
                });
                Part::Sink {
                    channel,
                    full: false,
                }
            }
            // The first source may be inside a frame, and the second would cut it in two.
            Role::Source { .. } if entry.sources > 0 && entry.unframed => return Outcome::Close,
            Role::Source { acknowledge_every } => {
                entry.sources += 1;
                Part::Source(Source {
                    channel,
                    acknowledge_every: acknowledge_every as usize,
                    ..Source::default()
                })
            }
        };
        if let Some(outbox) = self.driver.outbox(socket, 1) {
            outbox.push(&[REGISTERED]);
        }
        Outcome::Again
    }

    /// Passes on what is in the buffer; `Some` if the source has to go.
    fn relay(&mut self, number: usize, bytes: usize) -> Option<Outcome> {
        let peer = self.peers.peer(number)?;
        let socket = peer.socket;
        let Part::Source(source) = &mut peer.part else {
            return None;
        };
        let channel = self.channels.channel(source.channel)?;
        let received = &self.buffer[..bytes];
        if channel.sources == 1 && source.tail.is_empty() {
            channel.unframed |= bytes > 0;
            push(&mut self.driver, channel, received);
        } else {
            let Ok(tail) = push_framed(&mut self.driver, channel, &source.tail, received) else {
                return Some(Outcome::Close);
            };
            source.tail = tail;
        }
        source.acknowledge(&mut self.driver, socket, bytes);
        self.note_full_sinks(number);
        None
    }

    /// Marks the sinks that have too much queued now, those of the channel of this source.
    fn note_full_sinks(&mut self, number: usize) {
        let Some(Part::Source(source)) = self.peers.peer(number).map(|peer| &peer.part) else {
            return;
        };
        let channel = self
            .channels
            .channel(source.channel)
            .expect("its number was accepted");
        for sink in &channel.sinks {
            if self.driver.queued_bytes(sink.socket) > QUEUED_BYTES_MAX
                && let Some(peer) = self.peers.peer(sink.peer)
                && let Part::Sink { full, .. } = &mut peer.part
            {
                channel.full += usize::from(!*full);
                *full = true;
            }
        }
    }

    fn sent(&mut self, number: usize, left: usize) {
        let Some(peer) = self.peers.peer(number) else {
            return;
        };
        match &mut peer.part {
            Part::Sink { channel, full } if *full && left <= QUEUED_BYTES_MAX / 2 => {
                *full = false;
                let channel = *channel;
                self.sink_has_room(channel);
            }
            Part::Source(source) if source.full && left <= ANSWER_BYTES_MAX / 2 => {
                source.full = false;
                self.queue(number);
            }
            Part::New { .. } | Part::Sink { .. } | Part::Source(_) => {}
        }
    }

    /// One of the channel's full sinks is not full any more.
    fn sink_has_room(&mut self, channel: u32) {
        let channel = self.channels.channel(channel).expect("it has a sink");
        channel.full -= 1;
        if channel.full == 0 {
            for source in core::mem::take(&mut channel.waiting) {
                self.queue(source);
            }
        }
    }

    fn close(&mut self, number: usize) {
        let Some(peer) = self.peers.remove(number) else {
            return;
        };
        self.driver.close(peer.socket);
        match peer.part {
            Part::New { .. } => {}
            Part::Sink { channel, full } => {
                let entry = self.channels.channel(channel).expect("it had a sink");
                entry.sinks.retain(|sink| sink.peer != number);
                if full {
                    self.sink_has_room(channel);
                }
            }
            Part::Source(source) => {
                let entry = self
                    .channels
                    .channel(source.channel)
                    .expect("it had a source");
                entry.sources -= 1;
                entry.unframed &= entry.sources > 0;
                entry.waiting.retain(|waiting| *waiting != number);
            }
        }
    }
}

fn number(tag: u64) -> usize {
    usize::try_from(tag).expect("tags are numbers of peers")
}
