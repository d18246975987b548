//! What it costs to write and read records, without a database, and how many bytes they have.
//!
//! `cargo bench -p store-model`; numbers stand in the README.
#![allow(clippy::disallowed_methods, reason = "measures time")]
#![allow(clippy::print_stdout, reason = "its output is the result")]
#![allow(clippy::cast_precision_loss, reason = "three digits are enough")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant as Clock;

use store_model::{
    Enqueue, EntryPlace, Family, Holders, Number, Operation, PutSession, PutSubscription, Queued,
    Sink, Stored, Subscription, WallClock, Writer,
};
use wire_message::{ClientId, Expiry, Instant, Message, MessageRef, PublisherId, Qos, TopicRef};

const ROUNDS: u32 = 5;
const MESSAGES: u32 = 200_000;
const FAN_OUT: u32 = 100;

/// Takes writes and keeps the last one of each family.
#[derive(Default)]
struct Last {
    writes: u64,
    bytes: u64,
    records: Vec<(Family, Vec<u8>, Vec<u8>)>,
    keeps: bool,
}

impl Sink for Last {
    fn add(&mut self, _: Family, key: &[u8], holders: Holders) {
        self.writes += 1;
        self.bytes += (key.len() + black_box(holders.to_bytes()).len()) as u64;
    }

    fn delete(&mut self, _: Family, key: &[u8]) {
        self.writes += 1;
        self.bytes += black_box(key).len() as u64;
    }

    fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.writes += 1;
        self.bytes += (black_box(key).len() + black_box(value).len()) as u64;
        if self.keeps {
            self.records.push((family, key.to_vec(), value.to_vec()));
        }
    }
}

fn main() {
    sizes();
    let one: Vec<_> = (0..MESSAGES).map(|number| enqueue(number, 1)).collect();
    write("enqueue for one session", &one, MESSAGES);
    let acknowledged: Vec<_> = (0..MESSAGES).map(|number| remove(number, false)).collect();
    write("acknowledge", &acknowledged, MESSAGES);
    let several: Vec<_> = (0..MESSAGES / FAN_OUT)
        .map(|number| enqueue(number, FAN_OUT))
        .collect();
    write("enqueue for 100 sessions, each", &several, MESSAGES);
    read("read an entry with its message", &enqueue(1, 1));
    read("read an entry of a shared message", &enqueue(1, 2));
}

fn message() -> Arc<Message> {
    let message = MessageRef {
        topic: TopicRef::new("site/0007/meter/000123/reading").expect("valid"),
        payload: &[0x5a; 64],
        properties: &[],
        qos: Qos::AtLeastOnce,
        retain: false,
        expiry: Expiry::NEVER,
        received_at: Instant::ZERO,
        publisher: PublisherId(1),
    };
    Arc::new(message.to_message())
}

fn enqueue(number: u32, sessions: u32) -> Operation {
    let queued = |session: u32| Queued {
        session: Number(session.into()),
        priority: 0,
        qos: Qos::AtLeastOnce,
        retain: false,
        packet_id: None,
        group: None,
        subscription_ids: Vec::new(),
    };
    Operation::Enqueue(Box::new(Enqueue {
        number: Number(number.into()),
        message: message(),
        entries: (0..sessions).map(queued).collect(),
        receipt: None,
    }))
}

fn remove(number: u32, is_shared: bool) -> Operation {
    Operation::Remove(EntryPlace {
        session: Number(0),
        priority: 0,
        number: Number(number.into()),
        is_shared,
    })
}

/// Bytes of records, keys included.
fn sizes() {
    let session = Number(1);
    let put = Operation::PutSession(Box::new(PutSession {
        session,
        client: ClientId::new("meter-00012345"),
        username: None,
        mount: "".into(),
        expiry_s: 3600,
        detached_at: None,
    }));
    let subscribe = Operation::PutSubscription(Box::new(PutSubscription {
        session,
        filter: "site/0007/meter/000123/+".into(),
        subscription: Subscription {
            qos: Qos::AtLeastOnce,
            no_local: false,
            retain_as_published: false,
            retain_handling: 0,
            exclusive: false,
            identifier: None,
        },
    }));
    let mut last = Last {
        keeps: true,
        ..Last::default()
    };
    let mut writer = Writer::new(WallClock::default(), Number(0), 8);
    for operation in [put, subscribe, enqueue(1, 1), enqueue(2, 2)] {
        writer.apply(&operation, &mut last);
    }
    for (family, key, value) in &last.records {
        let (name, keys, values) = (family.name(), key.len(), value.len());
        println!("{name}: key {keys} B, value {values} B");
    }
}

fn write(what: &str, operations: &[Operation], entries: u32) {
    let mut fastest = f64::MAX;
    let mut last = Last::default();
    for _ in 0..ROUNDS {
        let mut writer = Writer::new(WallClock::default(), Number(0), 1 << 18);
        last = Last::default();
        let start = Clock::now();
        for operation in operations {
            writer.apply(operation, &mut last);
        }
        fastest = fastest.min(start.elapsed().as_nanos() as f64 / f64::from(entries));
    }
    let (writes, bytes) = (last.writes as f64, last.bytes as f64);
    let (writes, bytes) = (writes / f64::from(entries), bytes / f64::from(entries));
    println!("{what}: {fastest:.0} ns, {writes:.2} writes, {bytes:.1} B");
}

fn read(what: &str, operation: &Operation) {
    let mut last = Last {
        keeps: true,
        ..Last::default()
    };
    Writer::new(WallClock::default(), Number(0), 8).apply(operation, &mut last);
    let (family, key, value) = last.records.last().expect("an entry was put");
    let mut fastest = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Clock::now();
        for _ in 0..MESSAGES {
            let stored = Stored::decode(*family, black_box(key), black_box(value));
            black_box(stored.is_ok());
        }
        fastest = fastest.min(start.elapsed().as_nanos() as f64 / f64::from(MESSAGES));
    }
    println!("{what}: {fastest:.0} ns");
}
