//! Laws of records.

use std::borrow::Cow;

use proptest::prelude::*;
use store_model::limits::SHARED_ENTRY_BYTES_MAX;
use store_model::{
    DamageError, Entry, EntryKey, Family, Flight, Receipt, RecordError, Stored, Subscription,
};

use crate::strategies::{any_record, entry, entry_key, flight, parts, receipt, subscription};

fn key(place: EntryKey) -> Vec<u8> {
    let mut key = Vec::new();
    place.write_to(&mut key);
    key
}

proptest! {
    #[test]
    fn an_entry_comes_back_with_its_message(
        place in entry_key(), entry in entry(), parts in prop::option::of(parts()),
    ) {
        let entry = Entry { body: parts.as_ref().map(|parts| parts.body()), ..entry };
        let (key, mut value) = (key(place), Vec::new());
        entry.write(&key, &mut value);
        prop_assert_eq!(
            Stored::decode(Family::Queue, &key, &value), Ok(Stored::Entry(place, entry))
        );
    }

    #[test]
    fn an_entry_of_a_shared_message_is_small(place in entry_key(), mut entry in entry()) {
        let ids: Vec<u32> = entry.subscription_ids.iter().copied().take(4).collect();
        entry.subscription_ids = Cow::Owned(ids);
        let (key, mut value) = (key(place), Vec::new());
        entry.write(&key, &mut value);
        prop_assert!(key.len() + value.len() <= SHARED_ENTRY_BYTES_MAX, "{}", value.len());
    }

    #[test]
    fn exchanges_and_subscriptions_come_back(
        flight in flight(), receipt in receipt(), subscription in subscription(),
    ) {
        let mut value = Vec::new();
        flight.write(b"key", &mut value);
        prop_assert_eq!(Flight::read(b"key", &value), Ok(flight));
        receipt.write(b"key", &mut value);
        prop_assert_eq!(Receipt::read(b"key", &value), Ok(receipt));
        subscription.write(b"key", &mut value);
        prop_assert_eq!(Subscription::read(b"key", &value), Ok(subscription));
    }

    #[test]
    fn what_was_written_is_read(record in any_record()) {
        prop_assert!(Stored::decode(record.family, &record.key, &record.value).is_ok());
    }

    /// The checksum covers version, archive and key: no changed bit passes.
    #[test]
    fn a_changed_bit_is_noticed(record in any_record(), at in any::<u32>(), bit in 0..8_u8) {
        let mut value = record.value;
        let at = at as usize % value.len();
        value[at] ^= 1 << bit;
        let read = Stored::decode(record.family, &record.key, &value);
        let checksum = DamageError::Record(RecordError::Checksum);
        prop_assert_eq!(read.map_err(|damage| damage.error), Err(checksum));
    }

    #[test]
    fn a_record_under_another_key_is_noticed(record in any_record(), at in any::<u32>()) {
        let mut key = record.key;
        let at = at as usize % key.len();
        key[at] ^= 1;
        prop_assert!(Stored::decode(record.family, &key, &record.value).is_err());
    }

    #[test]
    fn a_record_that_is_cut_short_is_noticed(record in any_record()) {
        for cut in 0..record.value.len() {
            let read = Stored::decode(record.family, &record.key, &record.value[..cut]);
            prop_assert!(read.is_err(), "{} of {} bytes", cut, record.value.len());
        }
    }

    #[test]
    fn arbitrary_bytes_are_errors_and_never_panics(
        tag in 0..11_u8,
        key in prop::collection::vec(any::<u8>(), 0..24),
        value in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let family = Family::from_tag(tag).expect("a tag in use");
        let read = Stored::decode(family, &key, &value);
        let takes_any_bytes = [Family::Holders, Family::Quarantine].contains(&family);
        prop_assert!(read.is_err() || takes_any_bytes);
    }

    /// Damage behind the checksum's back, as a program with a mistake would write it: the archive
    /// is checked on its own, and what passes has a meaning.
    #[test]
    fn a_wrong_archive_with_a_right_checksum_never_panics(
        record in any_record(),
        changes in prop::collection::vec((any::<u32>(), any::<u8>()), 1..4),
        cut in any::<u32>(),
    ) {
        let mut value = record.value;
        if value.len() > 5 {
            let keep = 5 + cut as usize % (value.len() - 4);
            if cut % 3 == 0 {
                value.truncate(keep);
            }
            for (at, byte) in changes {
                let length = value.len();
                if length > 5 {
                    value[5 + at as usize % (length - 5)] = byte;
                }
            }
            let sum = crc32c::crc32c_append(crc32c::crc32c(&record.key), &value[..1]);
            let sum = crc32c::crc32c_append(sum, &value[5..]);
            value[1..5].copy_from_slice(&sum.to_le_bytes());
        }
        if let Err(damage) = Stored::decode(record.family, &record.key, &value) {
            let is_checksum = damage.error == DamageError::Record(RecordError::Checksum);
            prop_assert!(!is_checksum, "the sum was made right");
        }
    }
}

#[test]
fn an_unknown_version_is_told_as_such() {
    let key = b"next";
    let mut value = store_model::MetaKey::Next.value(7);
    value[0] = 9;
    let sum = crc32c::crc32c_append(crc32c::crc32c(key), &value[..1]);
    let sum = crc32c::crc32c_append(sum, &value[5..]);
    value[1..5].copy_from_slice(&sum.to_le_bytes());
    let read = Stored::decode(Family::Meta, key, &value);
    let version = DamageError::Record(RecordError::Version { version: 9 });
    assert_eq!(read.map_err(|damage| damage.error), Err(version));
}
