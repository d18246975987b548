//! Laws of keys.

use std::cmp::Ordering;

use proptest::prelude::*;
use store_model::{
    BodyKey, DelayedKey, EntryKey, Family, FlightKey, KeyError, MetaKey, Number, QuarantineKey,
    ReceiptKey, RetainedKey, SessionKey, SessionPart,
};

use crate::strategies::{delayed_key, entry_key, flight_key, number, receipt_key, text};

fn bytes(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut key = Vec::new();
    write(&mut key);
    key
}

/// Two keys sort as their bytes do, and each comes back from its bytes.
macro_rules! law {
    ($name:ident, $key:ident, $strategy:expr) => {
        proptest! {
            #[test]
            fn $name(one in $strategy, other in $strategy) {
                let (a, b) = (bytes(|out| one.write_to(out)), bytes(|out| other.write_to(out)));
                prop_assert_eq!(one.cmp(&other), a.cmp(&b));
                prop_assert_eq!($key::decode(&a), Ok(one));
                for cut in 0..a.len() {
                    let length = KeyError::Length { length: cut };
                    prop_assert_eq!($key::decode(&a[..cut]), Err(length));
                }
            }
        }
    };
}

law!(
    keys_of_bodies_sort_and_come_back,
    BodyKey,
    number().prop_map(BodyKey)
);
law!(keys_of_entries_sort_and_come_back, EntryKey, entry_key());
law!(keys_of_flights_sort_and_come_back, FlightKey, flight_key());
law!(
    keys_of_receipts_sort_and_come_back,
    ReceiptKey,
    receipt_key()
);
law!(
    keys_of_delayed_messages_sort_and_come_back,
    DelayedKey,
    delayed_key()
);

fn part(filter: Option<&String>, is_will: bool) -> SessionPart<'_> {
    match filter {
        Some(filter) => SessionPart::Subscription(filter),
        None if is_will => SessionPart::Will,
        None => SessionPart::Head,
    }
}

proptest! {
    #[test]
    fn keys_of_sessions_sort_and_come_back(
        one in (number(), prop::option::of(text()), any::<bool>()),
        other in (number(), prop::option::of(text()), any::<bool>()),
    ) {
        let one = SessionKey { session: one.0, part: part(one.1.as_ref(), one.2) };
        let other = SessionKey { session: other.0, part: part(other.1.as_ref(), other.2) };
        let (a, b) = (bytes(|out| one.write_to(out)), bytes(|out| other.write_to(out)));
        prop_assert_eq!(one.cmp(&other), a.cmp(&b));
        prop_assert_eq!(SessionKey::decode(&a), Ok(one));
        prop_assert!(a.starts_with(&one.session.0.to_be_bytes()));
    }

    #[test]
    fn keys_of_retained_messages_sort_and_come_back(one in text(), other in text()) {
        let (one, other) = (RetainedKey(&one), RetainedKey(&other));
        let (a, b) = (bytes(|out| one.write_to(out)), bytes(|out| other.write_to(out)));
        prop_assert_eq!(one.cmp(&other), a.cmp(&b));
        prop_assert_eq!(RetainedKey::decode(&a), Ok(one));
    }

    #[test]
    fn a_key_in_quarantine_says_where_it_was(
        tag in 0..11_u8, key in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let family = Family::from_tag(tag).expect("a tag in use");
        let one = QuarantineKey { family, key: &key };
        let bytes = bytes(|out| one.write_to(out));
        prop_assert_eq!(QuarantineKey::decode(&bytes), Ok(one));
    }

    /// The range that a session's prefix spans holds its keys and no others.
    #[test]
    fn a_session_is_a_range_of_keys(session in 0..u64::MAX, entry in entry_key()) {
        let (from, to) = (session.to_be_bytes(), (session + 1).to_be_bytes());
        let key = bytes(|out| entry.write_to(out));
        let inside = key.as_slice() >= &from[..] && key.as_slice() < &to[..];
        prop_assert_eq!(inside, entry.session == Number(session));
    }
}

#[test]
fn higher_priorities_and_lower_numbers_come_first() {
    let key = |priority, number| EntryKey {
        session: Number(1),
        priority,
        number: Number(number),
    };
    assert_eq!(key(9, 7).cmp(&key(0, 1)), Ordering::Less);
    assert_eq!(key(0, 256).cmp(&key(0, 255)), Ordering::Greater);
}

#[test]
fn names_of_the_stores_own_records_lead_back() {
    for key in [MetaKey::Format, MetaKey::Next, MetaKey::Seed] {
        assert_eq!(MetaKey::decode(key.as_bytes()), Ok(key));
    }
    let unknown = KeyError::Unknown { what: "name" };
    assert_eq!(MetaKey::decode(b"other"), Err(unknown));
}
