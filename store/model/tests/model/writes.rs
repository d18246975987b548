//! What operations write.

use std::collections::BTreeMap;
use std::sync::Arc;

use store_model::{
    Enqueue, EntryPlace, Family, Holders, Number, Operation, Queued, Sink, Stored, WallClock,
    Writer,
};
use wire_message::{Expiry, Instant, Message, MessageRef, PublisherId, Qos, TopicRef};

/// Keys and values.
#[derive(Debug, Default)]
struct Records(BTreeMap<(Family, Vec<u8>), Vec<u8>>);

impl Sink for Records {
    fn add(&mut self, family: Family, key: &[u8], holders: Holders) {
        let value = self.0.entry((family, key.to_vec())).or_default();
        let before = Holders::decode(value).unwrap_or(Holders(0));
        *value = before.plus(holders).to_bytes().to_vec();
    }

    fn delete(&mut self, family: Family, key: &[u8]) {
        self.0.remove(&(family, key.to_vec()));
    }

    fn put(&mut self, family: Family, key: &[u8], value: &[u8]) {
        self.0.insert((family, key.to_vec()), value.to_vec());
    }
}

impl Records {
    fn count(&self, family: Family) -> usize {
        self.0.keys().filter(|(other, _)| *other == family).count()
    }

    fn bytes(&self, family: Family) -> usize {
        let records = self.0.iter().filter(|((other, _), _)| *other == family);
        records
            .map(|((_, key), value)| key.len() + value.len())
            .sum()
    }
}

fn message(payload: &[u8]) -> Arc<Message> {
    let message = MessageRef {
        topic: TopicRef::new("site/7/alarm").expect("valid"),
        payload,
        properties: &[],
        qos: Qos::AtLeastOnce,
        retain: false,
        expiry: Expiry::NEVER,
        received_at: Instant::ZERO,
        publisher: PublisherId(1),
    };
    Arc::new(message.to_message())
}

fn queued(session: u64) -> Queued {
    Queued {
        session: Number(session),
        priority: 0,
        qos: Qos::AtLeastOnce,
        retain: false,
        packet_id: None,
        group: None,
        subscription_ids: Vec::new(),
    }
}

fn enqueue(number: u64, sessions: impl IntoIterator<Item = u64>) -> Operation {
    Operation::Enqueue(Box::new(Enqueue {
        number: Number(number),
        message: message(&[7; 1000]),
        entries: sessions.into_iter().map(queued).collect(),
        receipt: None,
    }))
}

fn remove(number: u64, session: u64) -> Operation {
    Operation::Remove(EntryPlace {
        session: Number(session),
        priority: 0,
        number: Number(number),
        is_shared: true,
    })
}

fn writer(young_max: usize) -> Writer {
    Writer::new(WallClock::default(), Number(1), young_max)
}

#[test]
fn a_message_for_ten_thousand_sessions_is_stored_once() {
    let (mut writer, mut records) = (writer(8), Records::default());
    writer.apply(&enqueue(5, 10_000..20_000), &mut records);
    assert_eq!(records.count(Family::Queue), 10_000);
    assert_eq!(records.count(Family::Bodies), 1);
    let all = records.bytes(Family::Queue) + records.bytes(Family::Holders);
    assert!(all <= 64 * 10_000, "{all} bytes beside the body");
    assert!(records.bytes(Family::Bodies) <= 1_100);
}

#[test]
fn a_message_for_one_session_is_in_its_entry() {
    let (mut writer, mut records) = (writer(8), Records::default());
    writer.apply(&enqueue(5, [1]), &mut records);
    assert_eq!(records.0.len(), 1);
    let ((family, key), value) = records.0.first_key_value().expect("one record");
    let Ok(Stored::Entry(_, entry)) = Stored::decode(*family, key, value) else {
        unreachable!("the only record is the entry");
    };
    let body = entry.body.expect("inside");
    assert_eq!(body.payload, &[7; 1000]);
}

#[test]
fn a_young_body_goes_with_its_last_entry() {
    let (mut writer, mut records) = (writer(8), Records::default());
    writer.apply(&enqueue(5, [1, 2, 3]), &mut records);
    for (session, left) in [(2, 1), (1, 1), (3, 0)] {
        writer.apply(&remove(5, session), &mut records);
        assert_eq!(records.count(Family::Bodies), left);
    }
    assert!(records.0.is_empty(), "{records:?}");
}

#[test]
fn a_body_that_is_not_young_goes_with_a_sweep_and_only_if_nobody_holds_it() {
    let (mut writer, mut records) = (writer(0), Records::default());
    writer.apply(&enqueue(5, [1, 2]), &mut records);
    writer.apply(&enqueue(6, [1, 2]), &mut records);
    for session in [1, 2] {
        writer.apply(&remove(5, session), &mut records);
    }
    writer.apply(&remove(6, 1), &mut records);
    assert!(writer.is_sweep_due(), "the first is due at once");
    writer.begin_sweep();
    assert!(!writer.is_sweep_due());
    let found: Vec<_> = records
        .0
        .iter()
        .filter_map(
            |((family, key), value)| match Stored::decode(*family, key, value) {
                Ok(Stored::Holders(number, holders)) => Some((number, holders)),
                _ => None,
            },
        )
        .collect();
    writer.sweep(found, &mut records);
    assert_eq!(records.count(Family::Bodies), 1);
    let left = Number(6).0.to_be_bytes().to_vec();
    assert!(records.0.contains_key(&(Family::Bodies, left)));
}

#[test]
fn an_ended_session_leaves_its_entries_to_be_purged_and_nothing_else() {
    let (mut writer, mut records) = (writer(8), Records::default());
    let put = store_model::PutSession {
        session: Number(1),
        client: wire_message::ClientId::new("c"),
        username: None,
        mount: "".into(),
        expiry_s: 60,
        detached_at: None,
    };
    writer.apply(&Operation::PutSession(Box::new(put)), &mut records);
    writer.apply(&enqueue(5, [1, 2]), &mut records);
    let session = Number(1);
    writer.apply(&Operation::DropSession { session }, &mut records);
    assert_eq!(records.count(Family::Sessions), 0);
    assert_eq!(records.count(Family::Dropped), 1);
    let place = EntryPlace {
        session,
        priority: 0,
        number: Number(5),
        is_shared: true,
    };
    writer.purge(session, [place], [], store_model::Purged::All, &mut records);
    assert_eq!(records.count(Family::Dropped), 0);
    assert_eq!(
        (records.count(Family::Queue), records.count(Family::Bodies)),
        (1, 1)
    );
}

#[test]
fn a_group_that_uses_numbers_says_so() {
    let (mut writer, mut records) = (writer(8), Records::default());
    writer.finish_group(&mut records);
    assert!(records.0.is_empty());
    writer.apply(&enqueue(9, [7]), &mut records);
    writer.finish_group(&mut records);
    let value = &records.0[&(Family::Meta, b"next".to_vec())];
    let next = Stored::decode(Family::Meta, b"next", value);
    assert_eq!(next, Ok(Stored::Next(Number(10))));
}

#[test]
fn a_damaged_record_is_kept_as_it_was() {
    let (mut writer, mut records) = (writer(8), Records::default());
    records.put(Family::Queue, b"where", b"what");
    writer.set_aside(Family::Queue, b"where", b"what", &mut records);
    assert_eq!(records.0.len(), 1);
    let ((family, key), value) = records.0.first_key_value().expect("one record");
    let Ok(Stored::Quarantine(place, found)) = Stored::decode(*family, key, value) else {
        unreachable!("the only record is in quarantine");
    };
    assert_eq!(
        (place.family, place.key, found),
        (Family::Queue, &b"where"[..], &b"what"[..])
    );
}
