//! From a publisher on one shard to sessions on others: what may be acknowledged, and what of it a
//! crash leaves.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use store_memory::{Disk, FaultPlan, MemoryStore};
use store_model::{
    Answer, Batch, Enqueue, Event, Family, Home, Number, Numbers, Operation, Origin, Queued, Read,
    Receipt, RequestId, Sequence, Stored, Trail, UnixMillis, WallClock,
};
use wire_message::{Qos, Seed, ShardId};
use wire_mqtt::PacketId;

use crate::script::{Dice, message};

/// The publisher's session; its home is shard 0, which has no other.
const PUBLISHER: Number = Number(1_000_000);

/// Shards with one session each, named by the shard's number.
const RECEIVERS: [ShardId; 3] = [ShardId(1), ShardId(2), ShardId(3)];

/// Shards in all.
const SHARDS: usize = 4;

/// A QoS 2 message as the publisher's shard sends it to others.
#[derive(Clone, Debug)]
struct Entry {
    /// In the ring from shard 0 to the receiver.
    number: u64,
    packet_id: u16,
    parts: u16,
}

/// A receiving shard.
#[derive(Debug)]
struct Receiver {
    shard: ShardId,
    numbers: Numbers,
    ring: VecDeque<Entry>,
    sent: u64,
    trail: Trail,
    filling: Vec<Operation>,
    sequence: u64,
    /// Watermarks on their way back to the publisher.
    told: VecDeque<u64>,
    /// As the publisher knows it.
    known: u64,
}

impl Receiver {
    fn new(shard: ShardId, first: Number) -> Self {
        Self {
            shard,
            numbers: Numbers::new(first, shard),
            ring: VecDeque::new(),
            sent: 0,
            trail: Trail::new(),
            filling: Vec::new(),
            sequence: 0,
            told: VecDeque::new(),
            known: 0,
        }
    }

    /// Takes an entry: the receipt goes into the batch in which the session's entry is.
    fn take(&mut self) {
        let Some(entry) = self.ring.pop_front() else {
            return;
        };
        let part = Home::new(self.shard, SHARDS).expect("one of them");
        let receipt = Receipt {
            parts: entry.parts,
            taken_at: UnixMillis(0),
        };
        let queued = Queued {
            session: Number(u64::from(self.shard.0)),
            priority: 0,
            qos: Qos::ExactlyOnce,
            retain: false,
            packet_id: None,
            group: None,
            subscription_ids: Vec::new(),
        };
        self.filling.push(Operation::Enqueue(Box::new(Enqueue {
            number: self.numbers.take(),
            message: message("a", &entry.packet_id.to_be_bytes()),
            entries: vec![queued],
            receipt: Some((origin(entry.packet_id), part, receipt)),
        })));
        self.trail.taken(entry.number, Sequence(self.sequence + 1));
    }

    fn submit(&mut self, store: &mut MemoryStore) {
        if self.filling.is_empty() {
            return;
        }
        let batch = Batch {
            sequence: Sequence(self.sequence + 1),
            operations: std::mem::take(&mut self.filling),
            urgent: true,
        };
        match store.submit(self.shard, batch) {
            Ok(()) => self.sequence += 1,
            Err(back) => self.filling = back.operations,
        }
    }

    fn listen(&mut self, store: &mut MemoryStore) {
        while let Some(event) = store.poll(self.shard) {
            if let Event::Durable { through } = event {
                self.trail.durable(through);
            }
        }
        self.told.extend(self.trail.tell());
    }
}

fn origin(packet_id: u16) -> Origin {
    Origin {
        number: PUBLISHER,
        packet_id: PacketId::new(packet_id),
    }
}

/// What was published, and what the publisher got PUBREC for.
#[derive(Debug, Default)]
struct Publisher {
    /// By packet id: the entries that it waits for.
    sent: BTreeMap<u16, Vec<(ShardId, u64)>>,
    acknowledged: BTreeSet<u16>,
}

impl Publisher {
    fn publish(&mut self, dice: &mut Dice, receivers: &mut [Receiver]) {
        let packet_id = u16::try_from(self.sent.len() + 1).expect("few");
        let chosen = 1 + dice.below(7);
        let chosen: Vec<_> = (0..3).filter(|index| chosen & 1 << index != 0).collect();
        let parts = u16::try_from(chosen.len()).expect("few");
        let waits = chosen.into_iter().map(|index| {
            let receiver = &mut receivers[index];
            receiver.sent += 1;
            let number = receiver.sent;
            receiver.ring.push_back(Entry {
                number,
                packet_id,
                parts,
            });
            (receiver.shard, number)
        });
        self.sent.insert(packet_id, waits.collect());
    }

    fn acknowledge(&mut self, receivers: &[Receiver]) {
        for (packet_id, waits) in &self.sent {
            let known = |shard: ShardId| receivers[shard.index() - 1].known;
            if waits.iter().all(|(shard, number)| known(*shard) >= *number) {
                self.acknowledged.insert(*packet_id);
            }
        }
    }
}

/// Runs until chance has the power go.
fn live(seed: u64) -> (Disk, Publisher) {
    let mut dice = Dice(seed);
    let (plan, clock) = (FaultPlan::new(seed), WallClock::default());
    let opened = MemoryStore::open(Disk::new(), plan, SHARDS, clock, Seed(5));
    let (mut store, opened) = opened.expect("a new disk");
    let mut receivers = RECEIVERS.map(|shard| Receiver::new(shard, opened.first));
    let mut publisher = Publisher::default();
    for _ in 0..dice.below(300) {
        let index = dice.below(3);
        match dice.below(6) {
            0 => publisher.publish(&mut dice, &mut receivers),
            1 => receivers[index].take(),
            2 => receivers[index].submit(&mut store),
            3 => receivers[index].listen(&mut store),
            4 => {
                let receiver = &mut receivers[index];
                receiver.known = receiver.told.pop_front().unwrap_or(receiver.known);
                publisher.acknowledge(&receivers);
            }
            _ => {
                store.step();
            }
        }
    }
    (store.crash(), publisher)
}

/// Which shards have a record of a message: its entry, and its receipt.
type Parts = BTreeMap<u16, BTreeSet<ShardId>>;

fn found(disk: &Disk) -> (Parts, Parts) {
    let (mut entries, mut receipts) = (Parts::new(), Parts::new());
    let image = disk.recovered();
    for (key, value) in image.prefixed(Family::Queue, &[]) {
        let Ok(Stored::Entry(key, entry)) = Stored::decode(Family::Queue, key, value) else {
            unreachable!("nothing is damaged");
        };
        let payload = entry.body.expect("nobody shares it").payload;
        let packet_id = u16::from_be_bytes(payload.try_into().expect("two bytes"));
        let shard = ShardId(u8::try_from(key.session.0).expect("a receiver"));
        entries.entry(packet_id).or_default().insert(shard);
    }
    for (key, value) in image.prefixed(Family::Receipts, &[]) {
        let Ok(Stored::Receipt(key, _)) = Stored::decode(Family::Receipts, key, value) else {
            unreachable!("nothing is damaged");
        };
        let packet_id = key.packet_id.expect("a client's").value();
        receipts
            .entry(packet_id)
            .or_default()
            .insert(key.part.shard());
    }
    (entries, receipts)
}

#[test]
fn what_was_acknowledged_is_there_and_receipts_tell_exactly_who_has_what() {
    let (mut acknowledged, mut partial) = (0, 0);
    for seed in 0..500 {
        let (disk, publisher) = live(seed);
        let (entries, receipts) = found(&disk);
        assert_eq!(entries, receipts, "seed {seed}");
        for (packet_id, waits) in &publisher.sent {
            let wanted: BTreeSet<_> = waits.iter().map(|(shard, _)| *shard).collect();
            let there = receipts.get(packet_id).cloned().unwrap_or_default();
            if publisher.acknowledged.contains(packet_id) {
                assert_eq!(there, wanted, "seed {seed}, packet id {packet_id}");
                acknowledged += 1;
            }
            partial += usize::from(!there.is_empty() && there != wanted);
        }
    }
    assert!(acknowledged > 100, "{acknowledged} were acknowledged");
    assert!(partial > 20, "{partial} were cut in two by a crash");
}

#[test]
fn the_publishers_shard_finds_the_receipts_of_all_parts() {
    let (disk, publisher) = (0..500)
        .map(live)
        .find(|(_, p)| !p.acknowledged.is_empty())
        .expect("some seed gets that far");
    let (plan, clock) = (FaultPlan::calm(1), WallClock::default());
    let opened = MemoryStore::open(disk, plan, 1, clock, Seed(5));
    let (mut store, _) = opened.expect("a sound disk");
    let origin = PUBLISHER;
    store.ask(ShardId(0), RequestId(7), Read::Receipts { origin });
    while store.step() {}
    let answer = std::iter::from_fn(|| store.poll(ShardId(0))).find_map(|event| match event {
        Event::Answer(RequestId(7), Answer::Receipts(receipts)) => Some(receipts),
        Event::Answer(..) | Event::Durable { .. } | Event::State(_) => None,
    });
    let receipts = answer.expect("an answer comes");
    for packet_id in publisher.acknowledged {
        let parts = receipts
            .iter()
            .filter(|one| one.key.packet_id == PacketId::new(packet_id));
        let parts: Vec<_> = parts.collect();
        assert_eq!(parts.len(), usize::from(parts[0].receipt.parts));
    }
}
