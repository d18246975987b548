//! One or two shards and the rings between them.

use core::time::Duration;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use shard_engine::limits::{REQUESTS_PER_PEER_MAX, RING_RESERVE};
use shard_engine::{
    Adoption, Answer, ConnectionKey, ControlInput, Entry, Input, QuestionId, Settings,
};
use shard_topics::Epochs;
use wire_message::{Instant, ShardId};

use super::packets;
use super::script::Script;
use super::shard::{Connection, Shard};

/// Small, so that scripts reach its end.
pub(crate) const RING_ENTRIES: usize = RING_RESERVE + 16;

type Slot = (Entry, Option<Connection>);

/// The rings between all shards, and how full they may be.
#[derive(Default)]
pub(crate) struct Rings {
    entries: BTreeMap<(ShardId, ShardId), VecDeque<Slot>>,
    answers: BTreeMap<(ShardId, ShardId), VecDeque<Answer>>,
}

impl Rings {
    /// How many entries wait.
    pub(crate) fn entries(&self, from: ShardId, to: ShardId) -> usize {
        self.entries.get(&(from, to)).map_or(0, VecDeque::len)
    }

    /// An entry without a connection.
    pub(crate) fn push(&mut self, from: ShardId, to: ShardId, entry: Entry) {
        self.put(from, to, (entry, None));
    }

    /// A connection with the bytes that were not consumed.
    pub(crate) fn hand_over(
        &mut self,
        from: ShardId,
        to: ShardId,
        adoption: Adoption,
        gone: Connection,
    ) {
        self.put(from, to, (Entry::Adopt(Box::new(adoption)), Some(gone)));
    }

    fn put(&mut self, from: ShardId, to: ShardId, slot: Slot) {
        assert_ne!(from, to, "an entry to itself");
        let ring = self.entries.entry((from, to)).or_default();
        ring.push_back(slot);
        assert!(
            ring.len() <= RING_ENTRIES,
            "{} entries in a ring",
            ring.len()
        );
    }

    /// An answer.
    pub(crate) fn answer(&mut self, from: ShardId, to: ShardId, answer: Answer) {
        assert_ne!(from, to, "an answer to itself");
        let ring = self.answers.entry((from, to)).or_default();
        ring.push_back(answer);
        assert!(
            ring.len() <= REQUESTS_PER_PEER_MAX,
            "{} answers in a ring",
            ring.len()
        );
    }
}

/// Everything.
pub(crate) struct World {
    shards: Vec<Shard>,
    rings: Rings,
    now: Instant,
}

impl World {
    /// Shards as `choice` says, nobody connected.
    pub(crate) fn new(choice: u8) -> Self {
        let count = 1 + usize::from(choice & 1);
        let settings = Arc::new(settings(choice));
        let epochs = Arc::new(Epochs::new(count));
        let ids = (0..count).map(|index| ShardId(u8::try_from(index).expect("two shards")));
        let shards = ids
            .map(|id| Shard::new(id, count, &settings, &epochs))
            .collect();
        let mut world = Self {
            shards,
            rings: Rings::default(),
            now: Instant::ZERO,
        };
        world.settle();
        world
    }

    /// One thing happens.
    pub(crate) fn step(&mut self, script: &mut Script<'_>) {
        match script.below(16) {
            0 | 1 => self.connect(script, true),
            2 => self.connect(script, false),
            3..=8 => self.packet(script),
            9 => self.raw(script),
            10 => {
                let share = script.byte();
                self.one(script, |shard, key, now, rings| {
                    shard.sent(key, share, now, rings);
                });
            }
            11 => self.one(script, Shard::lose),
            12 => self.pass(script),
            13 | 14 => self.deliver(script.below(8)),
            _ => self.control(script),
        }
        self.settle();
    }

    fn connect(&mut self, script: &mut Script<'_>, is_client: bool) {
        let shard = script.below(self.shards.len());
        let bytes = if is_client {
            packets::connect(script)
        } else {
            Vec::new()
        };
        let Some(key) = self.shards[shard].accept(self.now, &mut self.rings) else {
            return;
        };
        // The CONNECT may come in two parts.
        let cut = script.below(2) * bytes.len() / 2;
        for part in [&bytes[..cut], &bytes[cut..]] {
            self.shards[shard].feed(key, part, self.now, &mut self.rings);
        }
    }

    /// Does something with one of the connections, if there are any.
    fn one(
        &mut self,
        script: &mut Script<'_>,
        act: impl FnOnce(&mut Shard, ConnectionKey, Instant, &mut Rings),
    ) {
        let all: usize = self
            .shards
            .iter()
            .map(|shard| shard.connections.len())
            .sum();
        if all == 0 {
            return;
        }
        let mut wanted = script.below(all);
        for shard in &mut self.shards {
            if let Some(key) = shard.connections.keys().nth(wanted).copied() {
                return act(shard, key, self.now, &mut self.rings);
            }
            wanted -= shard.connections.len();
        }
    }

    fn packet(&mut self, script: &mut Script<'_>) {
        let mut bytes = Vec::new();
        let mut older = Vec::new();
        // The same choices for both, because the version is known only with the connection.
        let mut copy = Script(script.0);
        for _ in 0..=script.below(3) {
            bytes.extend(packets::any(script, true));
        }
        for _ in 0..=copy.below(3) {
            older.extend(packets::any(&mut copy, false));
        }
        self.one(script, |shard, key, now, rings| {
            let is_five = shard.connections[&key].version == Some(wire_mqtt::Version::V5);
            shard.feed(key, if is_five { &bytes } else { &older }, now, rings);
        });
    }

    fn raw(&mut self, script: &mut Script<'_>) {
        let size = script.below(64);
        let bytes = script.bytes(size).to_vec();
        self.one(script, |shard, key, now, rings| {
            shard.feed(key, &bytes, now, rings);
        });
    }

    fn pass(&mut self, script: &mut Script<'_>) {
        let choice = script.byte();
        let millis = u64::from(choice & 0x1f) << (choice >> 5 << 1);
        self.now = self.now + Duration::from_millis(millis);
        self.run_timers();
    }

    fn run_timers(&mut self) {
        for shard in &mut self.shards {
            shard.run_timers(self.now, &mut self.rings);
        }
    }

    /// Up to `count` entries and all answers of each ring arrive.
    fn deliver(&mut self, count: usize) {
        for shard in &mut self.shards {
            for index in 0..2 {
                let from = ShardId(index);
                let answers = self.rings.answers.entry((from, shard.id)).or_default();
                for answer in core::mem::take(answers) {
                    shard.input(Input::Answer { from, answer }, self.now, &mut self.rings);
                }
                for _ in 0..count {
                    let ring = self.rings.entries.entry((from, shard.id)).or_default();
                    match ring.pop_front() {
                        None => break,
                        Some((Entry::Adopt(adoption), Some(connection))) => {
                            shard.adopt(&adoption, connection, self.now, &mut self.rings);
                        }
                        Some((entry, _)) => {
                            shard.input(Input::Entry { from, entry }, self.now, &mut self.rings);
                        }
                    }
                }
            }
        }
    }

    fn control(&mut self, script: &mut Script<'_>) {
        let index = script.below(self.shards.len());
        let input = match script.below(16) {
            0 => Input::Stop,
            _ => Input::Control(Box::new(ControlInput::Report(QuestionId(1)))),
        };
        self.shards[index].input(input, self.now, &mut self.rings);
    }

    fn settle(&mut self) {
        for shard in &mut self.shards {
            shard.settle(self.now, &mut self.rings);
        }
    }

    fn is_quiet(&self) -> bool {
        self.rings.entries.values().all(VecDeque::is_empty)
            && self.rings.answers.values().all(VecDeque::is_empty)
    }

    /// Every ring is emptied, everybody goes, and all timers run out.
    pub(crate) fn end(mut self) {
        for round in 0.. {
            assert!(round < 100_000, "the shards do not come to rest");
            self.deliver(usize::MAX);
            self.settle();
            let is_open = self
                .shards
                .iter()
                .any(|shard| !shard.connections.is_empty());
            if self.is_quiet() && !is_open {
                break;
            }
            if self.is_quiet() {
                self.lose_all();
                // Whoever waits for something waits for time.
                self.now = self.now + Duration::from_secs(20);
                self.run_timers();
            }
        }
        for _ in 0..100 {
            let Some(due) = self.shards.iter().filter_map(Shard::next_timeout).min() else {
                break;
            };
            self.now = self.now.max(due);
            self.run_timers();
            self.deliver(usize::MAX);
            self.settle();
        }
    }

    fn lose_all(&mut self) {
        for shard in &mut self.shards {
            let keys: Vec<ConnectionKey> = shard.connections.keys().copied().collect();
            for key in keys {
                shard.lose(key, self.now, &mut self.rings);
            }
        }
    }
}

/// Small limits, so that scripts reach them.
fn settings(choice: u8) -> Settings {
    let mut settings = Settings::default();
    settings.mqtt.connect.receive_max = 8;
    settings.mqtt.connect.topic_alias_max = 3;
    settings.mqtt.connect.packet_bytes_max = 16 << 10;
    settings.mqtt.inbound.receive_max = 8;
    settings.mqtt.inbound.awaited_max = 4;
    settings.mqtt.queue.messages_max = 6;
    settings.mqtt.subscriptions_max = 8;
    settings.mqtt.exclusive_available = true;
    settings.retained.messages_max = 4;
    settings.delayed.messages_max = 4;
    settings.listeners[0].unsent_bytes_max = 20_000;
    settings.events.subscribed = choice & 2 != 0;
    settings.mqtt.payload_format_validated = choice & 4 != 0;
    if choice & 8 != 0 {
        settings.mqtt.overlap = shard_engine::Overlap::Each;
    }
    settings.mqtt.upgrade_qos = choice & 16 != 0;
    settings
}
