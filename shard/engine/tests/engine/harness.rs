//! A broker of several engines with rings that deliver at once, and clients that send packets.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use shard_engine::{
    Adoption, Answer, ConnectionKey, ControlOutput, Engine, Entry, Input, ListenerId, Next, Output,
    Outputs, Place, Refused, Settings,
};
use shard_topics::{Epochs, TopicKey};
use store_memory::{Disk, FaultPlan, MemoryStore};
use store_model::{Answer as StoreAnswer, Number, Read, Reader, UnixMillis, WallClock};
use wire_message::{ClientId, Instant, Seed, ShardId};
use wire_mqtt::{Connect, Frame, Packet, Side, Version, frame};

/// The seed of every test's broker.
pub(crate) const SEED: Seed = Seed(7);

/// Its clock.
const CLOCK: WallClock = WallClock::new(UnixMillis(1_700_000_000_000));

/// Engines, rings and the far ends of connections.
pub(crate) struct Broker {
    /// The engines, by shard.
    pub(crate) engines: Vec<Engine>,
    /// What was told to the control side.
    pub(crate) control: Vec<ControlOutput>,
    /// The time.
    pub(crate) now: Instant,
    wires: BTreeMap<(u8, ConnectionKey), usize>,
    peers: Vec<Peer>,
    rings: VecDeque<(usize, usize, Item)>,
    out: Outputs,
    pub(crate) store: Option<MemoryStore>,
    /// Whether the store does nothing for now.
    pub(crate) store_rests: bool,
}

enum Item {
    Durable(u64),
    Adopt(Adoption, usize),
    Answer(Answer),
    Entry(Entry),
}

/// The far end of a connection.
#[derive(Default)]
struct Peer {
    place: Option<(usize, ConnectionKey)>,
    unread: Vec<u8>,
    received: Vec<u8>,
    paused: bool,
    closed: bool,
    version: Option<Version>,
}

/// Names a client's connection in a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client(usize);

impl Broker {
    /// One shard with default settings.
    pub(crate) fn new() -> Self {
        Self::with(Settings::default(), 1)
    }

    /// Several shards with these settings.
    pub(crate) fn with(settings: Settings, shards: usize) -> Self {
        if crate::STORED {
            return Self::stored(settings, shards, Disk::new());
        }
        Self::on(settings, shards, SEED, None)
    }

    /// Several shards whose sessions are stored, on a disk that may have some.
    pub(crate) fn stored(settings: Settings, shards: usize, disk: Disk) -> Self {
        let plan = FaultPlan::calm(1);
        let opened = MemoryStore::open(disk, plan, shards, CLOCK, SEED);
        let (store, opened) = opened.expect("the disk is sound");
        let sources = [
            Read::Sessions { after: None },
            Read::Retained { after: None },
            Read::Delayed { after: None },
        ];
        let image = store.image();
        let answers = sources.map(|read| {
            let answer = Reader::new(image, CLOCK).answer(&read);
            answer.expect("an image can be read")
        });
        let mut broker = Self::on(settings, shards, opened.seed, Some(opened.first));
        broker.store = Some(store);
        for answer in answers {
            broker.restore(answer);
        }
        broker.settle();
        broker
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "other answers are to other questions"
    )]
    fn restore(&mut self, answer: StoreAnswer) {
        let (now, shards) = (self.now, self.engines.len());
        match answer {
            StoreAnswer::Sessions(chunk) => {
                for session in chunk.sessions {
                    let home = ClientId::home(session.client.as_str(), shards, SEED);
                    let told = self.engines[home.index()].restore_session(&session, now);
                    for (to, restored) in told {
                        self.engines[to.index()].restore_for(home, &restored);
                    }
                }
            }
            StoreAnswer::Retained(chunk) => {
                for message in chunk.messages {
                    let owner = TopicKey::new(message.topic(), SEED).owner(shards);
                    self.engines[owner.index()].restore_retained(message, now);
                }
            }
            StoreAnswer::Delayed(chunk) => {
                for delayed in chunk.messages {
                    self.engines[0].restore_delayed(delayed, now);
                }
            }
            other => unreachable!("{other:?} is no answer"),
        }
    }

    fn on(settings: Settings, shards: usize, seed: Seed, store: Option<Number>) -> Self {
        let (settings, epochs) = (Arc::new(settings), Arc::new(Epochs::new(shards)));
        let now = Instant::from_secs(1_000);
        let engine = |shard: usize| {
            let place = Place {
                shard: ShardId(u8::try_from(shard).expect("few shards")),
                shards,
                seed,
                epochs: Arc::clone(&epochs),
                clock: CLOCK,
                store,
                chance: shard as u64,
            };
            Engine::new(Arc::clone(&settings), place, now)
        };
        let mut broker = Self {
            engines: (0..shards).map(engine).collect(),
            control: Vec::new(),
            now,
            wires: BTreeMap::new(),
            peers: Vec::new(),
            rings: VecDeque::new(),
            out: Outputs::default(),
            store: None,
            store_rests: false,
        };
        broker.set_room(4096);
        broker
    }

    /// Gives every ring this many free slots.
    pub(crate) fn set_room(&mut self, slots: usize) {
        let shards = self.engines.len();
        for from in 0..shards {
            for to in (0..shards).filter(|to| *to != from) {
                let to = ShardId(u8::try_from(to).expect("few shards"));
                self.input(from, Input::Room { to, slots });
            }
        }
        self.settle();
    }

    /// Tells an engine what happened.
    pub(crate) fn input(&mut self, shard: usize, input: Input) {
        self.engines[shard].handle_input(input, self.now, &mut self.out);
        self.perform(shard);
    }

    /// A connection that some shard accepts.
    pub(crate) fn open(&mut self, shard: usize) -> Client {
        let address = "127.0.0.1:4000".parse().expect("valid");
        let accepted = self.engines[shard].accepted(ListenerId(0), address, self.now);
        let key = accepted.expect("the test's listener accepts");
        self.peers.push(Peer {
            place: Some((shard, key)),
            ..Peer::default()
        });
        let client = self.peers.len() - 1;
        self.wires
            .insert((u8::try_from(shard).expect("few"), key), client);
        Client(client)
    }

    /// Whether shard 0 takes another connection.
    pub(crate) fn try_open(&mut self) -> Result<(), Refused> {
        let address = "127.0.0.1:4000".parse().expect("valid");
        self.engines[0]
            .accepted(ListenerId(0), address, self.now)
            .map(|_| ())
    }

    /// A connection whose CONNECT is sent; CONNACK is the first packet received.
    pub(crate) fn connect(&mut self, connect: &Connect<'_>) -> Client {
        let client = self.open(0);
        self.peers[client.0].version = Some(connect.version);
        self.send(client, &Packet::Connect(*connect));
        client
    }

    /// A connected client of this name, whose CONNACK was taken.
    pub(crate) fn client(&mut self, version: Version, id: &str) -> Client {
        let client = self.connect(&Connect::new(version, id));
        let packets = self.take(client);
        assert!(packets[0].starts_with("Connack"), "{packets:?}");
        client
    }

    /// The shard where a client's session lives.
    pub(crate) fn home(&self, id: &str) -> usize {
        ClientId::home(id, self.engines.len(), SEED).index()
    }

    /// Sends a packet.
    pub(crate) fn send(&mut self, client: Client, packet: &Packet<'_>) {
        let mut bytes = Vec::new();
        let version = self.peers[client.0].version.unwrap_or(Version::V5);
        packet
            .encode(version, &mut bytes)
            .expect("the test's packet is valid");
        self.send_bytes(client, &bytes);
    }

    /// Sends bytes, and lets everything happen that follows.
    pub(crate) fn send_bytes(&mut self, client: Client, bytes: &[u8]) {
        self.peers[client.0].unread.extend_from_slice(bytes);
        self.read(client.0);
        self.settle();
    }

    /// The client's transport is lost.
    pub(crate) fn lose(&mut self, client: Client) {
        let peer = &mut self.peers[client.0];
        peer.closed = true;
        if let Some((shard, connection)) = peer.place.take() {
            self.input(shard, Input::Closed { connection });
        }
        self.settle();
    }

    /// Time passes; what is due happens.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let due = self.engines.iter().filter_map(Engine::next_timeout).min();
            let Some(due) = due.filter(|due| *due <= end) else {
                break;
            };
            self.now = self.now.max(due);
            for shard in 0..self.engines.len() {
                self.engines[shard].handle_timeout(self.now, &mut self.out);
                self.perform(shard);
            }
            self.settle();
        }
        self.now = end;
    }

    /// Whether the broker closed the connection.
    pub(crate) fn is_closed(&self, client: Client) -> bool {
        self.peers[client.0].closed
    }

    /// Whether the driver is not to read the connection.
    pub(crate) fn is_paused(&self, client: Client) -> bool {
        self.peers[client.0].paused
    }

    /// The packets received since the last call, as text.
    pub(crate) fn take(&mut self, client: Client) -> Vec<String> {
        let mut texts = Vec::new();
        self.take_with(client, |packet| texts.push(format!("{packet:?}")));
        texts
    }

    /// The publishes received since the last call: topic and payload.
    pub(crate) fn messages(&mut self, client: Client) -> Vec<(String, String)> {
        let mut messages = Vec::new();
        self.take_with(client, |packet| {
            if let Packet::Publish(publish) = packet {
                let topic = publish.topic.map_or("", |topic| topic.as_str());
                let payload = String::from_utf8_lossy(publish.payload);
                messages.push((topic.to_owned(), payload.into_owned()));
            }
        });
        messages
    }

    /// Gives each packet received since the last call to `look`.
    pub(crate) fn take_with(&mut self, client: Client, mut look: impl FnMut(&Packet<'_>)) {
        let peer = &mut self.peers[client.0];
        let version = peer.version.unwrap_or(Version::V5);
        let bytes = std::mem::take(&mut peer.received);
        let mut rest = &bytes[..];
        while let Frame::Whole { size } = frame(rest, u32::MAX).expect("the broker sends packets") {
            let (packet, more) = rest.split_at(size as usize);
            let packet = Packet::decode(packet, version, Side::Client);
            look(&packet.expect("the broker sends valid packets"));
            rest = more;
        }
        assert!(rest.is_empty(), "the broker sends whole packets");
    }

    /// Looks at the packets received without taking them.
    pub(crate) fn peek(&mut self, client: Client, look: impl FnMut(&Packet<'_>)) {
        let received = self.peers[client.0].received.clone();
        self.take_with(client, look);
        self.peers[client.0].received = received;
    }

    fn read(&mut self, client: usize) {
        loop {
            let peer = &mut self.peers[client];
            let Some((shard, key)) = peer.place else {
                return;
            };
            if peer.paused {
                return;
            }
            let bytes = std::mem::take(&mut peer.unread);
            let received = self.engines[shard].received(key, &bytes, self.now, &mut self.out);
            let peer = &mut self.peers[client];
            peer.unread = bytes[received.consumed..].to_vec();
            peer.paused = received.next == Next::Paused;
            self.perform(shard);
            if received.next != Next::Again {
                return;
            }
        }
    }

    /// Lets everything happen that is on its way between shards.
    pub(crate) fn settle(&mut self) {
        loop {
            self.settle_rings();
            for shard in 0..self.engines.len() {
                self.engines[shard].end_turn(self.now, &mut self.out);
                self.perform(shard);
            }
            let moved = self.settle_store();
            if !moved && self.rings.is_empty() {
                return;
            }
        }
    }

    /// Lets the store do what it has to; whether it told anybody anything.
    fn settle_store(&mut self) -> bool {
        let Some(store) = self.store.as_mut().filter(|_| !self.store_rests) else {
            return false;
        };
        while store.step() {}
        let mut moved = false;
        for shard in 0..self.engines.len() {
            let id = ShardId(u8::try_from(shard).expect("few shards"));
            while let Some(event) = self.store.as_mut().and_then(|store| store.poll(id)) {
                moved = true;
                self.input(shard, Input::Store(event));
            }
        }
        moved
    }

    fn settle_rings(&mut self) {
        while let Some((from, to, item)) = self.rings.pop_front() {
            let shard = ShardId(u8::try_from(from).expect("few shards"));
            match item {
                Item::Adopt(adoption, client) => {
                    let key = self.engines[to].adopted(&adoption, self.now);
                    self.peers[client].place = Some((to, key));
                    self.wires
                        .insert((u8::try_from(to).expect("few"), key), client);
                    self.read(client);
                }
                Item::Answer(answer) => self.input(
                    to,
                    Input::Answer {
                        from: shard,
                        answer,
                    },
                ),
                Item::Durable(through) => self.input(
                    to,
                    Input::Durable {
                        from: shard,
                        through,
                    },
                ),
                Item::Entry(entry) => self.input(to, Input::Entry { from: shard, entry }),
            }
        }
    }

    fn perform(&mut self, shard: usize) {
        let mut out = std::mem::take(&mut self.out);
        let mut resumed = Vec::new();
        for action in out.actions.drain(..) {
            self.perform_one(shard, action, &out.bytes, &mut resumed);
        }
        out.bytes.clear();
        self.out = out;
        for client in resumed {
            self.peers[client].paused = false;
            self.read(client);
        }
    }

    fn perform_one(
        &mut self,
        shard: usize,
        output: Output,
        bytes: &[u8],
        resumed: &mut Vec<usize>,
    ) {
        let place = u8::try_from(shard).expect("few shards");
        let id = ShardId(place);
        match output {
            Output::Ask(request, read) => {
                let store = self.store.as_mut().expect("asked without a store");
                store.ask(id, request, read);
            }
            Output::Durable { to, through } => {
                self.rings
                    .push_back((shard, to.index(), Item::Durable(through)));
            }
            Output::Store(batch) => {
                let store = self.store.as_mut().expect("written without a store");
                store.submit(id, batch).expect("the engine counts the room");
            }
            Output::Answer { to, answer } => {
                self.rings
                    .push_back((shard, to.index(), Item::Answer(answer)));
            }
            Output::Close { connection } => {
                let client = self
                    .wires
                    .remove(&(place, connection))
                    .expect("an open connection");
                self.peers[client].closed = true;
                self.peers[client].place = None;
            }
            Output::Control(output) => self.control.push(*output),
            Output::HandOver {
                connection,
                to,
                adoption,
            } => {
                let client = self
                    .wires
                    .remove(&(place, connection))
                    .expect("an open connection");
                self.peers[client].place = None;
                self.rings
                    .push_back((shard, to.index(), Item::Adopt(*adoption, client)));
            }
            Output::Push { to, entry } => {
                self.rings
                    .push_back((shard, to.index(), Item::Entry(entry)));
            }
            Output::Resume { connection } => resumed.push(self.wires[&(place, connection)]),
            Output::Send {
                connection,
                range,
                packet_id,
            } => {
                let mut copy = bytes[range.start as usize..range.end as usize].to_vec();
                if let Some((at, id)) = packet_id {
                    let at = at as usize;
                    copy[at..at + 2].copy_from_slice(&id.value().to_be_bytes());
                }
                self.sent(shard, connection, &copy);
            }
            Output::SendPayload {
                connection,
                message,
            } => {
                self.sent(shard, connection, message.payload());
            }
        }
    }

    fn sent(&mut self, shard: usize, connection: ConnectionKey, bytes: &[u8]) {
        let place = u8::try_from(shard).expect("few shards");
        let client = self.wires[&(place, connection)];
        self.peers[client].received.extend_from_slice(bytes);
        let bytes = u32::try_from(bytes.len()).expect("short");
        let mut more = Outputs::default();
        let input = Input::Sent { connection, bytes };
        self.engines[shard].handle_input(input, self.now, &mut more);
        assert!(more.is_empty(), "a test's client is never slow");
    }
}
