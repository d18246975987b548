//! Questions and their answers.

use store_memory::{Disk, FaultPlan, MemoryStore};
use store_model::limits::CHUNK_ENTRIES_MAX;
use store_model::{
    Answer, Batch, Enqueue, Event, Family, Flight, FlightStage, Number, Operation, PutSession,
    PutWill, Queued, Read, RequestId, Sequence, SessionsChunk, UnixMillis, WallClock,
};
use wire_message::{ClientId, Qos, Seed, ShardId};
use wire_mqtt::PacketId;

use crate::script::message;

const SHARD: ShardId = ShardId(0);

pub(crate) fn open(disk: Disk, clock: WallClock) -> MemoryStore {
    let plan = FaultPlan::calm(1);
    let (store, _) = MemoryStore::open(disk, plan, 1, clock, Seed(5)).expect("a sound disk");
    store
}

/// The answer to one question.
pub(crate) fn ask(store: &mut MemoryStore, read: Read) -> Answer {
    store.ask(SHARD, RequestId(1), read);
    while store.step() {}
    loop {
        match store.poll(SHARD) {
            Some(Event::Answer(RequestId(1), answer)) => return answer,
            Some(_) => {}
            None => unreachable!("the store has nothing left to do"),
        }
    }
}

pub(crate) fn submit(store: &mut MemoryStore, sequence: u64, operations: Vec<Operation>) {
    let sequence = Sequence(sequence);
    let batch = Batch {
        sequence,
        operations,
        urgent: true,
    };
    store.submit(SHARD, batch).expect("the store takes it");
}

pub(crate) fn enqueue(number: u64, sessions: &[u64], priority: u8) -> Operation {
    let queued = |session: &u64| Queued {
        session: Number(*session),
        priority,
        qos: Qos::AtLeastOnce,
        retain: false,
        packet_id: None,
        group: None,
        subscription_ids: Vec::new(),
    };
    Operation::Enqueue(Box::new(Enqueue {
        number: Number(number),
        message: message("a", &number.to_be_bytes()),
        entries: sessions.iter().map(queued).collect(),
        receipt: None,
    }))
}

/// All entries of a session, chunk by chunk: their numbers, and the number of chunks.
fn all(store: &mut MemoryStore, session: u64) -> (Vec<u64>, usize) {
    let (mut numbers, mut chunks, mut after) = (Vec::new(), 0, None);
    loop {
        let session = Number(session);
        let Answer::Queue(chunk) = ask(store, Read::Queue { session, after }) else {
            unreachable!("a chunk of the queue was asked for");
        };
        assert!(chunk.entries.len() <= CHUNK_ENTRIES_MAX);
        for entry in &chunk.entries {
            assert_eq!(entry.message.payload(), entry.number.0.to_be_bytes());
            numbers.push(entry.number.0);
        }
        chunks += 1;
        after = chunk.after;
        if after.is_none() {
            return (numbers, chunks);
        }
    }
}

#[test]
fn a_long_queue_comes_in_chunks_and_in_order() {
    let mut store = open(Disk::new(), WallClock::default());
    let numbers = 1..=1_000_u64;
    let operations = numbers.clone().map(|number| {
        let sessions: &[u64] = if number % 2 == 0 { &[7, 8] } else { &[7] };
        enqueue(number, sessions, 0)
    });
    submit(&mut store, 1, operations.collect());
    let (found, chunks) = all(&mut store, 7);
    assert!(found.iter().copied().eq(numbers));
    assert_eq!(chunks, 4);
    assert_eq!(all(&mut store, 8).0.len(), 500);
    assert_eq!(all(&mut store, 9).0.len(), 0);
    let session = Number(7);
    let Answer::Measured { entries, .. } = ask(&mut store, Read::Measure { session }) else {
        panic!("a measure was asked for");
    };
    assert_eq!(entries, 1_000);
}

#[test]
fn higher_priorities_come_first() {
    let mut store = open(Disk::new(), WallClock::default());
    let operations = [(1, 0), (2, 9), (3, 0), (4, 9)];
    let operations = operations.map(|(number, priority)| enqueue(number, &[7], priority));
    submit(&mut store, 1, operations.into());
    assert_eq!(all(&mut store, 7).0, [2, 4, 1, 3]);
}

#[test]
fn an_answer_shows_what_was_submitted_before_the_question() {
    for seed in 0..50 {
        let plan = FaultPlan {
            seed,
            delay_steps_max: 5,
            ..FaultPlan::calm(seed)
        };
        let clock = WallClock::default();
        let opened = MemoryStore::open(Disk::new(), plan, 1, clock, Seed(5));
        let (mut store, _) = opened.expect("a new disk");
        for number in 1..5 {
            submit(&mut store, number, vec![enqueue(number, &[7], 0)]);
        }
        assert_eq!(all(&mut store, 7).0, [1, 2, 3, 4]);
    }
}

#[test]
fn packet_ids_come_in_the_order_in_which_packets_were_sent() {
    let mut store = open(Disk::new(), WallClock::default());
    let put = |id, rank| Operation::PutFlight {
        session: Number(7),
        packet_id: PacketId::new(id).expect("not zero"),
        flight: Flight {
            stage: FlightStage::Released,
            rank: Number(rank),
        },
    };
    submit(&mut store, 1, vec![put(1, 30), put(65_535, 10), put(2, 20)]);
    let session = Number(7);
    let Answer::Flights(flights) = ask(&mut store, Read::Flights { session }) else {
        panic!("packet ids were asked for");
    };
    let ids: Vec<_> = flights
        .iter()
        .map(|one| one.key.packet_id.value())
        .collect();
    assert_eq!(ids, [65_535, 2, 1]);
}

#[test]
fn times_go_on_after_a_restart() {
    let mut store = open(Disk::new(), WallClock::new(UnixMillis(1_000_000)));
    let mut life = (*message("r", b"on")).as_ref().to_message();
    life = wire_message::MessageRef {
        expiry: wire_message::Expiry::at(wire_message::Instant::from_secs(60)),
        ..life.as_ref()
    }
    .to_message();
    submit(&mut store, 1, vec![Operation::PutRetained(life.into())]);
    while store.step() {}
    let mut store = open(store.crash(), WallClock::new(UnixMillis(1_020_000)));
    let Answer::Retained(chunk) = ask(&mut store, Read::Retained { after: None }) else {
        panic!("retained messages were asked for");
    };
    let now = wire_message::Instant::ZERO;
    assert_eq!(chunk.messages[0].expiry().remaining_s(now), Some(40));
}

#[test]
fn an_ended_session_is_neither_found_nor_damaged() {
    for seed in 0..20 {
        let (plan, clock) = (FaultPlan::calm(seed), WallClock::default());
        let opened = MemoryStore::open(Disk::new(), plan, 1, clock, Seed(5));
        let (mut store, _) = opened.expect("a new disk");
        let session = Number(7);
        let operations = vec![
            Operation::PutSession(Box::new(PutSession {
                session,
                client: ClientId::new("c"),
                username: None,
                mount: "".into(),
                expiry_s: 60,
                detached_at: None,
            })),
            Operation::PutWill(Box::new(PutWill {
                session,
                message: message("a", b"gone"),
                expiry_s: None,
                delay_s: 0,
            })),
        ];
        submit(&mut store, 1, operations);
        submit(&mut store, 2, vec![Operation::DropSession { session }]);
        let Answer::Sessions(chunk) = ask(&mut store, Read::Sessions { after: None }) else {
            panic!("sessions were asked for");
        };
        assert_eq!(chunk, SessionsChunk::default(), "seed {seed}");
        while store.step() {}
        let left = store.image().prefixed(Family::Sessions, &[]).count();
        assert_eq!(left, 0);
    }
}

/// Numbers of the entries that the session loses first, and which of them share their message.
fn oldest(store: &mut MemoryStore, session: u64, priority: u8) -> (Vec<u64>, Vec<u64>) {
    let session = Number(session);
    let Answer::Oldest(places) = ask(store, Read::Oldest { session, priority }) else {
        unreachable!("the oldest entries were asked for");
    };
    let shared = places.iter().filter(|place| place.is_shared);
    let shared = shared.map(|place| place.number.0).collect();
    (places.iter().map(|place| place.number.0).collect(), shared)
}

#[test]
fn the_oldest_entries_of_the_lowest_priority_are_lost_first() {
    let mut store = open(Disk::new(), WallClock::default());
    let mut operations = vec![
        enqueue(1, &[7], 9),
        enqueue(2, &[7], 3),
        enqueue(3, &[7, 8], 3),
        enqueue(4, &[7], 3),
        enqueue(5, &[6], 0),
    ];
    operations.extend((10..1_000).map(|number| enqueue(number, &[8], 2)));
    submit(&mut store, 1, operations);
    assert_eq!(oldest(&mut store, 7, 3), (vec![2, 3, 4], vec![3]));
    assert_eq!(oldest(&mut store, 7, 255), (vec![2, 3, 4], vec![3]));
    assert_eq!(oldest(&mut store, 7, 2), (vec![], vec![]));
    assert_eq!(oldest(&mut store, 9, 255), (vec![], vec![]));
    let (numbers, shared) = oldest(&mut store, 8, 255);
    assert_eq!(numbers.len(), CHUNK_ENTRIES_MAX);
    assert!(numbers.iter().copied().eq((10..).take(CHUNK_ENTRIES_MAX)) && shared.is_empty());
}
