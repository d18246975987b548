//! One shard's driver: a faithful little model of `shard/runtime` around the real engine.
//!
//! It keeps the contract of the engine's inputs and outputs to the letter: bytes that were not
//! consumed come again, a paused connection is not read and its end not told, a close follows what
//! is to be sent, and a void key is never named again. Everything else it does as late, as
//! often and in as small pieces as chance wants.

mod connection;
mod control;
mod feed;
mod perform;
mod spoil;
mod store;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use shard_engine::{
    ConnectionKey, ControlOutput, Engine, Entry, Input, ListenerId, Outputs, Place, RequestId,
};
use shard_topics::Epochs;
use store_memory::Opened;
use wire_message::{Instant, Seed, ShardId};

use self::connection::{Closing, Connection, State};
use self::control::Reply;
use crate::links::LinkId;
use crate::outside::Outside;
use crate::rings::{Slot, Told};
use crate::violation::{Checked, ensure};

/// Entries taken from a ring in one turn.
const ENTRIES_PER_TURN_MAX: usize = 16;

/// Time a peer has to take what is left when its connection is closed.
const CLOSE_GRACE: Duration = Duration::from_secs(5);

/// A shard: its engine, and what its driver holds.
#[derive(Debug)]
pub(crate) struct Driver {
    shard: ShardId,
    engine: Engine,
    outputs: Outputs,
    connections: BTreeMap<ConnectionKey, Connection>,
    closing: Vec<Closing>,
    /// Transports that wait to be accepted.
    backlog: Vec<LinkId>,
    /// What the engine was last told about the room in each ring.
    rooms: Vec<usize>,
    /// What the engine told the control side.
    reports: Vec<ControlOutput>,
    /// What the control side answers.
    replies: Vec<Reply>,
    /// Answers given in another shard's place, whose real ones are to be left out.
    forged: Vec<(ShardId, RequestId)>,
    /// Forged answers that the engine gets next.
    early: Vec<Input>,
    /// Whether the engine has told that it has stopped.
    has_stopped: bool,
}

impl Driver {
    /// A shard without connections.
    pub(crate) fn new(
        shard: ShardId,
        epochs: Arc<Epochs>,
        opened: Option<Opened>,
        outside: &mut Outside,
    ) -> Self {
        let settings = Arc::new(outside.plan.settings.clone());
        let shards = outside.plan.shards;
        let seed = opened.map_or(Seed(outside.plan.seed), |opened| opened.seed);
        let place = Place {
            shard,
            shards,
            seed,
            epochs,
            chance: outside.rng.number(),
            clock: outside.process.clock(),
            store: opened.map(|opened| opened.first),
        };
        let engine = Engine::new(settings, place, outside.time());
        Self {
            shard,
            engine,
            outputs: Outputs::default(),
            connections: BTreeMap::new(),
            closing: Vec::new(),
            backlog: Vec::new(),
            rooms: vec![0; shards],
            reports: Vec::new(),
            replies: Vec::new(),
            forged: Vec::new(),
            early: Vec::new(),
            has_stopped: false,
        }
    }

    /// A client has connected to this shard's listener.
    pub(crate) fn connect(&mut self, link: LinkId) {
        self.backlog.push(link);
    }

    /// One turn of the loop, in the order of the real one; chance puts stages off.
    pub(crate) fn turn(&mut self, outside: &mut Outside) -> Checked {
        let stages: [fn(&mut Self, &mut Outside) -> Checked; 9] = [
            Self::accept,
            Self::feed_all,
            Self::drain_rings,
            Self::hear_control,
            Self::hear_store,
            Self::run_timers,
            Self::report_sent,
            Self::report_room,
            Self::end_turn,
        ];
        for stage in stages {
            let stall = outside.plan.stall;
            if !outside.rng.chance(stall) {
                stage(self, outside)?;
            }
        }
        Ok(())
    }

    /// The earliest time at which the engine wants to be called, by the process's clock.
    pub(crate) fn next_timeout(&self) -> Option<Instant> {
        self.engine.next_timeout()
    }

    /// Gives the engine an input outside of a turn.
    pub(crate) fn input(&mut self, input: Input, outside: &mut Outside) -> Checked {
        self.engine
            .handle_input(input, outside.time(), &mut self.outputs);
        self.perform(outside)?;
        while let Some(forged) = self.early.pop() {
            self.engine
                .handle_input(forged, outside.time(), &mut self.outputs);
            self.perform(outside)?;
        }
        Ok(())
    }

    /// What the engine told the control side since the last call.
    pub(crate) fn take_reports(&mut self) -> Vec<ControlOutput> {
        core::mem::take(&mut self.reports)
    }

    fn accept(&mut self, outside: &mut Outside) -> Checked {
        for link in core::mem::take(&mut self.backlog) {
            let peer = outside.links[link].peer;
            let listener = ListenerId(0);
            if let Ok(key) = self.engine.accepted(listener, peer, outside.time()) {
                self.add(key, Connection::new(link), outside)?;
            } else {
                let now = outside.now;
                outside.links.close_by_broker(link, now, &mut outside.rng);
            }
            self.perform(outside)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        key: ConnectionKey,
        connection: Connection,
        outside: &mut Outside,
    ) -> Checked {
        let (shard, link) = (self.shard, connection.link);
        outside.note(format_args!("shard {shard}: {link:?} is {key:?}"));
        let previous = self.connections.insert(key, connection);
        ensure(previous.is_none(), "contract", || {
            format!("key {key:?} was given out twice")
        })
    }

    fn drain_rings(&mut self, outside: &mut Outside) -> Checked {
        for index in 0..outside.plan.shards {
            let from = ShardId(u8::try_from(index).expect("few shards"));
            while let Some(told) = outside.rings.next_answer(from, self.shard, outside.now) {
                outside.moved += 1;
                match told {
                    Told::Answer(answer) if self.is_forged(from, &answer) => {}
                    Told::Answer(answer) => self.input(Input::Answer { from, answer }, outside)?,
                    Told::Durable(through) => {
                        self.input(Input::Durable { from, through }, outside)?;
                    }
                }
            }
            for _ in 0..=outside.rng.below(ENTRIES_PER_TURN_MAX) {
                let slot = outside.rings.next_entry(from, self.shard, outside.now);
                let Some(slot) = slot else { break };
                outside.moved += 1;
                self.take_entry(from, slot, outside)?;
            }
        }
        Ok(())
    }

    fn take_entry(
        &mut self,
        from: ShardId,
        (entry, cargo): Slot,
        outside: &mut Outside,
    ) -> Checked {
        match (entry, cargo) {
            (Entry::Adopt(adoption), Some(cargo)) => {
                let key = self.engine.adopted(&adoption, outside.time());
                let mut connection = Connection::new(cargo.link);
                connection.rest = cargo.rest;
                connection.state = State::Again;
                self.add(key, connection, outside)?;
                self.perform(outside)
            }
            (entry, _) => self.input(Input::Entry { from, entry }, outside),
        }
    }

    fn run_timers(&mut self, outside: &mut Outside) -> Checked {
        let is_due = self.next_timeout().is_some_and(|due| due <= outside.time());
        // Early and repeated calls must be harmless.
        if is_due || outside.rng.chance(50) {
            self.engine
                .handle_timeout(outside.time(), &mut self.outputs);
            self.perform(outside)?;
        }
        Ok(())
    }

    /// The engine has all of this turn; then goes out what is to go out, and is closed what is to
    /// be closed then.
    fn end_turn(&mut self, outside: &mut Outside) -> Checked {
        self.engine.end_turn(outside.time(), &mut self.outputs);
        self.perform(outside)?;
        let now = outside.now;
        for index in 0..outside.plan.shards {
            let to = ShardId(u8::try_from(index).expect("few shards"));
            outside
                .rings
                .tell_durable(self.shard, to, now, &mut outside.rng);
        }
        for connection in self.connections.values_mut() {
            connection.flush(outside);
        }
        self.closing.retain_mut(|closing| !closing.flush(outside));
        Ok(())
    }

    /// Tells the engine how much of what it sent is out: in a later turn.
    fn report_sent(&mut self, outside: &mut Outside) -> Checked {
        let keys: Vec<ConnectionKey> = self.connections.keys().copied().collect();
        for key in keys {
            let Some(connection) = self.connections.get_mut(&key) else {
                continue;
            };
            let bytes = core::mem::take(&mut connection.unreported);
            if bytes > 0 {
                self.input(
                    Input::Sent {
                        connection: key,
                        bytes,
                    },
                    outside,
                )?;
            }
        }
        Ok(())
    }

    fn report_room(&mut self, outside: &mut Outside) -> Checked {
        for index in 0..outside.plan.shards {
            let to = ShardId(u8::try_from(index).expect("few shards"));
            let slots = outside.rings.room(self.shard, to);
            if to != self.shard && slots > self.rooms[index] {
                self.rooms[index] = slots;
                self.input(Input::Room { to, slots }, outside)?;
            }
        }
        Ok(())
    }

    /// Whether the engine has told that it has stopped.
    pub(crate) const fn has_stopped(&self) -> bool {
        self.has_stopped
    }

    /// What waits, for a person to read.
    pub(crate) fn state(&self) -> String {
        let waiting: Vec<&Connection> = self
            .connections
            .values()
            .filter(|connection| !connection.is_quiet())
            .collect();
        format!(
            "shard {}: {} closing, {waiting:?}",
            self.shard,
            self.closing.len()
        )
    }

    /// Whether nothing waits inside the driver.
    pub(crate) fn is_quiet(&self) -> bool {
        self.replies.is_empty()
            && self.backlog.is_empty()
            && self.closing.is_empty()
            && self.connections.values().all(Connection::is_quiet)
    }
}
