//! What the store does of its own accord: ended sessions' entries, bodies that nobody holds,
//! damaged records.

use std::ops::Bound;

use store_model::limits::SWEEP_CHUNK;
use store_model::{EntryKey, EntryPlace, Family, Number, Operation, Purged, Stored, Writer};

use crate::Image;
use crate::log::Group;

/// Where a walk through the holders of bodies stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upkeep {
    /// The key after which the sweep goes on, while there is one.
    sweep: Option<Vec<u8>>,
    /// Records to be set aside.
    pub(crate) damaged: Vec<(Family, Vec<u8>)>,
}

impl Upkeep {
    /// Whether there is something to do, for a store that may have nothing else to do.
    pub(crate) fn is_due(&self, image: &Image, writer: &Writer, is_idle: bool) -> bool {
        !self.damaged.is_empty()
            || self.sweep.is_some()
            || writer.is_sweep_due()
            || is_idle && writer.unswept() > 0
            || image.prefixed(Family::Dropped, &[]).next().is_some()
    }

    /// Writes one piece of it.
    pub(crate) fn write(&mut self, image: &Image, writer: &mut Writer, group: &mut Group) {
        for (family, key) in core::mem::take(&mut self.damaged) {
            set_aside(family, &key, image, writer, group);
        }
        if self.sweep.is_some() || writer.is_sweep_due() {
            self.sweep(image, writer, group);
            return;
        }
        let dropped = image.prefixed(Family::Dropped, &[]).next();
        if let Some((key, value)) = dropped {
            match Stored::decode(Family::Dropped, key, value) {
                Ok(Stored::Dropped(session)) => purge(session, image, writer, group),
                _ => writer.set_aside(Family::Dropped, key, value, group),
            }
        } else if writer.unswept() > 0 {
            self.sweep(image, writer, group);
        }
    }

    fn sweep(&mut self, image: &Image, writer: &mut Writer, group: &mut Group) {
        let from = if let Some(after) = self.sweep.take() {
            Bound::Excluded(after)
        } else {
            writer.begin_sweep();
            Bound::Included(Vec::new())
        };
        let records: Vec<_> = image
            .from(Family::Holders, from)
            .take(SWEEP_CHUNK)
            .collect();
        if records.len() == SWEEP_CHUNK {
            self.sweep = records.last().map(|(key, _)| key.to_vec());
        }
        let holders = records.into_iter().filter_map(|(key, value)| {
            match Stored::decode(Family::Holders, key, value) {
                Ok(Stored::Holders(number, holders)) => Some((number, holders)),
                _ => None,
            }
        });
        writer.sweep(holders, group);
    }
}

/// Sets a damaged record aside. An entry gives up its share of its message.
fn set_aside(family: Family, key: &[u8], image: &Image, writer: &mut Writer, group: &mut Group) {
    let Some(value) = image.value(family, key) else {
        return;
    };
    writer.set_aside(family, key, value, group);
    if family != Family::Queue {
        return;
    }
    if let Ok(place) = EntryKey::decode(key) {
        let body = place.number.0.to_be_bytes();
        // A message that is inside its entry shares its number with no body.
        let place = EntryPlace {
            session: place.session,
            priority: place.priority,
            number: place.number,
            is_shared: image.value(Family::Holders, &body).is_some(),
        };
        writer.apply(&Operation::Remove(place), group);
    }
}

/// Removes the next records of an ended session.
fn purge(session: Number, image: &Image, writer: &mut Writer, group: &mut Group) {
    let prefix = session.0.to_be_bytes();
    let mut others = Vec::new();
    for family in [Family::Sessions, Family::Flight, Family::Receipts] {
        let found = image.prefixed(family, &prefix);
        others.extend(found.map(|(key, _)| (family, key)).take(SWEEP_CHUNK));
    }
    let (mut places, mut looked_at) = (Vec::new(), others.len());
    for (key, value) in image.prefixed(Family::Queue, &prefix).take(SWEEP_CHUNK) {
        looked_at += 1;
        match Stored::decode(Family::Queue, key, value) {
            Ok(Stored::Entry(key, entry)) => places.push(EntryPlace {
                session,
                priority: key.priority,
                number: key.number,
                is_shared: entry.body.is_none(),
            }),
            _ => set_aside(Family::Queue, key, image, writer, group),
        }
    }
    let purged = if looked_at < SWEEP_CHUNK {
        Purged::All
    } else {
        Purged::Some
    };
    writer.purge(session, places, others, purged, group);
}
