//! Questions and their answers.

use std::num::NonZeroUsize;

use store_model::limits::CHUNK_ENTRIES_MAX;
use store_model::{
    Answer, Family, Flight, FlightStage, Number, Operation, Read, SessionsChunk, WallClock,
};
use store_rocks::{Port, Settings};
use wire_mqtt::PacketId;

use crate::rig::{
    ask, batch, enqueue, numbers, open, put_session, queue, start, stored, until, wait_durable,
    write,
};
use crate::script::message;

/// All entries of a session, chunk by chunk: their numbers, and the number of chunks.
fn all(port: &mut Port, session: u64) -> (Vec<u64>, usize) {
    let (mut numbers, mut chunks, mut after) = (Vec::new(), 0, None);
    loop {
        let session = Number(session);
        let Answer::Queue(chunk) = ask(port, Read::Queue { session, after }) else {
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
fn a_long_queue_comes_in_chunks_in_order_and_higher_priorities_first() {
    let folder = tempfile::tempdir().expect("there is room");
    let (_store, mut ports) = start(folder.path(), 1, Settings::default());
    let operations = (1..=1_000_u64).map(|number| {
        let sessions: &[u64] = if number % 2 == 0 { &[7, 8] } else { &[7] };
        enqueue(number, sessions, u8::from(number == 900))
    });
    write(&mut ports[0], 1, operations.collect());
    let (found, chunks) = all(&mut ports[0], 7);
    let expected = std::iter::once(900).chain((1..=1_000).filter(|number| *number != 900));
    assert!(found.into_iter().eq(expected));
    assert_eq!(chunks, 4);
    assert_eq!(all(&mut ports[0], 8).0.len(), 500);
    assert_eq!(all(&mut ports[0], 9).0.len(), 0);
    let session = Number(7);
    let Answer::Measured { entries, .. } = ask(&mut ports[0], Read::Measure { session }) else {
        panic!("a measure was asked for");
    };
    assert_eq!(entries, 1_000);
}

#[test]
fn an_answer_shows_what_was_submitted_before_the_question() {
    let folder = tempfile::tempdir().expect("there is room");
    let settings = Settings {
        readers: NonZeroUsize::new(2).expect("not zero"),
        ..Settings::default()
    };
    let (_store, mut ports) = start(folder.path(), 3, settings);
    for number in 1..=50 {
        for (shard, port) in ports.iter_mut().enumerate() {
            let session = 10 + shard as u64;
            let taken = port.submit(batch(number, vec![enqueue(number, &[session], 0)]));
            taken.expect("the ring has room");
            let (found, _) = numbers(ask(port, queue(session)));
            assert!(found.into_iter().eq(1..=number));
        }
    }
}

#[test]
fn packet_ids_come_in_the_order_in_which_packets_were_sent() {
    let folder = tempfile::tempdir().expect("there is room");
    let (_store, mut ports) = start(folder.path(), 1, Settings::default());
    let put = |session, id, rank| Operation::PutFlight {
        session: Number(session),
        packet_id: PacketId::new(id).expect("not zero"),
        flight: Flight {
            stage: FlightStage::Released,
            rank: Number(rank),
        },
    };
    // The last session there can be has no key after its own.
    for (sequence, session) in [(1, 7), (2, u64::MAX)] {
        let puts = [(1, 30), (65_535, 10), (2, 20)];
        let puts = puts.map(|(id, rank)| put(session, id, rank));
        write(&mut ports[0], sequence, puts.into());
        let session = Number(session);
        let Answer::Flights(flights) = ask(&mut ports[0], Read::Flights { session }) else {
            panic!("packet ids were asked for");
        };
        let ids = flights.iter().map(|one| one.key.packet_id.value());
        assert!(ids.eq([65_535, 2, 1]));
    }
}

#[test]
fn an_ended_session_is_neither_found_nor_damaged_and_its_records_go() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let entries = (1_000..4_000).map(|number| enqueue(number, &[7], 0));
    let operations = std::iter::once(put_session(7)).chain(entries);
    write(&mut ports[0], 1, operations.collect());
    let session = Number(7);
    let dropped = batch(2, vec![Operation::DropSession { session }]);
    ports[0].submit(dropped).expect("the ring has room");
    let Answer::Sessions(chunk) = ask(&mut ports[0], Read::Sessions { after: None }) else {
        panic!("sessions were asked for");
    };
    assert_eq!(chunk, SessionsChunk::default());
    wait_durable(&mut ports[0], 2);
    for number in 3..10_000 {
        write(&mut ports[0], number, Vec::new());
        let session = Number(7);
        let measured = ask(&mut ports[0], Read::Measure { session });
        let (entries, bytes) = (0, 0);
        if measured == (Answer::Measured { entries, bytes }) {
            break;
        }
    }
    until("all pieces are counted", || store.stats().upkeep >= 3);
    drop((store, ports));
    let image = stored(folder.path());
    assert_eq!(image.prefixed(Family::Queue, &[]).count(), 0);
}

#[test]
fn a_start_reads_everything_in_pieces_from_any_thread() {
    let folder = tempfile::tempdir().expect("there is room");
    let (store, mut ports) = start(folder.path(), 1, Settings::default());
    let sessions = (1..=600).map(put_session).collect();
    write(&mut ports[0], 1, sessions);
    let retained = (0..600).map(|number: u32| {
        let topic = format!("t/{number:04}");
        Operation::PutRetained(message(&topic, &number.to_be_bytes()))
    });
    write(&mut ports[0], 2, retained.collect());
    drop((store, ports));
    let (database, _) = open(folder.path());
    let clock = WallClock::default();
    let (mut clients, mut topics) = (0, 0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut after = None;
            loop {
                let Answer::Sessions(chunk) = database.read(&Read::Sessions { after }, clock)
                else {
                    panic!("sessions were asked for");
                };
                clients += chunk.sessions.len();
                after = chunk.after;
                if after.is_none() {
                    break;
                }
            }
        });
        let mut after = None;
        loop {
            let Answer::Retained(chunk) = database.read(&Read::Retained { after }, clock) else {
                panic!("retained messages were asked for");
            };
            topics += chunk.messages.len();
            after = chunk.after;
            if after.is_none() {
                break;
            }
        }
    });
    assert_eq!((clients, topics), (600, 600));
}

#[test]
fn the_oldest_entries_of_the_lowest_priority_are_lost_first() {
    let folder = tempfile::tempdir().expect("there is room");
    let (_store, mut ports) = start(folder.path(), 1, Settings::default());
    // The last session there can be has no key after its own.
    for (sequence, session) in [(1, 7), (2, u64::MAX)] {
        let base = sequence * 10_000;
        let mut operations = vec![enqueue(base, &[session], 9)];
        operations.extend((1..=300).map(|number| {
            let sessions: &[u64] = if number == 2 {
                &[session, 6]
            } else {
                &[session]
            };
            enqueue(base + number, sessions, 3)
        }));
        write(&mut ports[0], sequence, operations);
        let session = Number(session);
        let port = &mut ports[0];
        let of_lower = Read::Oldest {
            session,
            priority: 2,
        };
        assert_eq!(ask(port, of_lower), Answer::Oldest(Vec::new()));
        let of_three = Read::Oldest {
            session,
            priority: 3,
        };
        let Answer::Oldest(places) = ask(port, of_three) else {
            panic!("the oldest entries were asked for");
        };
        assert_eq!(places.len(), CHUNK_ENTRIES_MAX);
        for (place, number) in places.iter().zip(base + 1..) {
            assert_eq!((place.priority, place.number), (3, Number(number)));
            assert_eq!(place.is_shared, number == base + 2);
        }
    }
}
