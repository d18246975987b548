//! What a queue that is too long loses first.

use core::ops::Bound;

use super::{Reader, go_on};
use crate::limits::CHUNK_ENTRIES_MAX;
use crate::{Entry, EntryKey, EntryPlace, Family, Number, Source};

/// Bytes of a key of the queue before the number: session and priority.
const PRIORITY_END: usize = 9;

impl<S: Source> Reader<'_, S> {
    /// The oldest entries of the lowest priority, if that is not above `most`. Looks at no others.
    pub(super) fn oldest(
        &mut self,
        session: Number,
        most: u8,
    ) -> Result<Vec<EntryPlace>, S::Error> {
        let source = self.source;
        let mut places = Vec::new();
        // Lower priorities stand behind higher ones.
        let last = source.last_key(Family::Queue, &session.0.to_be_bytes())?;
        let Some(last) = last else {
            return Ok(places);
        };
        let Ok(lowest) = EntryKey::decode(&last) else {
            self.set_aside(Family::Queue, &last);
            return Ok(places);
        };
        if lowest.priority > most {
            return Ok(places);
        }
        let prefix = last.get(..PRIORITY_END).unwrap_or(&last);
        let from = Bound::Unbounded;
        source.walk(Family::Queue, prefix, from, &mut |key, value| {
            match (EntryKey::decode(key), Entry::is_shared(key, value)) {
                (Ok(place), Ok(is_shared)) => places.push(EntryPlace {
                    session,
                    priority: place.priority,
                    number: place.number,
                    is_shared,
                }),
                _ => self.set_aside(Family::Queue, key),
            }
            go_on(places.len() < CHUNK_ENTRIES_MAX)
        })?;
        Ok(places)
    }
}
