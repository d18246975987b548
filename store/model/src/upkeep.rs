//! What the store does of its own accord: ended sessions' entries, bodies that nobody holds,
//! damaged records.

use core::ops::{Bound, ControlFlow};

use crate::limits::{DAMAGED_MAX, SWEEP_CHUNK};
use crate::{
    EntryKey, EntryPlace, Family, Number, Operation, Purged, Sink, Source, Stored, Writer,
};

/// A record that is to be set aside.
type Place = (Family, Vec<u8>);

/// A key and its value.
type Record = (Vec<u8>, Vec<u8>);

/// How far the store's own work has come. Done in pieces, on the thread that writes: each piece is
/// read and written before anything else is.
#[derive(Clone, Debug)]
pub struct Upkeep {
    /// The key after which the sweep goes on, while there is one.
    sweep: Option<Vec<u8>>,
    /// Whether there may be an ended session with records left.
    dropped: bool,
    damaged: Vec<Place>,
}

impl Default for Upkeep {
    fn default() -> Self {
        Self::new()
    }
}

impl Upkeep {
    /// That of a store that starts: sessions may have ended in the run before.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            sweep: None,
            dropped: true,
            damaged: Vec::new(),
        }
    }

    /// Notices what an operation leaves to be done; to be called for each that is written.
    pub const fn note(&mut self, operation: &Operation) {
        if matches!(operation, Operation::DropSession { .. }) {
            self.dropped = true;
        }
    }

    /// Records found damaged, to be set aside. Those for which there is no room stay where they
    /// are until they are read again.
    pub fn found_damaged(&mut self, records: impl IntoIterator<Item = (Family, Vec<u8>)>) {
        let room = DAMAGED_MAX.saturating_sub(self.damaged.len());
        self.damaged.extend(records.into_iter().take(room));
        // A message that several share may have been found by each of them.
        self.damaged.sort_unstable();
        self.damaged.dedup();
    }

    /// Damaged records that the next piece sets aside.
    #[must_use]
    pub fn damaged(&self) -> &[(Family, Vec<u8>)] {
        &self.damaged
    }

    /// Whether there is something to do, for a store that may have nothing else to do.
    #[must_use]
    pub const fn is_due(&self, writer: &Writer, is_idle: bool) -> bool {
        !self.damaged.is_empty()
            || self.sweep.is_some()
            || self.dropped
            || writer.is_sweep_due()
            || is_idle && writer.unswept() > 0
    }

    /// Writes one piece of it.
    ///
    /// # Errors
    ///
    /// The source's. Nothing was written then.
    pub fn write<S: Source>(
        &mut self,
        source: &S,
        writer: &mut Writer,
        sink: &mut impl Sink,
    ) -> Result<(), S::Error> {
        if !self.damaged.is_empty() {
            set_aside(look_up(&self.damaged, source)?, writer, sink);
            self.damaged.clear();
            return Ok(());
        }
        if self.sweep.is_some() || writer.is_sweep_due() {
            return self.sweep(source, writer, sink);
        }
        if self.dropped {
            if let Some((key, value)) = first(source, Family::Dropped)? {
                if let Ok(Stored::Dropped(session)) = Stored::decode(Family::Dropped, &key, &value)
                {
                    return purge(session, source, writer, sink);
                }
                writer.set_aside(Family::Dropped, &key, &value, sink);
                return Ok(());
            }
            self.dropped = false;
        }
        if writer.unswept() > 0 {
            self.sweep(source, writer, sink)?;
        }
        Ok(())
    }

    fn sweep<S: Source>(
        &mut self,
        source: &S,
        writer: &mut Writer,
        sink: &mut impl Sink,
    ) -> Result<(), S::Error> {
        let from = self.sweep.as_deref();
        let from = from.map_or(Bound::Unbounded, Bound::Excluded);
        let (mut looked_at, mut last, mut found) = (0, None, Vec::new());
        source.walk(Family::Holders, &[], from, &mut |key, value| {
            looked_at += 1;
            if let Ok(Stored::Holders(number, holders)) =
                Stored::decode(Family::Holders, key, value)
            {
                found.push((number, holders));
            }
            if looked_at < SWEEP_CHUNK {
                return ControlFlow::Continue(());
            }
            last = Some(key.to_vec());
            ControlFlow::Break(())
        })?;
        if self.sweep.is_none() {
            writer.begin_sweep();
        }
        self.sweep = last;
        writer.sweep(found, sink);
        Ok(())
    }
}

/// The first record of a family.
fn first<S: Source>(source: &S, family: Family) -> Result<Option<Record>, S::Error> {
    let mut first = None;
    source.walk(family, &[], Bound::Unbounded, &mut |key, value| {
        first = Some((key.to_vec(), value.to_vec()));
        ControlFlow::Break(())
    })?;
    Ok(first)
}

/// A damaged record as it is, with the place that an entry gives up.
type Found<'a> = (&'a Place, Vec<u8>, Option<EntryPlace>);

/// Damaged records that are still there.
fn look_up<'a, S: Source>(places: &'a [Place], source: &S) -> Result<Vec<Found<'a>>, S::Error> {
    let mut found = Vec::new();
    for place in places {
        let (family, key) = place;
        if let Some(value) = source.value(*family, key)? {
            found.push((place, value, entry_place(*family, key, source)?));
        }
    }
    Ok(found)
}

/// A damaged entry's place, if the record is one.
fn entry_place<S: Source>(
    family: Family,
    key: &[u8],
    source: &S,
) -> Result<Option<EntryPlace>, S::Error> {
    if family != Family::Queue {
        return Ok(None);
    }
    let Ok(place) = EntryKey::decode(key) else {
        return Ok(None);
    };
    // A message that is inside its entry shares its number with no body.
    let body = place.number.0.to_be_bytes();
    Ok(Some(EntryPlace {
        session: place.session,
        priority: place.priority,
        number: place.number,
        is_shared: source.value(Family::Holders, &body)?.is_some(),
    }))
}

/// Sets damaged records aside. An entry gives up its share of its message.
fn set_aside(found: Vec<Found<'_>>, writer: &mut Writer, sink: &mut impl Sink) {
    for ((family, key), value, entry) in found {
        writer.set_aside(*family, key, &value, sink);
        if let Some(place) = entry {
            writer.apply(&Operation::Remove(place), sink);
        }
    }
}

/// Removes the next records of an ended session.
fn purge<S: Source>(
    session: Number,
    source: &S,
    writer: &mut Writer,
    sink: &mut impl Sink,
) -> Result<(), S::Error> {
    let prefix = session.0.to_be_bytes();
    let mut others = Vec::new();
    for family in [Family::Sessions, Family::Flight, Family::Receipts] {
        let end = others.len() + SWEEP_CHUNK;
        source.walk(family, &prefix, Bound::Unbounded, &mut |key, _| {
            others.push((family, key.to_vec()));
            stop_at(others.len(), end)
        })?;
    }
    let (mut places, mut damaged) = (Vec::new(), Vec::new());
    source.walk(
        Family::Queue,
        &prefix,
        Bound::Unbounded,
        &mut |key, value| {
            match Stored::decode(Family::Queue, key, value) {
                Ok(Stored::Entry(key, entry)) => places.push(EntryPlace {
                    session,
                    priority: key.priority,
                    number: key.number,
                    is_shared: entry.body.is_none(),
                }),
                _ => damaged.push((Family::Queue, key.to_vec())),
            }
            stop_at(places.len() + damaged.len(), SWEEP_CHUNK)
        },
    )?;
    let found = look_up(&damaged, source)?;
    let purged = if others.len() + places.len() + damaged.len() < SWEEP_CHUNK {
        Purged::All
    } else {
        Purged::Some
    };
    set_aside(found, writer, sink);
    let others = others.iter().map(|(family, key)| (*family, key.as_slice()));
    writer.purge(session, places, others, purged, sink);
    Ok(())
}

const fn stop_at(count: usize, most: usize) -> ControlFlow<()> {
    if count < most {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}
