//! What a start reads: sessions, retained and delayed messages.

use core::ops::{Bound, ControlFlow};
use std::collections::BTreeMap;

use wire_message::ClientId;

use super::{Reader, key_bytes};
use crate::limits::{CHUNK_BYTES_MAX, CHUNK_ENTRIES_MAX};
use crate::{
    DelayedChunk, DelayedKey, Family, Number, RetainedChunk, SessionsChunk, Source, Stored,
    StoredDelayed, StoredSession, StoredSubscription, StoredWill, WallClock,
};

impl<S: Source> Reader<'_, S> {
    pub(super) fn retained(&mut self, after: Option<&str>) -> Result<RetainedChunk, S::Error> {
        let source = self.source;
        let from = after.map(str::as_bytes);
        let from = from.map_or(Bound::Unbounded, Bound::Excluded);
        let mut chunk = RetainedChunk::default();
        let mut bytes = 0;
        source.walk(Family::Retained, &[], from, &mut |key, value| {
            if chunk.messages.len() == CHUNK_ENTRIES_MAX || bytes >= CHUNK_BYTES_MAX {
                let last = chunk.messages.last();
                chunk.after = last.map(|message| message.topic().as_str().into());
                return ControlFlow::Break(());
            }
            if let Ok(Stored::Retained(body)) = Stored::decode(Family::Retained, key, value) {
                let message = self.message(&body);
                bytes += message.cost_bytes();
                chunk.messages.push(message);
            } else {
                chunk.damaged += 1;
                self.set_aside(Family::Retained, key);
            }
            ControlFlow::Continue(())
        })?;
        Ok(chunk)
    }

    pub(super) fn delayed(&mut self, after: Option<DelayedKey>) -> Result<DelayedChunk, S::Error> {
        let source = self.source;
        let after = after.map(|key| key_bytes(|out| key.write_to(out)));
        let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        let mut chunk = DelayedChunk::default();
        let mut bytes = 0;
        source.walk(Family::Delayed, &[], from, &mut |key, value| {
            if chunk.messages.len() == CHUNK_ENTRIES_MAX || bytes >= CHUNK_BYTES_MAX {
                chunk.after = chunk.messages.last().map(|one| one.key);
                return ControlFlow::Break(());
            }
            if let Ok(Stored::Delayed(due, body)) = Stored::decode(Family::Delayed, key, value) {
                let message = self.message(&body);
                bytes += message.cost_bytes();
                chunk.messages.push(StoredDelayed { key: due, message });
            } else {
                chunk.damaged += 1;
                self.set_aside(Family::Delayed, key);
            }
            ControlFlow::Continue(())
        })?;
        Ok(chunk)
    }

    pub(super) fn sessions(&mut self, after: Option<Number>) -> Result<SessionsChunk, S::Error> {
        let (source, clock) = (self.source, self.clock);
        let from = after.map_or(0, |after| after.0.saturating_add(1));
        let from = from.to_be_bytes();
        let mut chunk = SessionsChunk::default();
        let mut parts = BTreeMap::<Number, Parts>::new();
        source.walk(
            Family::Sessions,
            &[],
            Bound::Included(&from),
            &mut |key, value| {
                let Some(number) = key.first_chunk::<8>() else {
                    chunk.damaged += 1;
                    self.set_aside(Family::Sessions, key);
                    return ControlFlow::Continue(());
                };
                let number = Number(u64::from_be_bytes(*number));
                if parts.len() == CHUNK_ENTRIES_MAX && !parts.contains_key(&number) {
                    chunk.after = parts.last_key_value().map(|(number, _)| *number);
                    return ControlFlow::Break(());
                }
                if !parts.entry(number).or_default().take(key, value, clock) {
                    chunk.damaged += 1;
                    self.set_aside(Family::Sessions, key);
                }
                ControlFlow::Continue(())
            },
        )?;
        for (number, parts) in parts {
            match parts.head {
                Some(head) => chunk.sessions.push(StoredSession {
                    will: parts.will,
                    subscriptions: parts.subscriptions,
                    ..head
                }),
                // It ended, and the rest of it is about to go.
                None if self.is_dropped(number)? => {}
                // Without its head nobody knows whose it is.
                None => chunk.damaged += self.set_session_aside(number)?,
            }
        }
        Ok(chunk)
    }

    fn is_dropped(&self, session: Number) -> Result<bool, S::Error> {
        let key = session.0.to_be_bytes();
        Ok(self.source.value(Family::Dropped, &key)?.is_some())
    }

    /// Sets aside whatever there is of a session; says how many records.
    fn set_session_aside(&mut self, session: Number) -> Result<u64, S::Error> {
        let (source, mut records) = (self.source, 0);
        let prefix = session.0.to_be_bytes();
        source.walk(
            Family::Sessions,
            &prefix,
            Bound::Unbounded,
            &mut |key, _| {
                records += 1;
                self.set_aside(Family::Sessions, key);
                ControlFlow::Continue(())
            },
        )?;
        Ok(records)
    }
}

/// What was found of one session.
#[derive(Debug, Default)]
struct Parts {
    head: Option<StoredSession>,
    will: Option<StoredWill>,
    subscriptions: Vec<StoredSubscription>,
}

impl Parts {
    /// Reads a part; false if it is damaged.
    fn take(&mut self, key: &[u8], value: &[u8], clock: WallClock) -> bool {
        match Stored::decode(Family::Sessions, key, value) {
            Ok(Stored::Session(number, session)) => {
                self.head = Some(StoredSession {
                    number,
                    client: ClientId::new(session.client),
                    username: session.username.map(Into::into),
                    mount: session.mount.into(),
                    expiry_s: session.expiry_s,
                    detached_at: session.detached_at,
                    will: None,
                    subscriptions: Vec::new(),
                });
            }
            Ok(Stored::Will(_, will)) => {
                self.will = Some(StoredWill {
                    message: will.body.message(clock).to_message(),
                    expiry_s: will.expiry_s,
                    delay_s: will.delay_s,
                });
            }
            Ok(Stored::Subscription(_, filter, subscription)) => {
                self.subscriptions.push(StoredSubscription {
                    filter: filter.into(),
                    subscription,
                });
            }
            _ => return false,
        }
        true
    }
}
