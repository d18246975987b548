//! One shard: its tables and its entry points.

use core::net::SocketAddr;
use std::sync::Arc;

use shard_topics::{
    Cursors, Epochs, FilterId, Index, Interest, Retained, RetainedLimits, RouteCache,
    RouteCacheLimits,
};
use store_model::{Number, Trail, WallClock};
use wire_message::{Instant, Seed, ShardId};

use crate::admission::Admission;
use crate::backlog::Backlog;
use crate::clients::Clients;
use crate::connection::{Connection, SessionKey};
use crate::counters::Counters;
use crate::delayed::Delayed;
use crate::entry::{Adoption, Answer, Entry};
use crate::input::Input;
use crate::key::ConnectionKey;
use crate::limits::ROUTE_BYTES_PER_TOPIC;
use crate::links::Links;
use crate::output::Outputs;
use crate::persist::Deferred;
use crate::random::Random;
use crate::requests::Requests;
use crate::settings::{ListenerId, Settings};
use crate::stop::Stopping;
use crate::subscribe::Subscribing;

/// Who this shard is.
#[derive(Clone, Debug)]
pub struct Place {
    /// This shard.
    pub shard: ShardId,
    /// Shards of the process, this one included.
    pub shards: usize,
    /// The process's secret; the same on every shard.
    pub seed: Seed,
    /// The process's epochs; the same on every shard.
    pub epochs: Arc<Epochs>,
    /// Between the process's clock and wall time.
    pub clock: WallClock,
    /// Where the store's numbers begin; `None`: nothing is stored. The seed is the store's then.
    pub store: Option<Number>,
    /// Where this shard's chance starts; different on every shard.
    pub chance: u64,
}

/// Entries that came from one shard.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// Their number, without adoptions.
    pub(crate) count: u64,
    /// Which of them wait for which batches.
    pub(crate) trail: Trail,
}

/// Why a connection is not taken; the driver closes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The listener has as many connections on this shard as it may.
    Connections,
    /// The listener takes no more connections at this moment.
    Rate,
    /// The engine is stopping.
    Stopping,
}

/// One shard of the broker: sessions, routes and retained messages, without I/O.
///
/// The driver calls the entry points with the time, then takes what is in `out`, in order, and
/// clears it. Calls never block and do a bounded amount of work.
#[derive(Debug)]
pub struct Engine {
    pub(crate) place: Place,
    pub(crate) clients: Clients,
    pub(crate) admission: Admission,
    pub(crate) index: Index,
    pub(crate) interest: Interest,
    pub(crate) routes: RouteCache,
    pub(crate) cursors: Cursors,
    pub(crate) retained: Retained,
    pub(crate) links: Links,
    pub(crate) requests: Requests,
    pub(crate) subscribing: Subscribing,
    pub(crate) backlog: Backlog,
    pub(crate) delayed: Delayed,
    pub(crate) random: Random,
    /// What the other shards' entries had this one write.
    pub(crate) arrivals: Vec<Arrivals>,
    pub(crate) deferred: Deferred,
    /// Connections whose publish waits for the store to catch up.
    pub(crate) held_by_store: Vec<ConnectionKey>,
    pub(crate) stopping: Stopping,
    /// Subscriptions of all sessions, and the shared ones among them.
    pub(crate) subscriptions: u64,
    pub(crate) subscriptions_shared: u64,
    /// Those below `$SYS`.
    pub(crate) subscriptions_system: u32,
    /// Filters that match the topic at hand; kept for its memory.
    pub(crate) matches: Vec<FilterId>,
    /// Sessions whose clients are to be disconnected at the end of the call, because their queues
    /// are full; empty between calls.
    pub(crate) refused: Vec<SessionKey>,
}

impl Engine {
    /// A shard without connections.
    ///
    /// # Panics
    ///
    /// If `settings` has no listener or `place` names a shard that does not exist.
    #[must_use]
    pub fn new(settings: Arc<Settings>, place: Place, now: Instant) -> Self {
        assert!(!settings.listeners.is_empty(), "an engine has a listener");
        assert!(
            place.shard.index() < place.shards,
            "a shard is one of the shards"
        );
        let seed = place.seed;
        let routes = RouteCacheLimits {
            entries_max: settings.route_cache_topics,
            bytes_max: settings
                .route_cache_topics
                .saturating_mul(ROUTE_BYTES_PER_TOPIC),
        };
        let retained = RetainedLimits {
            messages_max: settings.retained.messages_max,
            bytes_max: settings.retained.bytes_max,
        };
        let mut engine = Self {
            admission: Admission::new(settings.listeners.len()),
            index: Index::new(seed),
            interest: Interest::new(place.shard, seed, Arc::clone(&place.epochs)),
            routes: RouteCache::new(seed, routes),
            cursors: Cursors::new(seed),
            retained: Retained::new(retained),
            links: Links::new(place.shards),
            requests: Requests::new(seed),
            subscribing: Subscribing::new(),
            backlog: Backlog::new(),
            delayed: Delayed::new(),
            random: Random::new(place.chance),
            arrivals: (0..place.shards).map(|_| Arrivals::default()).collect(),
            deferred: Deferred::new(),
            held_by_store: Vec::new(),
            stopping: Stopping::No,
            subscriptions: 0,
            subscriptions_shared: 0,
            subscriptions_system: 0,
            matches: Vec::new(),
            refused: Vec::new(),
            clients: Clients::new(settings, &place, now),
            place,
        };
        engine.arm_retained_sweep(now);
        engine
    }

    /// A listener accepted a connection; its CONNECT is due within the connect timeout.
    ///
    /// # Errors
    ///
    /// [`Refused`]; the driver closes the connection, and there is no key to forget.
    pub fn accepted(
        &mut self,
        listener: ListenerId,
        peer: SocketAddr,
        now: Instant,
    ) -> Result<ConnectionKey, Refused> {
        if self.stopping != Stopping::No {
            return Err(Refused::Stopping);
        }
        let settings = self.clients.settings.listener(listener);
        if let Err(refused) = self.admission.admit(listener, settings, now) {
            self.clients.counters.client_refused += 1;
            return Err(refused);
        }
        self.clients.counters.client_connect += 1;
        Ok(self.take_in(Connection::new(listener, peer, now), now))
    }

    /// Another shard handed a connection over. Its bytes come next, by [`Self::received`].
    pub fn adopted(&mut self, adoption: &Adoption, now: Instant) -> ConnectionKey {
        self.admission.take(adoption.listener);
        let Adoption {
            listener,
            peer,
            accepted_at,
        } = *adoption;
        self.take_in(Connection::new(listener, peer, accepted_at), now)
    }

    fn take_in(&mut self, connection: Connection, now: Instant) -> ConnectionKey {
        let due = connection.accepted_at + self.clients.settings.mqtt.connect_timeout;
        let key = self.clients.connections.insert(connection);
        self.clients.arm_connection(key, due.max(now));
        key
    }

    /// Applies what happened outside, appending to `out` what must follow.
    pub fn handle_input(&mut self, input: Input, now: Instant, out: &mut Outputs) {
        self.clients.now = now;
        match input {
            Input::Answer { from, answer } => self.handle_answer(from, answer, now, out),
            Input::Closed { connection } => self.connection_lost(connection, now, out),
            Input::Control(input) => self.handle_control(*input, now, out),
            Input::Durable { from, through } => self.reached(from, through, now, out),
            Input::Entry { from, entry } => self.handle_entry(from, entry, now, out),
            Input::Room { to, slots } => self.handle_room(to, slots, out),
            Input::Sent { connection, bytes } => self.handle_sent(connection, bytes, now, out),
            Input::Stop => self.handle_stop(now, out),
            Input::Store(event) => self.handle_store(event, now, out),
        }
        self.settle(now, out);
    }

    fn handle_entry(&mut self, from: ShardId, entry: Entry, now: Instant, out: &mut Outputs) {
        self.arrivals[from.index()].count += 1;
        match entry {
            Entry::Adopt(_) => unreachable!("the driver passes adoptions to `adopted`"),
            Entry::ExclusiveClaim(id, filter, session) => {
                let claimed = self.claim(&filter, from, session);
                Self::answer(from, Answer::Claimed(id, claimed), out);
            }
            Entry::ExclusiveRelease(filter, session) => self.release(&filter, from, session),
            Entry::InterestAdd(id, interested) => {
                self.add_interest(&interested, from);
                Self::answer(from, Answer::Known(id), out);
            }
            Entry::InterestRemove(interested) => self.remove_interest(&interested, from),
            Entry::Presence(interested) => self.change_presence(&interested, from),
            Entry::Packets(packets) => self.packets_forwarded(&packets, now, out),
            Entry::Publish(publish) => self.forwarded(from, publish, now, out),
            Entry::RetainedQuery(id, query) => self.answer_retained(from, id, *query, now, out),
            Entry::RetainedStore(id, message) => {
                self.store_retained(message, now);
                let entry = self.note_written(from, true);
                Self::answer(from, Answer::Stored(id, entry), out);
            }
            Entry::RouteQuery(id, topic) => self.answer_route(from, id, &topic, out),
        }
    }

    fn handle_room(&mut self, to: ShardId, slots: usize, out: &mut Outputs) {
        self.links.set_room(to, slots, out);
        for connection in self.links.take_waiting(to) {
            self.resume(connection, crate::hold::Wait::Room, out);
        }
        self.unblock_backlog();
    }

    /// Takes the publishes on that this call has made possible.
    pub(crate) fn settle(&mut self, now: Instant, out: &mut Outputs) {
        if !self.refused.is_empty() {
            self.disconnect_refused(now, out);
        }
        if self.has_ready_backlog() {
            self.run_backlog(now, out);
            self.disconnect_refused(now, out);
        }
    }

    /// All counters since start.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.clients.counters
    }
}
