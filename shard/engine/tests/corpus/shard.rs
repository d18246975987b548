//! One engine and what its driver holds, with the contract between the two checked at every step:
//!
//! - no more is consumed than there was, and more is wanted than is left;
//! - no output names a connection that is closed, handed over or was never there;
//! - a connection that is gone is said to be gone by an output, and the other way round;
//! - what is sent is whole packets that a client of that version can read;
//! - rings hold what they may hold;
//! - no session's invariant is broken.

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::sync::Arc;

use shard_engine::{
    Adoption, ConnectionKey, Engine, Input, Next, Output, Outputs, Place, Settings,
};
use shard_topics::Epochs;
use store_model::{UnixMillis, WallClock};
use wire_message::{Instant, Seed, ShardId};
use wire_mqtt::{Frame, Packet, Side, Version, connect_version, frame};

use super::world::{RING_ENTRIES, Rings};

/// What the driver holds for a connection.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    /// Read and not consumed.
    pub(crate) rest: Vec<u8>,
    /// Whether the engine asked not to be fed.
    is_paused: bool,
    /// Whether the engine asked to be fed again.
    is_due: bool,
    /// What its CONNECT names, once there is one.
    pub(crate) version: Option<Version>,
    /// Bytes to it that the engine was not told about.
    unsent: u32,
}

/// An engine, its connections and its outputs.
pub(crate) struct Shard {
    pub(crate) id: ShardId,
    engine: Engine,
    outputs: Outputs,
    pub(crate) connections: BTreeMap<ConnectionKey, Connection>,
    rooms: Vec<usize>,
}

impl Shard {
    /// A shard without connections.
    pub(crate) fn new(
        id: ShardId,
        shards: usize,
        settings: &Arc<Settings>,
        epochs: &Arc<Epochs>,
    ) -> Self {
        let place = Place {
            shard: id,
            shards,
            seed: Seed(7),
            epochs: Arc::clone(epochs),
            clock: WallClock::new(UnixMillis(1_000_000_000_000)),
            store: None,
            chance: 1 + id.index() as u64,
        };
        Self {
            id,
            engine: Engine::new(Arc::clone(settings), place, Instant::ZERO),
            outputs: Outputs::default(),
            connections: BTreeMap::new(),
            rooms: vec![0; shards],
        }
    }

    /// A client connects.
    pub(crate) fn accept(&mut self, now: Instant, rings: &mut Rings) -> Option<ConnectionKey> {
        let peer = SocketAddr::from(([127, 0, 0, 1], 9));
        let key = self
            .engine
            .accepted(shard_engine::ListenerId(0), peer, now)
            .ok()?;
        self.add(key, Connection::default());
        self.perform(rings);
        Some(key)
    }

    /// A connection comes from another shard.
    pub(crate) fn adopt(
        &mut self,
        adoption: &Adoption,
        mut connection: Connection,
        now: Instant,
        rings: &mut Rings,
    ) {
        let key = self.engine.adopted(adoption, now);
        (connection.is_due, connection.is_paused) = (true, false);
        self.add(key, connection);
        self.perform(rings);
        self.feed(key, &[], now, rings);
    }

    fn add(&mut self, key: ConnectionKey, connection: Connection) {
        let previous = self.connections.insert(key, connection);
        assert!(previous.is_none(), "{key:?} was given out twice");
    }

    /// Bytes arrive, and as many of them are read as the engine takes now.
    pub(crate) fn feed(
        &mut self,
        key: ConnectionKey,
        bytes: &[u8],
        now: Instant,
        rings: &mut Rings,
    ) {
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        connection.rest.extend_from_slice(bytes);
        let mut is_first = true;
        while let Some(connection) = self.connections.get_mut(&key) {
            if connection.is_paused || !(is_first || connection.is_due) {
                return;
            }
            is_first = false;
            connection.is_due = false;
            if connection.version.is_none() {
                connection.version = named_version(&connection.rest);
            }
            let rest = core::mem::take(&mut connection.rest);
            let received = self.engine.received(key, &rest, now, &mut self.outputs);
            assert!(
                received.consumed <= rest.len(),
                "{received:?} of {}",
                rest.len()
            );
            let rest = rest[received.consumed..].to_vec();
            match received.next {
                Next::Again => connection.is_due = true,
                Next::Gone => {}
                Next::More { wanted } => {
                    assert!(wanted > rest.len(), "{received:?} with {} left", rest.len());
                }
                Next::Paused => connection.is_paused = true,
            }
            connection.rest = rest;
            self.perform(rings);
            let is_gone = !self.connections.contains_key(&key);
            assert!(
                received.next != Next::Gone || is_gone,
                "{key:?} is gone without an output"
            );
        }
    }

    /// The client closed the connection, or it broke.
    pub(crate) fn lose(&mut self, key: ConnectionKey, now: Instant, rings: &mut Rings) {
        if self
            .connections
            .get(&key)
            .is_some_and(|connection| !connection.is_paused)
        {
            self.connections.remove(&key);
            self.input(Input::Closed { connection: key }, now, rings);
        }
    }

    /// The kernel took some of what was to be sent.
    pub(crate) fn sent(&mut self, key: ConnectionKey, share: u8, now: Instant, rings: &mut Rings) {
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        let bytes = u32::try_from(u64::from(connection.unsent) * (u64::from(share) + 1) / 256)
            .expect("a part of it");
        connection.unsent -= bytes;
        if bytes > 0 {
            self.input(
                Input::Sent {
                    connection: key,
                    bytes,
                },
                now,
                rings,
            );
        }
    }

    /// Anything else happens.
    pub(crate) fn input(&mut self, input: Input, now: Instant, rings: &mut Rings) {
        self.engine.handle_input(input, now, &mut self.outputs);
        self.perform(rings);
    }

    /// Time has passed.
    pub(crate) fn run_timers(&mut self, now: Instant, rings: &mut Rings) {
        self.engine.handle_timeout(now, &mut self.outputs);
        self.perform(rings);
    }

    /// Tells the engine how much room there is in its rings, and feeds whoever may go on.
    pub(crate) fn settle(&mut self, now: Instant, rings: &mut Rings) {
        for index in 0..self.rooms.len() {
            let to = ShardId(u8::try_from(index).expect("two shards"));
            let slots = RING_ENTRIES - rings.entries(self.id, to);
            if to != self.id && slots > self.rooms[index] {
                self.rooms[index] = slots;
                self.input(Input::Room { to, slots }, now, rings);
            }
        }
        let due: Vec<_> = self
            .connections
            .iter()
            .filter(|(_, each)| each.is_due)
            .map(|(key, _)| *key)
            .collect();
        for key in due {
            self.feed(key, &[], now, rings);
        }
    }

    /// When the engine wants to be called.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.engine.next_timeout()
    }

    fn perform(&mut self, rings: &mut Rings) {
        let mut outputs = core::mem::take(&mut self.outputs);
        let mut packets: BTreeMap<ConnectionKey, Vec<u8>> = BTreeMap::new();
        for output in outputs.actions.drain(..) {
            match output {
                Output::Answer { to, answer } => rings.answer(self.id, to, answer),
                Output::Close { connection } => {
                    let gone = self.void(connection);
                    readable(&gone, &packets.remove(&connection).unwrap_or_default());
                }
                Output::Control(_) => {}
                Output::HandOver {
                    connection,
                    to,
                    adoption,
                } => {
                    assert!(
                        !packets.contains_key(&connection),
                        "sent before it was handed over"
                    );
                    let gone = self.void(connection);
                    rings.hand_over(self.id, to, *adoption, gone);
                    self.rooms[to.index()] = self.rooms[to.index()].saturating_sub(1);
                }
                Output::Push { to, entry } => {
                    rings.push(self.id, to, entry);
                    self.rooms[to.index()] = self.rooms[to.index()].saturating_sub(1);
                }
                Output::Resume { connection } => {
                    let connection = self.named(connection);
                    (connection.is_due, connection.is_paused) = (true, false);
                }
                Output::Send {
                    connection,
                    range,
                    packet_id,
                } => {
                    let mut copy = outputs.bytes[range.start as usize..range.end as usize].to_vec();
                    if let Some((at, id)) = packet_id {
                        copy[at as usize..at as usize + 2]
                            .copy_from_slice(&id.value().to_be_bytes());
                    }
                    self.append(connection, &copy, &mut packets);
                }
                Output::Ask(..) | Output::Durable { .. } | Output::Store(_) => {
                    unreachable!("nothing is stored")
                }
                Output::SendPayload {
                    connection,
                    message,
                } => {
                    self.append(connection, message.payload(), &mut packets);
                }
            }
        }
        for (key, bytes) in packets {
            readable(self.named(key), &bytes);
        }
        outputs.clear();
        self.outputs = outputs;
        assert_eq!(
            self.engine.counters().bugs,
            0,
            "a session's invariant is broken"
        );
    }

    fn append(
        &mut self,
        key: ConnectionKey,
        bytes: &[u8],
        packets: &mut BTreeMap<ConnectionKey, Vec<u8>>,
    ) {
        self.named(key).unsent += u32::try_from(bytes.len()).expect("packets are small");
        packets.entry(key).or_default().extend_from_slice(bytes);
    }

    fn named(&mut self, key: ConnectionKey) -> &mut Connection {
        self.connections
            .get_mut(&key)
            .expect("no output names a void key")
    }

    fn void(&mut self, key: ConnectionKey) -> Connection {
        self.connections
            .remove(&key)
            .expect("no output names a void key")
    }
}

/// The version that the CONNECT at the front names.
fn named_version(rest: &[u8]) -> Option<Version> {
    match frame(rest, 1 << 20) {
        Ok(Frame::Whole { size }) => connect_version(&rest[..size as usize]),
        Ok(Frame::More { .. }) | Err(_) => None,
    }
}

/// What is sent to a client is whole packets, and the client can read them.
fn readable(connection: &Connection, mut bytes: &[u8]) {
    // A client of an unheard-of version is answered in one that it may know.
    let versions = connection
        .version
        .map_or(vec![Version::V5, Version::V311], |version| vec![version]);
    while !bytes.is_empty() {
        let whole = frame(bytes, u32::MAX);
        let Ok(Frame::Whole { size }) = whole else {
            unreachable!("not a packet, {whole:?}: {bytes:?}")
        };
        let (packet, rest) = bytes.split_at(size as usize);
        let is_read = versions
            .iter()
            .any(|version| Packet::decode(packet, *version, Side::Client).is_ok());
        assert!(is_read, "no client reads {packet:?} by {versions:?}");
        bytes = rest;
    }
}
