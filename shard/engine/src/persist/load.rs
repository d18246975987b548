//! A stored session comes back: what it has in flight and the first of its queue are read before
//! its client is told that it is connected.

use std::collections::BTreeSet;

use shard_session::Outbound;
use store_model::{EntryKey, FlightStage, Number, Read, StoredEntry, StoredFlight, StoredReceipt};
use wire_message::Instant;
use wire_mqtt::{PacketId, ReasonCode};

use super::asks::Asked;
use super::pages::key_of;
use crate::clients::Clients;
use crate::connection::SessionKey;
use crate::engine::Engine;
use crate::hold::Wait;
use crate::key::ConnectionKey;
use crate::output::Outputs;

/// How far packet ids go on after a start: clients may still speak of some that are not stored.
const IDS_AHEAD: u16 = 32_768;

/// What was read of a session so far.
#[derive(Debug)]
pub(super) struct Loading {
    connection: ConnectionKey,
    flights: Option<Vec<StoredFlight>>,
    receipts: Option<Vec<StoredReceipt>>,
    pub(super) entries: Vec<StoredEntry>,
    /// Where the queue goes on, if it does.
    pub(super) after: Option<EntryKey>,
    /// A page is awaited.
    pub(super) awaits_page: bool,
}

impl Engine {
    /// Whether a session must be read before its client can be connected.
    pub(crate) fn must_load(&self, key: SessionKey) -> bool {
        let Some(session) = self.clients.sessions.get(key) else {
            return false;
        };
        let on_disk = |disk: &super::Disk| disk.more && !disk.is_loaded;
        session.is_stored() && (session.unread || session.disk.as_deref().is_some_and(on_disk))
    }

    /// Begins to read a session for a connection, whose CONNECT waits. If it is being read for
    /// another one, that one is closed: the client is here by now.
    pub(crate) fn load(
        &mut self,
        key: SessionKey,
        connection: ConnectionKey,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let unread = session.unread;
        let disk = session.disk_mut();
        if let Some(loading) = disk.loading.as_mut() {
            let earlier = core::mem::replace(&mut loading.connection, connection);
            if earlier != connection && self.clients.connections.contains(earlier) {
                self.close(earlier, now, out);
            }
            return;
        }
        disk.turn = disk.turn.wrapping_add(1);
        disk.asked = true;
        disk.late.clear();
        disk.after = None;
        let turn = disk.turn;
        disk.loading = Some(Box::new(Loading {
            connection,
            flights: None,
            receipts: (!unread).then(Vec::new),
            entries: Vec::new(),
            after: None,
            awaits_page: true,
        }));
        let clients = &mut self.clients;
        clients.ask(key, Asked::Flights(turn), |session| Read::Flights {
            session,
        });
        if unread {
            clients.ask(key, Asked::Receipts(turn), |origin| Read::Receipts {
                origin,
            });
        }
        clients.ask(key, Asked::Page(turn), |session| Read::Queue {
            session,
            after: None,
        });
    }

    pub(super) fn loaded_flights(
        &mut self,
        key: SessionKey,
        turn: u32,
        flights: Vec<StoredFlight>,
        now: Instant,
        out: &mut Outputs,
    ) {
        if let Some(loading) = self.clients.loading(key, turn) {
            loading.flights = Some(flights);
            self.load_on(key, now, out);
        }
    }

    pub(super) fn loaded_receipts(
        &mut self,
        key: SessionKey,
        turn: u32,
        receipts: Vec<StoredReceipt>,
        now: Instant,
        out: &mut Outputs,
    ) {
        if let Some(loading) = self.clients.loading(key, turn) {
            loading.receipts = Some(receipts);
            self.load_on(key, now, out);
        }
    }

    /// The disk can't be read now: a client that waits is told to come again, one that is
    /// connected gets the rest of its queue later.
    pub(super) fn unreadable(
        &mut self,
        key: SessionKey,
        asked: Asked,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let Some(disk) = session.disk.as_mut() else {
            return;
        };
        let turn = match asked {
            Asked::Flights(turn) | Asked::Page(turn) | Asked::Receipts(turn) => turn,
            Asked::Measure | Asked::Oldest => {
                disk.asks_oldest = false;
                return;
            }
        };
        if turn != disk.turn {
            return;
        }
        disk.turn = disk.turn.wrapping_add(1);
        disk.stop_asking();
        if let Some(loading) = disk.loading.take() {
            let reason = ReasonCode::ServerUnavailable;
            if self.clients.connections.contains(loading.connection) {
                self.refuse_connect(loading.connection, reason, None, now, out);
            }
        } else {
            self.clients
                .arm_session(key, now + super::pages::READ_AGAIN);
        }
    }

    /// A session ends while it is read for a client: that one begins a new one.
    pub(crate) fn stop_loading(&mut self, key: SessionKey, out: &mut Outputs) {
        if let Some(connection) = self.take_loading(key) {
            self.resume(connection, Wait::Loaded, out);
        }
    }

    /// A session is thrown away while it is read for a client: that one has been replaced.
    pub(crate) fn replace_loading(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) {
        if let Some(connection) = self.take_loading(key)
            && self.clients.connections.contains(connection)
        {
            self.close(connection, now, out);
        }
    }

    fn take_loading(&mut self, key: SessionKey) -> Option<ConnectionKey> {
        let disk = self.clients.disk_of(key)?;
        Some(disk.loading.take()?.connection)
    }

    /// Goes on when another part of a session was read.
    pub(super) fn load_on(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) {
        let Some(disk) = self.clients.disk_of(key) else {
            return;
        };
        let (turn, Some(loading)) = (disk.turn, disk.loading.as_mut()) else {
            return;
        };
        let (Some(flights), Some(_)) = (&loading.flights, &loading.receipts) else {
            return;
        };
        if loading.awaits_page {
            return;
        }
        // What is in flight stands at the front, unless priorities were changed.
        if let Some(after) = loading.after
            && loading.has_unseen(flights)
        {
            loading.awaits_page = true;
            self.clients
                .ask(key, Asked::Page(turn), |session| Read::Queue {
                    session,
                    after: Some(after),
                });
            return;
        }
        self.finish_load(key, now, out);
    }

    fn finish_load(&mut self, key: SessionKey, now: Instant, out: &mut Outputs) {
        let random = self.random.next();
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let unread = core::mem::take(&mut session.unread);
        let next = session.outbound.next_id();
        let disk = session.disk_mut();
        let Some(loading) = disk.loading.take() else {
            return;
        };
        let Loading {
            connection,
            flights,
            receipts,
            entries,
            after,
            ..
        } = *loading;
        if self.clients.connections.get(connection).is_none() {
            // The client did not wait. It is read again for the next one.
            disk.stop_asking();
            session.unread = unread;
            return;
        }
        disk.is_loaded = true;
        // Reading goes on behind all of it, in flight or not.
        let last_shown = entries.last().map(key_of);
        // What is being given to others is theirs.
        let mut entries = entries;
        let mut flights = flights.unwrap_or_default();
        let is_moving = |number: Number| self.is_moving(key, number.0);
        entries.retain(|entry| !is_moving(entry.number));
        flights.retain(|one| match one.flight.stage {
            FlightStage::Released => true,
            FlightStage::Sent { number, .. } => !is_moving(number),
        });
        let (in_flight, waiting) = split(flights, entries);
        let mut outbound = Outbound::starting_at(1, next);
        let mut last = next;
        let mut shown = BTreeSet::new();
        let flying = in_flight.len();
        for Flying { id, entry, .. } in in_flight {
            last = id;
            let delivery = match entry {
                Flown::Entry(entry) => {
                    shown.insert(entry.number.0);
                    Some(self.stored_delivery(key, &entry, true))
                }
                Flown::Released => None,
            };
            outbound.restore(id, delivery, now);
        }
        if unread {
            let base = if flying == 0 { random_id(random) } else { last };
            outbound.go_on_after(ahead(base));
        }
        if let Some(session) = self.clients.sessions.get_mut(key) {
            session.outbound = outbound;
        }
        self.take_page(key, &waiting, &mut shown, after, last_shown);
        self.clients.take_flying(key, flying as u64);
        self.restore_receipts(key, receipts.unwrap_or_default());
        self.resume(connection, Wait::Loaded, out);
    }
}

impl Loading {
    /// Whether something in flight may stand behind what was read.
    fn has_unseen(&self, flights: &[StoredFlight]) -> bool {
        let last = self.entries.last().map(|entry| entry.number);
        let in_flight = |number: Number| {
            flights.iter().any(|one| {
                matches!(one.flight.stage, FlightStage::Sent { number: sent, .. } if sent == number)
            })
        };
        let last_flies = self
            .entries
            .last()
            .is_some_and(|entry| entry.queued.packet_id.is_some() || in_flight(entry.number));
        let seen: BTreeSet<Number> = self.entries.iter().map(|entry| entry.number).collect();
        let unseen = flights.iter().any(|one| match one.flight.stage {
            FlightStage::Released => false,
            FlightStage::Sent { number, .. } => !seen.contains(&number),
        });
        last.is_some() && (last_flies || unseen)
    }
}

/// A packet id in use.
struct Flying {
    rank: Number,
    id: PacketId,
    entry: Flown,
}

enum Flown {
    Entry(Box<StoredEntry>),
    Released,
}

/// What is in flight, in the order of sending, and what waits.
fn split(flights: Vec<StoredFlight>, entries: Vec<StoredEntry>) -> (Vec<Flying>, Vec<StoredEntry>) {
    let mut in_flight = Vec::new();
    let mut by_number = std::collections::BTreeMap::new();
    for one in flights {
        let (rank, id) = (one.flight.rank, one.key.packet_id);
        match one.flight.stage {
            FlightStage::Released => in_flight.push(Flying {
                rank,
                id,
                entry: Flown::Released,
            }),
            FlightStage::Sent { number, .. } => {
                by_number.insert(number, (rank, id));
            }
        }
    }
    let mut waiting = Vec::new();
    for entry in entries {
        let flight = by_number.remove(&entry.number);
        let own = entry.queued.packet_id.map(|id| (entry.number, id));
        match flight.or(own) {
            Some((rank, id)) => in_flight.push(Flying {
                rank,
                id,
                entry: Flown::Entry(Box::new(entry)),
            }),
            None => waiting.push(entry),
        }
    }
    // A delivery whose entry is gone, dropped or damaged, can only be brought to its end: by PUBREL.
    in_flight.extend(by_number.into_values().map(|(rank, id)| Flying {
        rank,
        id,
        entry: Flown::Released,
    }));
    in_flight.sort_by_key(|one| one.rank);
    (in_flight, waiting)
}

fn random_id(random: u64) -> PacketId {
    let id = u16::try_from(random % u64::from(u16::MAX)).unwrap_or(0) + 1;
    PacketId::new(id).expect("one at the least")
}

/// The packet id half the way round from `id`.
fn ahead(id: PacketId) -> PacketId {
    let id = (u32::from(id.value()) - 1 + u32::from(IDS_AHEAD)) % u32::from(u16::MAX) + 1;
    u16::try_from(id)
        .ok()
        .and_then(PacketId::new)
        .expect("between 1 and 65,535")
}

impl Clients {
    fn loading(&mut self, key: SessionKey, turn: u32) -> Option<&mut Loading> {
        let disk = self.disk_of(key)?;
        if disk.turn == turn {
            disk.loading.as_deref_mut()
        } else {
            None
        }
    }

    /// What is in flight does not wait any more.
    fn take_flying(&mut self, key: SessionKey, count: u64) {
        let Some(disk) = self.disk_of(key) else {
            return;
        };
        let taken = count.min(disk.entries);
        disk.entries -= taken;
        self.queued -= taken;
    }
}
