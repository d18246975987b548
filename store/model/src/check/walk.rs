//! One pass through each family, and what it looks for.

use core::fmt::Display;
use core::ops::{Bound, ControlFlow};
use std::collections::BTreeMap;

use super::{Check, Wrong};
use crate::limits::CHECK_BODIES_MAX;
use crate::{
    BodyKey, DelayedKey, Entry, EntryKey, Family, FlightStage, MetaKey, Number, SessionKey,
    SessionPart, Source, Stored,
};

/// Whose a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// A session that ended and whose records go.
    Ended,
    Live,
    /// Nobody's.
    Missing,
}

/// How many entries share a message.
#[derive(Debug)]
struct Shares {
    stored: i64,
    found: u64,
    /// Damaged entries, which may have shared it.
    damaged: u64,
}

pub(super) struct Walk<'a, S> {
    source: &'a S,
    pub(super) check: Check,
    /// Above all numbers; `None` if that is not known.
    next: Option<Number>,
    /// The session looked up last.
    last: Option<(Number, Owner)>,
    /// The session that was reported last.
    missing: Option<(Family, Number)>,
}

impl<'a, S: Source> Walk<'a, S>
where
    S::Error: Display,
{
    pub(super) fn new(source: &'a S) -> Self {
        Self {
            source,
            check: Check::default(),
            next: None,
            last: None,
            missing: None,
        }
    }

    /// The store's own records.
    pub(super) fn meta(&mut self) {
        let mut missing = vec![MetaKey::Format, MetaKey::Next, MetaKey::Seed];
        self.each(Family::Meta, |walk, key, stored| {
            if let Stored::Next(next) = stored {
                walk.next = Some(next);
            }
            missing.retain(|one| one.as_bytes() != key);
            Ok(())
        });
        for key in missing {
            let wrong = Wrong::MetaMissing(key);
            self.check.find(Family::Meta, key.as_bytes(), wrong);
        }
    }

    /// Heads, wills and subscriptions.
    pub(super) fn sessions(&mut self) {
        let family = Family::Sessions;
        self.each(family, |walk, key, stored| {
            if let Stored::Session(number, _) = stored {
                walk.check.sessions += 1;
                walk.number(family, key, number);
            }
            if let Stored::Subscription(session, ..) | Stored::Will(session, _) = stored {
                walk.owned(family, key, session)?;
            }
            Ok(())
        });
    }

    /// Entries and the messages that they share.
    pub(super) fn queue(&mut self) {
        let family = Family::Queue;
        self.each(family, |walk, key, stored| {
            let Stored::Entry(place, entry) = stored else {
                return Ok(());
            };
            walk.number(family, key, place.number);
            walk.owned(family, key, place.session)?;
            let body = place.number.0.to_be_bytes();
            if entry.body.is_none() && walk.source.value(Family::Bodies, &body)?.is_none() {
                walk.check.find(family, key, Wrong::BodyMissing);
            }
            Ok(())
        });
    }

    /// Messages that are shared, and whether it is known by how many.
    pub(super) fn bodies(&mut self) {
        let family = Family::Bodies;
        self.each(family, |walk, key, stored| {
            if let Stored::Body(number, _) = stored {
                walk.number(family, key, number);
                if walk.source.value(Family::Holders, key)?.is_none() {
                    walk.check.find(family, key, Wrong::HoldersMissing);
                }
            }
            Ok(())
        });
    }

    /// How many entries share each message: counted for a bounded number of messages at a time.
    pub(super) fn holders(&mut self) {
        let mut piece = BTreeMap::new();
        self.each(Family::Holders, |walk, _, stored| {
            if let Stored::Holders(number, holders) = stored {
                let stored = holders.0.max(0);
                let shares = Shares {
                    stored,
                    found: 0,
                    damaged: 0,
                };
                piece.insert(number, shares);
            }
            if piece.len() == CHECK_BODIES_MAX {
                walk.count(core::mem::take(&mut piece));
            }
            Ok(())
        });
        self.count(piece);
    }

    /// Packet ids in use and the entries that they are for.
    pub(super) fn flights(&mut self) {
        let family = Family::Flight;
        self.each(family, |walk, key, stored| {
            let Stored::Flight(place, flight) = stored else {
                return Ok(());
            };
            walk.number(family, key, flight.rank);
            let owner = walk.owned(family, key, place.session)?;
            if let FlightStage::Sent { priority, number } = flight.stage
                && owner == Owner::Live
            {
                let mut entry = Vec::new();
                let session = place.session;
                let sent = EntryKey {
                    session,
                    priority,
                    number,
                };
                sent.write_to(&mut entry);
                if walk.source.value(Family::Queue, &entry)?.is_none() {
                    walk.check.find(family, key, Wrong::EntryMissing);
                }
            }
            Ok(())
        });
    }

    /// What stands alone.
    pub(super) fn others(&mut self) {
        for family in [
            Family::Receipts,
            Family::Retained,
            Family::Delayed,
            Family::Dropped,
            Family::Quarantine,
        ] {
            self.each(family, |walk, key, stored| {
                if let Stored::Delayed(DelayedKey { number, .. }, _) | Stored::Dropped(number) =
                    stored
                {
                    walk.number(family, key, number);
                }
                Ok(())
            });
        }
    }

    /// Shows every whole record of a family to `look` and reports the others.
    fn each(
        &mut self,
        family: Family,
        mut look: impl FnMut(&mut Self, &[u8], Stored<'_>) -> Result<(), S::Error>,
    ) {
        let (source, mut failed) = (self.source, None);
        let walked = source.walk(family, &[], Bound::Unbounded, &mut |key, value| {
            let records = self.check.records.get_mut(usize::from(family.tag()));
            *records.expect("every family has a place") += 1;
            match Stored::decode(family, key, value) {
                Ok(stored) => failed = look(self, key, stored).err(),
                Err(damage) => {
                    self.check.find(family, key, Wrong::Damaged(damage.error));
                }
            }
            match failed {
                None => ControlFlow::Continue(()),
                Some(_) => ControlFlow::Break(()),
            }
        });
        self.unreadable(family, walked.err().or(failed));
    }

    fn unreadable(&mut self, family: Family, error: Option<S::Error>) {
        if let Some(error) = error {
            let wrong = Wrong::Unreadable(error.to_string());
            self.check.find(family, &[], wrong);
        }
    }

    fn number(&mut self, family: Family, key: &[u8], number: Number) {
        if self.next.is_some_and(|next| number >= next) {
            self.check.find(family, key, Wrong::NumberTooHigh);
        }
    }

    /// Looks up whose a record is; reports a session that is nowhere once for each family.
    fn owned(&mut self, family: Family, key: &[u8], session: Number) -> Result<Owner, S::Error> {
        let owner = match self.last {
            Some((last, owner)) if last == session => owner,
            _ => self.owner(session)?,
        };
        self.last = Some((session, owner));
        if owner == Owner::Missing && self.missing != Some((family, session)) {
            self.missing = Some((family, session));
            self.check.find(family, key, Wrong::HeadMissing);
        }
        Ok(owner)
    }

    fn owner(&self, session: Number) -> Result<Owner, S::Error> {
        let mut key = Vec::new();
        let part = SessionPart::Head;
        SessionKey { session, part }.write_to(&mut key);
        if self.source.value(Family::Sessions, &key)?.is_some() {
            return Ok(Owner::Live);
        }
        key.clear();
        BodyKey(session).write_to(&mut key);
        let dropped = self.source.value(Family::Dropped, &key)?;
        Ok(dropped.map_or(Owner::Missing, |_| Owner::Ended))
    }

    /// Counts the entries that share these messages.
    fn count(&mut self, mut shares: BTreeMap<Number, Shares>) {
        if shares.is_empty() {
            return;
        }
        let (family, from) = (Family::Queue, Bound::Unbounded);
        let walked = self.source.walk(family, &[], from, &mut |key, value| {
            if let Ok(place) = EntryKey::decode(key)
                && let Some(shares) = shares.get_mut(&place.number)
            {
                match Entry::is_shared(key, value) {
                    Ok(true) => shares.found += 1,
                    Ok(false) => {}
                    Err(_) => shares.damaged += 1,
                }
            }
            ControlFlow::Continue(())
        });
        self.unreadable(family, walked.err());
        for (number, shares) in shares {
            let Shares {
                stored,
                found,
                damaged,
            } = shares;
            let range = found..=found.saturating_add(damaged);
            if !range.contains(&stored.unsigned_abs()) {
                let key = number.0.to_be_bytes();
                let wrong = Wrong::HoldersDiffer { stored, found };
                self.check.find(Family::Holders, &key, wrong);
            }
        }
    }
}
