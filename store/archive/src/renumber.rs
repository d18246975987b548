//! Other numbers for what is in an archive.

use store_model::{
    BodyKey, DelayedKey, EntryKey, Flight, FlightKey, FlightStage, Number, ReceiptKey, SessionKey,
    SessionPart, Stored,
};

/// Writes a record of an archive with `by` added to every number in it, into `key` and `value`,
/// whose former content is gone. False if a number would be too large, or if the record is of a
/// family that is in no archive.
///
/// Numbers that differ go on to differ, and their order stays: so do sessions, their queues and the
/// messages that they share.
#[must_use]
pub fn renumber(stored: &Stored<'_>, by: u64, key: &mut Vec<u8>, value: &mut Vec<u8>) -> bool {
    key.clear();
    write(stored, by, key, value).is_some()
}

fn write(stored: &Stored<'_>, by: u64, key: &mut Vec<u8>, value: &mut Vec<u8>) -> Option<()> {
    let add = |number: Number| number.0.checked_add(by).map(Number);
    let part = |session, part, key: &mut Vec<u8>| -> Option<()> {
        let session = add(session)?;
        SessionKey { session, part }.write_to(key);
        Some(())
    };
    match stored {
        Stored::Session(session, head) => {
            part(*session, SessionPart::Head, key)?;
            head.write(key, value);
        }
        Stored::Will(session, will) => {
            part(*session, SessionPart::Will, key)?;
            will.write(key, value);
        }
        Stored::Subscription(session, filter, subscription) => {
            part(*session, SessionPart::Subscription(filter), key)?;
            subscription.write(key, value);
        }
        Stored::Entry(place, entry) => {
            let place = EntryKey {
                session: add(place.session)?,
                number: add(place.number)?,
                ..*place
            };
            place.write_to(key);
            entry.write(key, value);
        }
        Stored::Body(number, body) => {
            BodyKey(add(*number)?).write_to(key);
            body.write(key, value);
        }
        Stored::Flight(place, flight) => {
            let place = FlightKey {
                session: add(place.session)?,
                ..*place
            };
            place.write_to(key);
            in_flight(*flight, add)?.write(key, value);
        }
        Stored::Receipt(place, receipt) => {
            let place = ReceiptKey {
                origin: add(place.origin)?,
                ..*place
            };
            place.write_to(key);
            receipt.write(key, value);
        }
        Stored::Retained(body) => {
            key.extend_from_slice(body.topic.as_str().as_bytes());
            body.write(key, value);
        }
        Stored::Delayed(place, body) => {
            let place = DelayedKey {
                number: add(place.number)?,
                ..*place
            };
            place.write_to(key);
            body.write(key, value);
        }
        Stored::Dropped(_)
        | Stored::Format(_)
        | Stored::Holders(..)
        | Stored::Next(_)
        | Stored::Quarantine(..)
        | Stored::Seed(_) => return None,
    }
    Some(())
}

fn in_flight(flight: Flight, add: impl Fn(Number) -> Option<Number>) -> Option<Flight> {
    let stage = match flight.stage {
        FlightStage::Released => FlightStage::Released,
        FlightStage::Sent { priority, number } => FlightStage::Sent {
            priority,
            number: add(number)?,
        },
    };
    let rank = add(flight.rank)?;
    Some(Flight { stage, rank })
}
