//! QoS 2 messages whose publisher repeats them after crashes, with other numbers of shards.

use std::collections::BTreeMap;

use store_memory::{Disk, FaultPlan, Image, MemoryStore, Opened};
use store_model::{
    Answer, Batch, Enqueue, Event, Family, Home, Number, Numbers, Operation, Origin, Queued, Read,
    Receipt, RequestId, Sequence, Stored, StoredReceipt, UnixMillis, WallClock, has_message,
    is_taken_over,
};
use wire_message::{ClientId, Qos, Seed, ShardId};
use wire_mqtt::PacketId;

use crate::script::{Dice, message};

const PUBLISHER: Number = Number(1_000_000);
const SESSIONS: u64 = 8;
const MESSAGES: u16 = 6;

fn client(session: u64) -> String {
    format!("client-{session}")
}

/// All receipts of the publisher.
fn receipts(store: &mut MemoryStore) -> Vec<StoredReceipt> {
    let origin = PUBLISHER;
    store.ask(ShardId(0), RequestId(1), Read::Receipts { origin });
    for _ in 0..10_000 {
        store.step();
        match store.poll(ShardId(0)) {
            Some(Event::Answer(_, Answer::Receipts(receipts))) => return receipts,
            Some(Event::Answer(_, Answer::Unreadable)) => {
                store.ask(ShardId(0), RequestId(1), Read::Receipts { origin });
            }
            Some(_) | None => {}
        }
    }
    unreachable!("an answer comes, whatever the state of the store")
}

/// What each shard stores of a message: its sessions that have not got it, and a receipt.
fn parts(
    packet_id: u16,
    known: &[StoredReceipt],
    shards: usize,
    seed: Seed,
    numbers: &mut [Numbers],
) -> Vec<Operation> {
    let mut homes: BTreeMap<ShardId, Vec<u64>> = BTreeMap::new();
    for session in 0..SESSIONS {
        let home = ClientId::home(&client(session), shards, seed);
        homes.entry(home).or_default().push(session);
    }
    let count = u16::try_from(homes.len()).expect("few");
    let part = |(shard, sessions): (ShardId, Vec<u64>)| {
        let queued = |session: u64| Queued {
            session: Number(session),
            priority: 0,
            qos: Qos::ExactlyOnce,
            retain: false,
            packet_id: None,
            group: None,
            subscription_ids: Vec::new(),
        };
        let missing = sessions
            .into_iter()
            .filter(|session| !has_message(known, &client(*session), seed));
        let origin = Origin {
            number: PUBLISHER,
            packet_id: PacketId::new(packet_id),
        };
        let receipt = Receipt {
            parts: count,
            taken_at: UnixMillis(0),
        };
        let home = Home::new(shard, shards).expect("one of the shards");
        Operation::Enqueue(Box::new(Enqueue {
            number: numbers[shard.index()].take(),
            message: message("a", &packet_id.to_be_bytes()),
            entries: missing.map(queued).collect(),
            receipt: Some((origin, home, receipt)),
        }))
    };
    homes.into_iter().map(part).collect()
}

/// The publisher repeats what was not taken over; then the power goes, or not. Says how many
/// messages a crash had cut in two.
fn live(disk: Disk, shards: usize, plan: FaultPlan, ends: bool, dice: &mut Dice) -> (Disk, usize) {
    let clock = WallClock::default();
    let opened = MemoryStore::open(disk, plan, shards, clock, Seed(5));
    let (mut store, Opened { first, seed }) = opened.expect("a sound disk");
    let known = receipts(&mut store);
    let shard = |index: usize| ShardId(u8::try_from(index).expect("few"));
    let mut numbers: Vec<_> = (0..shards)
        .map(|index| Numbers::new(first, shard(index)))
        .collect();
    let mut sequences = vec![0; shards];
    let (mut waiting, mut cut) = (Vec::new(), 0);
    for packet_id in 1..=MESSAGES {
        let id = PacketId::new(packet_id);
        let own = known.iter().filter(|one| one.key.packet_id == id);
        let own: Vec<_> = own.copied().collect();
        if is_taken_over(&own) {
            continue;
        }
        cut += usize::from(!own.is_empty());
        let operations = parts(packet_id, &own, shards, seed, &mut numbers);
        waiting.extend(operations.into_iter().filter_map(|operation| {
            let Operation::Enqueue(enqueue) = &operation else {
                return None;
            };
            let (_, home, _) = enqueue.receipt?;
            Some((home.shard(), operation))
        }));
    }
    while !waiting.is_empty() {
        if !ends && dice.below(12) == 0 {
            break;
        }
        // In no order between shards; one shard keeps its own.
        let (chosen, _) = waiting[dice.below(waiting.len())];
        let place = waiting.iter().position(|(shard, _)| *shard == chosen);
        let (shard, operation) = waiting.remove(place.expect("it was chosen among them"));
        sequences[shard.index()] += 1;
        let batch = Batch {
            sequence: Sequence(sequences[shard.index()]),
            operations: vec![operation],
            urgent: dice.below(2) == 0,
        };
        if store.submit(shard, batch).is_err() {
            break;
        }
        store.step();
    }
    let disk = if ends { store.close() } else { store.crash() };
    (disk, cut)
}

/// The payload of a message that several entries share.
fn shared(image: &Image, number: Number) -> Vec<u8> {
    let key = number.0.to_be_bytes();
    let value = image.value(Family::Bodies, &key).expect("it is held");
    match Stored::decode(Family::Bodies, &key, value) {
        Ok(Stored::Body(_, body)) => body.payload.to_vec(),
        other => unreachable!("{other:?} is no message"),
    }
}

#[test]
fn every_session_gets_every_message_once_whatever_crashes_come_between() {
    let mut cut = 0;
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let mut disk = Disk::new();
        for _ in 0..3 {
            let shards = 1 + dice.below(5);
            let plan = FaultPlan {
                batches_max: 1_000,
                ..FaultPlan::new(seed)
            };
            let lived = live(disk, shards, plan, false, &mut dice);
            disk = lived.0;
            cut += lived.1;
        }
        let shards = 1 + dice.below(5);
        let (disk, more) = live(disk, shards, FaultPlan::calm(seed), true, &mut dice);
        cut += more;
        let image = disk.recovered();
        let mut got: BTreeMap<(u64, Vec<u8>), u32> = BTreeMap::new();
        for (key, value) in image.prefixed(Family::Queue, &[]) {
            let Ok(Stored::Entry(key, entry)) = Stored::decode(Family::Queue, key, value) else {
                panic!("nothing is damaged");
            };
            let payload = match entry.body {
                Some(body) => body.payload.to_vec(),
                None => shared(&image, key.number),
            };
            *got.entry((key.session.0, payload)).or_default() += 1;
        }
        assert_eq!(
            got.len() as u64,
            SESSIONS * u64::from(MESSAGES),
            "seed {seed}"
        );
        assert!(
            got.values().all(|copies| *copies == 1),
            "seed {seed}: {got:?}"
        );
    }
    assert!(cut > 100, "{cut} messages were cut in two");
}
