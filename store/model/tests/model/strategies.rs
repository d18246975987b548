//! Arbitrary things to store.

use std::borrow::Cow;
use std::num::{NonZeroU32, NonZeroU64};

use proptest::prelude::*;
use store_model::{
    Body, BodyKey, DelayedKey, Entry, EntryKey, Family, Flight, FlightKey, FlightStage, Home,
    MetaKey, Number, Receipt, ReceiptKey, Session, SessionKey, SessionPart, Subscription,
    UnixMillis, Will,
};
use wire_message::{PublisherId, Qos, ShardId, TopicRef};
use wire_mqtt::PacketId;

/// A record as bytes.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) family: Family,
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
}

/// What a message is made of, owned.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    topic: String,
    payload: Vec<u8>,
    properties: Vec<u8>,
    qos: Qos,
    retain: bool,
    expires_at: Option<UnixMillis>,
    received_at: UnixMillis,
    publisher: u64,
}

impl Parts {
    pub(crate) fn body(&self) -> Body<'_> {
        Body {
            topic: TopicRef::new(&self.topic).expect("the strategy makes valid topics"),
            payload: &self.payload,
            properties: &self.properties,
            qos: self.qos,
            retain: self.retain,
            expires_at: self.expires_at,
            received_at: self.received_at,
            publisher: PublisherId(self.publisher),
        }
    }
}

pub(crate) fn number() -> impl Strategy<Value = Number> {
    prop_oneof![0..5_u64, any::<u64>(), Just(u64::MAX)].prop_map(Number)
}

pub(crate) fn packet_id() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(|id| PacketId::new(id).expect("not zero"))
}

fn qos() -> impl Strategy<Value = Qos> {
    (0..3_u8).prop_map(|bits| Qos::from_bits(bits).expect("below three"))
}

fn point() -> impl Strategy<Value = Option<UnixMillis>> {
    prop::option::of((0..u64::MAX).prop_map(UnixMillis))
}

pub(crate) fn text() -> impl Strategy<Value = String> {
    "[a-cü/]{1,12}"
}

pub(crate) fn parts() -> impl Strategy<Value = Parts> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..40);
    let times = (point(), any::<u64>(), any::<u64>());
    (text(), bytes(), bytes(), qos(), any::<bool>(), times).prop_map(
        |(topic, payload, properties, qos, retain, (expires_at, received_at, publisher))| Parts {
            topic,
            payload,
            properties,
            qos,
            retain,
            expires_at,
            received_at: UnixMillis(received_at),
            publisher,
        },
    )
}

/// Everything of an entry but its message.
pub(crate) fn entry() -> impl Strategy<Value = Entry<'static>> {
    let ids = prop::collection::vec(1..0x0fff_ffff_u32, 0..6);
    let group = any::<u64>().prop_map(NonZeroU64::new);
    let packet_id = prop::option::of(packet_id());
    (qos(), any::<bool>(), packet_id, group, ids).prop_map(
        |(qos, retain, packet_id, group, subscription_ids)| Entry {
            qos,
            retain,
            packet_id,
            group,
            subscription_ids: Cow::Owned(subscription_ids),
            body: None,
        },
    )
}

pub(crate) fn subscription() -> impl Strategy<Value = Subscription> {
    let identifier = any::<u32>().prop_map(NonZeroU32::new);
    let flags = any::<(bool, bool, bool)>();
    (qos(), flags, 0..3_u8, identifier).prop_map(|(qos, flags, retain_handling, identifier)| {
        Subscription {
            qos,
            no_local: flags.0,
            retain_as_published: flags.1,
            retain_handling,
            exclusive: flags.2,
            identifier,
        }
    })
}

pub(crate) fn flight() -> impl Strategy<Value = Flight> {
    let sent = (any::<u8>(), number())
        .prop_map(|(priority, number)| FlightStage::Sent { priority, number });
    (prop_oneof![Just(FlightStage::Released), sent], number())
        .prop_map(|(stage, rank)| Flight { stage, rank })
}

pub(crate) fn receipt() -> impl Strategy<Value = Receipt> {
    (1..=256_u16, any::<u64>()).prop_map(|(parts, taken_at)| Receipt {
        parts,
        taken_at: UnixMillis(taken_at),
    })
}

pub(crate) fn entry_key() -> impl Strategy<Value = EntryKey> {
    (number(), any::<u8>(), number()).prop_map(|(session, priority, number)| EntryKey {
        session,
        priority,
        number,
    })
}

pub(crate) fn flight_key() -> impl Strategy<Value = FlightKey> {
    (number(), packet_id()).prop_map(|(session, packet_id)| FlightKey { session, packet_id })
}

fn home() -> impl Strategy<Value = Home> {
    (1..=256_usize, any::<u8>()).prop_map(|(shards, shard)| {
        let shard = usize::from(shard) % shards;
        let shard = ShardId(u8::try_from(shard).expect("below 256"));
        Home::new(shard, shards).expect("one of them")
    })
}

pub(crate) fn receipt_key() -> impl Strategy<Value = ReceiptKey> {
    let packet_id = prop::option::of(packet_id());
    (number(), packet_id, home()).prop_map(|(origin, packet_id, part)| ReceiptKey {
        origin,
        packet_id,
        part,
    })
}

pub(crate) fn delayed_key() -> impl Strategy<Value = DelayedKey> {
    (any::<u64>(), number()).prop_map(|(due, number)| DelayedKey {
        due: UnixMillis(due),
        number,
    })
}

fn key(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut key = Vec::new();
    write(&mut key);
    key
}

fn record(family: Family, key: Vec<u8>, write: impl FnOnce(&[u8], &mut Vec<u8>)) -> Record {
    let mut value = vec![0xaa; 3];
    write(&key, &mut value);
    Record { family, key, value }
}

/// A record of any family that the writer writes.
pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    let body = (number(), parts()).prop_map(|(number, parts)| {
        let key = key(|out| BodyKey(number).write_to(out));
        record(Family::Bodies, key, |key, out| {
            parts.body().write(key, out);
        })
    });
    let delayed = (delayed_key(), parts()).prop_map(|(delayed, parts)| {
        let key = key(|out| delayed.write_to(out));
        record(Family::Delayed, key, |key, out| {
            parts.body().write(key, out);
        })
    });
    let retained = parts().prop_map(|parts| {
        let key = parts.topic.clone().into_bytes();
        record(Family::Retained, key, |key, out| {
            parts.body().write(key, out);
        })
    });
    let queue =
        (entry_key(), entry(), prop::option::of(parts())).prop_map(|(place, entry, parts)| {
            let key = key(|out| place.write_to(out));
            let body = parts.as_ref().map(Parts::body);
            record(Family::Queue, key, |key, out| {
                Entry { body, ..entry }.write(key, out);
            })
        });
    let flight = (flight_key(), flight()).prop_map(|(place, flight)| {
        let key = key(|out| place.write_to(out));
        record(Family::Flight, key, |key, out| flight.write(key, out))
    });
    let receipt = (receipt_key(), receipt()).prop_map(|(place, receipt)| {
        let key = key(|out| place.write_to(out));
        record(Family::Receipts, key, |key, out| receipt.write(key, out))
    });
    let meta = any::<u64>().prop_map(|number| Record {
        family: Family::Meta,
        key: MetaKey::Next.as_bytes().to_vec(),
        value: MetaKey::Next.value(number),
    });
    prop_oneof![
        body,
        delayed,
        retained,
        queue,
        flight,
        receipt,
        meta,
        session_record()
    ]
}

/// A record of [`Family::Sessions`].
fn session_record() -> impl Strategy<Value = Record> {
    let names = (text(), prop::option::of(text()), text());
    let head = (number(), names, any::<u32>(), point()).prop_map(
        |(session, (client, username, mount), expiry_s, detached_at)| {
            let part = SessionPart::Head;
            let key = key(|out| SessionKey { session, part }.write_to(out));
            let session = Session {
                client: &client,
                username: username.as_deref(),
                mount: &mount,
                expiry_s,
                detached_at,
            };
            record(Family::Sessions, key, |key, out| session.write(key, out))
        },
    );
    let subscribed = (number(), text(), subscription()).prop_map(|(session, filter, options)| {
        let part = SessionPart::Subscription(&filter);
        let key = key(|out| SessionKey { session, part }.write_to(out));
        record(Family::Sessions, key, |key, out| options.write(key, out))
    });
    let delays = (any::<u32>(), prop::option::of(any::<u32>()));
    let will = (number(), parts(), delays).prop_map(|(session, parts, (delay_s, expiry_s))| {
        let part = SessionPart::Will;
        let key = key(|out| SessionKey { session, part }.write_to(out));
        let will = Will {
            body: parts.body(),
            expiry_s,
            delay_s,
        };
        record(Family::Sessions, key, |key, out| will.write(key, out))
    });
    prop_oneof![head, subscribed, will]
}
