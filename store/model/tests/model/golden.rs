//! Records of every version there was, as bytes: what was once written must be read for ever.
//!
//! When a record gets a new version, its bytes here stay, and the new ones are added.

use std::borrow::Cow;
use std::fmt::Write;
use std::num::{NonZeroU32, NonZeroU64};

use store_model::{
    Body, DelayedKey, Entry, EntryKey, Family, Flight, FlightKey, FlightStage, Home, Number,
    Receipt, ReceiptKey, Session, SessionKey, SessionPart, Stored, Subscription, UnixMillis, Will,
};
use wire_message::{PublisherId, Qos, ShardId, TopicRef};
use wire_mqtt::PacketId;

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a string takes all");
    }
    text
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        let pair = str::from_utf8(pair).expect("hexadecimal digits");
        u8::from_str_radix(pair, 16).expect("hexadecimal digits")
    };
    digits.map(byte).collect()
}

fn body() -> Body<'static> {
    Body {
        topic: TopicRef::new("site/7").expect("valid"),
        payload: b"on",
        properties: &[1, 1],
        qos: Qos::ExactlyOnce,
        retain: true,
        expires_at: Some(UnixMillis(1_800_000_000_000)),
        received_at: UnixMillis(1_700_000_000_000),
        publisher: PublisherId(0x0102_0304_0506_0708),
    }
}

fn entry(body: Option<Body<'static>>) -> Stored<'static> {
    let key = EntryKey {
        session: Number(258),
        priority: 5,
        number: Number(515),
    };
    let entry = Entry {
        qos: Qos::AtLeastOnce,
        retain: false,
        packet_id: PacketId::new(9),
        group: NonZeroU64::new(0x1122_3344_5566_7788),
        subscription_ids: Cow::Owned(vec![1, 0x0fff_ffff]),
        body,
    };
    Stored::Entry(key, entry)
}

fn flight(stage: FlightStage) -> Stored<'static> {
    let key = FlightKey {
        session: Number(258),
        packet_id: PacketId::new(9).expect("not zero"),
    };
    let rank = Number(771);
    Stored::Flight(key, Flight { stage, rank })
}

fn session_parts() -> Vec<Stored<'static>> {
    let session = Session {
        client: "meter-7",
        username: Some("acme"),
        mount: "t1/",
        expiry_s: 3600,
        detached_at: Some(UnixMillis(1_700_000_000_000)),
    };
    let connected = Session {
        username: None,
        detached_at: None,
        ..session
    };
    let subscription = Subscription {
        qos: Qos::ExactlyOnce,
        no_local: true,
        retain_as_published: true,
        retain_handling: 2,
        exclusive: false,
        identifier: NonZeroU32::new(7),
    };
    let will = Will {
        body: body(),
        expiry_s: Some(60),
        delay_s: 5,
    };
    let number = Number(258);
    vec![
        Stored::Session(number, session),
        Stored::Session(number, connected),
        Stored::Will(number, will),
        Stored::Subscription(number, "$share/g/site/+", subscription),
    ]
}

/// One of each.
fn all() -> Vec<Stored<'static>> {
    let mut all = vec![
        Stored::Body(Number(515), body()),
        entry(None),
        entry(Some(body())),
        flight(FlightStage::Released),
        flight(FlightStage::Sent {
            priority: 5,
            number: Number(515),
        }),
        Stored::Receipt(
            ReceiptKey {
                origin: Number(258),
                packet_id: PacketId::new(9),
                part: Home::new(ShardId(3), 4).expect("the last of four"),
            },
            Receipt {
                parts: 2,
                taken_at: UnixMillis(1_700_000_000_000),
            },
        ),
        Stored::Retained(body()),
        Stored::Delayed(
            DelayedKey {
                due: UnixMillis(1_700_000_060_000),
                number: Number(515),
            },
            body(),
        ),
        Stored::Next(Number(516)),
        Stored::Dropped(Number(258)),
    ];
    all.extend(session_parts());
    all
}

/// Family and key, and the value as this version writes it.
fn bytes_of(stored: &Stored<'_>) -> (Family, Vec<u8>, Vec<u8>) {
    let (mut key, mut value) = (Vec::new(), Vec::new());
    let part = |session, part, out: &mut Vec<u8>| SessionKey { session, part }.write_to(out);
    let family = match stored {
        Stored::Body(number, body) => {
            store_model::BodyKey(*number).write_to(&mut key);
            body.write(&key, &mut value);
            Family::Bodies
        }
        Stored::Delayed(place, body) => {
            place.write_to(&mut key);
            body.write(&key, &mut value);
            Family::Delayed
        }
        Stored::Entry(place, entry) => {
            place.write_to(&mut key);
            entry.write(&key, &mut value);
            Family::Queue
        }
        Stored::Flight(place, flight) => {
            place.write_to(&mut key);
            flight.write(&key, &mut value);
            Family::Flight
        }
        Stored::Receipt(place, receipt) => {
            place.write_to(&mut key);
            receipt.write(&key, &mut value);
            Family::Receipts
        }
        Stored::Retained(body) => {
            key.extend_from_slice(body.topic.as_str().as_bytes());
            body.write(&key, &mut value);
            Family::Retained
        }
        Stored::Session(number, session) => {
            part(*number, SessionPart::Head, &mut key);
            session.write(&key, &mut value);
            Family::Sessions
        }
        Stored::Subscription(number, filter, subscription) => {
            part(*number, SessionPart::Subscription(filter), &mut key);
            subscription.write(&key, &mut value);
            Family::Sessions
        }
        Stored::Will(number, will) => {
            part(*number, SessionPart::Will, &mut key);
            will.write(&key, &mut value);
            Family::Sessions
        }
        Stored::Next(number) => {
            key.extend_from_slice(store_model::MetaKey::Next.as_bytes());
            value = store_model::MetaKey::Next.value(number.0);
            Family::Meta
        }
        Stored::Dropped(number) => {
            return dropped(*number);
        }
        Stored::Format(_) | Stored::Holders(..) | Stored::Quarantine(..) | Stored::Seed(_) => {
            unreachable!("not among the samples")
        }
    };
    (family, key, value)
}

/// Only the writer writes these.
fn dropped(session: Number) -> (Family, Vec<u8>, Vec<u8>) {
    struct Puts(Vec<(Family, Vec<u8>, Vec<u8>)>);
    impl store_model::Sink for Puts {
        fn add(&mut self, _: Family, _: &[u8], _: store_model::Holders) {}
        fn delete(&mut self, _: Family, _: &[u8]) {}
        fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
            self.0.push((family, key.to_vec(), value.to_vec()));
        }
    }
    let mut puts = Puts(Vec::new());
    let clock = store_model::WallClock::default();
    let mut writer = store_model::Writer::new(clock, Number(0), 0);
    writer.apply(&store_model::Operation::DropSession { session }, &mut puts);
    puts.0
        .pop()
        .expect("the writer notes that the session ended")
}

/// Family, key and value of each of [`all`], in version 1.
const VERSION_1: &str = include_str!("version_1.txt");

#[test]
fn records_of_version_1_are_read() {
    assert_eq!(VERSION_1.lines().count(), all().len());
    for (sample, line) in all().into_iter().zip(VERSION_1.lines()) {
        let fields: Vec<_> = line.split(' ').collect();
        let [name, key, value] = fields[..] else {
            unreachable!("three fields a line");
        };
        let family = Family::ALL.into_iter().find(|family| family.name() == name);
        let (key, value) = (unhex(key), unhex(value));
        let family = family.expect("the name of a family");
        assert_eq!(Stored::decode(family, &key, &value), Ok(sample));
    }
}

#[test]
fn records_are_written_as_they_were() {
    let mut written = String::new();
    for sample in &all() {
        let (family, key, value) = bytes_of(sample);
        let (name, key, value) = (family.name(), hex(&key), hex(&value));
        writeln!(written, "{name} {key} {value}").expect("a string takes all");
    }
    assert_eq!(written, VERSION_1);
}
