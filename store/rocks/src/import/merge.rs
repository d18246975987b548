//! Records of an archive among those that are there.

use std::collections::BTreeMap;
use std::ops::{Bound, ControlFlow};

use store_archive::renumber;
use store_model::{
    BodyKey, Family, Holders, Number, Receipt, ReceiptKey, SessionKey, SessionPart, Sink, Source,
    Stored, StoredReceipt, is_taken_over,
};

use super::{Existing, ImportError, Imported};
use crate::view::View;
use crate::{Group, ReadError};

/// A record as it stands in the archive.
type Raw<'a> = (Family, &'a [u8], &'a [u8]);

pub(super) struct Merge<'a> {
    /// What is there already.
    view: View<'a>,
    existing: Existing,
    /// Sessions that are there, by client.
    clients: BTreeMap<Box<str>, Number>,
    /// Whether homes in receipts are those of another seed.
    is_foreign: bool,
    /// Receipts of one message that is not known to be whole.
    receipts: Vec<StoredReceipt>,
    imported: Imported,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(
        view: View<'a>,
        added: u64,
        existing: Existing,
        is_foreign: bool,
    ) -> Result<Self, ImportError> {
        let clients = clients(&view)?;
        let imported = Imported {
            added,
            ..Imported::default()
        };
        Ok(Self {
            view,
            existing,
            clients,
            is_foreign,
            receipts: Vec::new(),
            imported,
            key: Vec::new(),
            value: Vec::new(),
        })
    }

    /// Adds a record to `group`.
    pub(super) fn record(
        &mut self,
        raw: Raw<'_>,
        stored: &Stored<'_>,
        group: &mut Group<'_>,
    ) -> Result<(), ImportError> {
        if let Stored::Receipt(key, receipt) = stored
            && self.is_foreign
        {
            return self.receipt(*key, *receipt, group);
        }
        if let Stored::Session(_, session) = stored {
            self.make_place_for(session.client, group)?;
        }
        if let Stored::Retained(body) = stored {
            self.make_place_on(body.topic.as_str())?;
        }
        self.put(raw, stored, group)
    }

    /// Ends the import.
    pub(super) fn finish(mut self, group: &mut Group<'_>) -> Imported {
        self.end_message(group);
        self.imported
    }

    /// Writes a record under its new number, and who shares a message.
    fn put(
        &mut self,
        (family, key, value): Raw<'_>,
        stored: &Stored<'_>,
        group: &mut Group<'_>,
    ) -> Result<(), ImportError> {
        let added = self.imported.added;
        if added > 0 && !renumber(stored, added, &mut self.key, &mut self.value) {
            return Err(ImportError::Numbers);
        }
        let (key, value) = match added {
            0 => (key, value),
            _ => (self.key.as_slice(), self.value.as_slice()),
        };
        group.put(family, key, value);
        // Entries stand before bodies and add up; a message that nobody shares goes with a sweep.
        if let Stored::Entry(place, entry) = stored
            && entry.body.is_none()
        {
            share(Number(place.number.0 + added), Holders(1), group);
        }
        if let Stored::Body(number, _) = stored {
            share(Number(number.0 + added), Holders(0), group);
        }
        self.imported.records[usize::from(family.tag())] += 1;
        Ok(())
    }

    /// Ends the session that `client` has, if that may be.
    fn make_place_for(&mut self, client: &str, group: &mut Group<'_>) -> Result<(), ImportError> {
        let Some(session) = self.clients.remove(client) else {
            return Ok(());
        };
        if self.existing == Existing::Keep {
            let client = client.into();
            return Err(ImportError::Client { client });
        }
        self.imported.replaced += 1;
        let operation = store_model::Operation::DropSession { session };
        // Blind, like every write of the store: what the writer knows of numbers is not needed.
        let mut writer = store_model::Writer::new(store_model::WallClock::default(), session, 0);
        writer.apply(&operation, group);
        Ok(())
    }

    fn make_place_on(&mut self, topic: &str) -> Result<(), ImportError> {
        if self
            .view
            .value(Family::Retained, topic.as_bytes())?
            .is_none()
        {
            return Ok(());
        }
        if self.existing == Existing::Keep {
            let topic = topic.into();
            return Err(ImportError::Topic { topic });
        }
        self.imported.replaced += 1;
        Ok(())
    }

    /// Collects the receipts of one message: they stand together.
    fn receipt(
        &mut self,
        key: ReceiptKey,
        receipt: Receipt,
        group: &mut Group<'_>,
    ) -> Result<(), ImportError> {
        let raised = key.origin.0.checked_add(self.imported.added);
        let origin = raised.map(Number).ok_or(ImportError::Numbers)?;
        let key = ReceiptKey { origin, ..key };
        let message = |key: &ReceiptKey| (key.origin, key.packet_id);
        let first = self.receipts.first().map(|one| message(&one.key));
        if first.is_some_and(|first| first != message(&key)) {
            self.end_message(group);
        }
        self.receipts.push(StoredReceipt { key, receipt });
        Ok(())
    }

    /// Keeps the receipts of a message that was taken over whole: whoever sends it again is told so.
    fn end_message(&mut self, group: &mut Group<'_>) {
        let receipts = std::mem::take(&mut self.receipts);
        if !is_taken_over(&receipts) {
            self.imported.receipts_left_out += receipts.len() as u64;
            return;
        }
        for one in receipts {
            self.key.clear();
            one.key.write_to(&mut self.key);
            one.receipt.write(&self.key, &mut self.value);
            group.put(Family::Receipts, &self.key, &self.value);
            self.imported.records[usize::from(Family::Receipts.tag())] += 1;
        }
    }
}

/// Adds to how many entries share a message.
fn share(number: Number, holders: Holders, group: &mut Group<'_>) {
    let mut key = Vec::new();
    BodyKey(number).write_to(&mut key);
    group.add(Family::Holders, &key, holders);
}

/// The sessions that are there. In memory: some tens of bytes each.
fn clients(view: &View<'_>) -> Result<BTreeMap<Box<str>, Number>, ReadError> {
    let mut clients = BTreeMap::new();
    let (family, from) = (Family::Sessions, Bound::Unbounded);
    view.walk(family, &[], from, &mut |key, value| {
        let part = SessionKey::decode(key).map(|key| key.part);
        if part == Ok(SessionPart::Head)
            && let Ok(Stored::Session(number, session)) = Stored::decode(family, key, value)
        {
            // Of two the higher number counts.
            clients.insert(session.client.into(), number);
        }
        ControlFlow::Continue(())
    })?;
    Ok(clients)
}
