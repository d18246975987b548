//! A client that keeps to the standard, and does at random what clients do.
//!
//! The protocol is `wire/client`'s; what is here decides what to do and writes the history.

mod absence;
mod connect;
mod event;
mod memory;
mod publish;
mod receive;
mod restart;
mod script;
mod subscribe;
mod wire;

use core::time::Duration;

use wire_client::{Acknowledge, Client as Protocol, Settings, State};
use wire_message::{Instant, ShardId};
use wire_mqtt::{ReasonCode, Version};

use self::event::Happened;
use self::memory::Memory;
use self::wire::{Ghost, Wire, flush};
use crate::history::{ClientNumber, Ending};
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::{Checked, Violation, ensure};

/// QoS 1 and 2 messages on their way to the broker, if it does not allow fewer.
const INFLIGHT_MAX: u16 = 20;

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Gets everything, always connected.
    Observer,
    /// Publishes and subscribes to whatever it likes.
    Ordinary,
    /// A member of a shared group, and of nothing else.
    Member,
    /// Has no session that is stored, and speaks only to its like.
    Passing,
}

/// How a client behaves now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Does what chance wants.
    Random,
    /// Stays, or comes back to its session, reads and acknowledges.
    Calm,
    /// Ends its session and goes.
    Leaving,
}

/// A client: its session's memory, and its connection, if it has one.
#[derive(Debug)]
pub(crate) struct Client {
    number: ClientNumber,
    id: String,
    version: Version,
    kind: Kind,
    protocol: Protocol,
    memory: Memory,
    wire: Option<Wire>,
    /// Connections that were left open when a new one was made.
    ghosts: Vec<Ghost>,
    asleep_until: Instant,
    has_left: bool,
    /// Whether an administrator sent the client away, at some time.
    was_kicked: bool,
    /// Whether the client stays away, whatever its mood.
    is_away: bool,
}

impl Client {
    /// A client that has never connected.
    pub(crate) fn new(number: ClientNumber, kind: Kind, outside: &mut Outside) -> Self {
        let versions = [
            Version::V31,
            Version::V311,
            Version::V311,
            Version::V5,
            Version::V5,
            Version::V5,
        ];
        let version = match kind {
            Kind::Observer | Kind::Passing => Version::V5,
            Kind::Ordinary | Kind::Member => outside.rng.pick(&versions),
        };
        let protocol = Protocol::new(Settings {
            acknowledge: Acknowledge::ByCaller,
            inflight_max: INFLIGHT_MAX,
            aliases_max: outside.rng.pick(&[0, 0, 3]),
        });
        Self {
            number,
            id: format!("client-{}", number.0),
            version,
            kind,
            protocol,
            memory: Memory::default(),
            wire: None,
            ghosts: Vec::new(),
            asleep_until: Instant::ZERO,
            has_left: false,
            was_kicked: false,
            is_away: false,
        }
    }

    /// Lets the client do something; a new transport is to be accepted by the shard named.
    pub(crate) fn act(
        &mut self,
        mood: Mood,
        outside: &mut Outside,
    ) -> Result<Option<(ShardId, LinkId)>, Violation> {
        self.haunt(outside)?;
        if mood != Mood::Random {
            self.asleep_until = self.asleep_until.min(outside.now);
        }
        if self.wire.is_none() {
            if self.is_away || outside.is_stopping {
                return Ok(None);
            }
            return self.come(mood, outside);
        }
        if self.asleep_until <= outside.now {
            self.read(outside)?;
        }
        self.acknowledge(mood, outside)?;
        self.stay_alive(outside)?;
        let arrival = match mood {
            Mood::Random => self.follow_script(outside)?,
            Mood::Calm => {
                if matches!(self.kind, Kind::Observer | Kind::Passing) {
                    self.subscribe_once(outside)?;
                }
                None
            }
            Mood::Leaving => {
                self.leave(outside)?;
                None
            }
        };
        if let Some(wire) = &mut self.wire {
            flush(wire.link, &mut wire.unsent, outside);
        }
        Ok(arrival)
    }

    /// An administrator sends the client away: it is not surprised. Returns its id.
    pub(crate) fn kicked(&mut self) -> String {
        self.was_kicked = true;
        self.id.clone()
    }

    /// What the client waits for, for a person to read.
    pub(crate) fn state(&self) -> String {
        let Self {
            id,
            memory,
            wire,
            ghosts,
            ..
        } = self;
        format!(
            "{id} {:?} {memory:?} {wire:?} ghosts {ghosts:?}",
            self.protocol.state()
        )
    }

    /// The transport in use.
    pub(crate) fn link(&self) -> Option<LinkId> {
        self.wire.as_ref().map(|wire| wire.link)
    }

    /// Whether the client waits for nothing.
    pub(crate) fn is_quiet(&self) -> bool {
        self.ghosts.is_empty()
            && self.memory.outbound.is_empty()
            && self.memory.unreleased.is_empty()
            && self.wire.as_ref().is_none_or(Wire::is_quiet)
    }

    /// Whether the client is connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.protocol.state() == State::Connected
    }

    /// Whether the client is connected and all that it asked is answered.
    pub(crate) fn is_served(&self) -> bool {
        self.is_connected() && self.is_quiet()
    }

    /// Whether the client is connected, or is not to be.
    pub(crate) fn is_settled(&self) -> bool {
        self.is_connected() || self.is_away
    }

    /// Whether the client is gone, and nothing of it is left.
    pub(crate) const fn is_gone(&self) -> bool {
        self.wire.is_none()
    }

    /// Whether the client ended its session and went.
    pub(crate) const fn has_left(&self) -> bool {
        self.has_left
    }

    /// Reads what arrived and handles what it says.
    fn read(&mut self, outside: &mut Outside) -> Checked {
        let Some(wire) = &mut self.wire else {
            return Ok(());
        };
        let (bytes, is_at_end) = wire.read(outside);
        let mut events = Vec::new();
        self.protocol
            .handle_input(&bytes, outside.now, &mut wire.unsent, |event| {
                events.push(Happened::from(event));
            })
            .map_err(|error| Violation::new("well_formed", format!("{}: {error}", self.id)))?;
        for event in events {
            self.handle(event, outside)?;
        }
        if is_at_end {
            self.closed_by_broker(outside)?;
        }
        Ok(())
    }

    /// Looks after connections that were given up, until the broker closes them.
    fn haunt(&mut self, outside: &mut Outside) -> Checked {
        for ghost in &mut self.ghosts {
            ghost.act(self.version, outside)?;
        }
        for place in (0..self.ghosts.len()).rev() {
            if !self.ghosts[place].is_over() {
                continue;
            }
            let ghost = self.ghosts.swap_remove(place);
            let is_broken = outside.links[ghost.link].is_broken;
            let is_told = ghost.farewell == Some(ReasonCode::SessionTakenOver);
            let is_silent = self.version != Version::V5 || is_broken || ghost.said_goodbye;
            // [v5 3.1.4-3]: whoever is taken over is told, unless it was told something else before.
            ensure(
                ghost.farewell.is_some() || is_silent || !ghost.is_up,
                "takeover",
                || {
                    format!(
                        "{} was taken over on {:?} and not told",
                        self.id, ghost.link
                    )
                },
            )?;
            outside.stats.taken_over += u64::from(is_told);
            let now = outside.now;
            outside
                .links
                .close_by_client(ghost.link, now, &mut outside.rng);
            outside.moved += 1;
        }
        Ok(())
    }

    /// The broker closed the connection, or it broke.
    fn closed_by_broker(&mut self, outside: &mut Outside) -> Checked {
        let Some(wire) = self.wire.take() else {
            return Ok(());
        };
        self.protocol.connection_lost();
        let is_broken = outside.links[wire.link].is_broken;
        let ending = if is_broken {
            Ending::Broken
        } else {
            Ending::ByBroker
        };
        outside.note(format_args!("{} lost {:?}: {ending:?}", self.id, wire.link));
        let now = outside.now;
        outside
            .links
            .close_by_client(wire.link, now, &mut outside.rng);
        self.ended(&wire, ending, outside);
        // [v5 4.13.2-1]
        let is_told = wire.farewell == Some(ReasonCode::ServerShuttingDown)
            || (wire.farewell == Some(ReasonCode::QuotaExceeded) && outside.may_disk_fail())
            || (wire.farewell == Some(ReasonCode::AdministrativeAction) && self.was_kicked);
        let is_silent = is_broken || self.version != Version::V5 || !outside.is_stopping;
        ensure(is_told || is_silent || !wire.is_up, "stop", || {
            format!(
                "{} was told {:?} when the broker stopped",
                self.id, wire.farewell
            )
        })?;
        let may_refuse = outside.plan.may_refuse()
            || self.was_kicked
            || outside.is_stopping
            || outside.may_disk_fail();
        let slept = outside.now.since(self.asleep_until) < Duration::from_mins(1)
            && self.asleep_until != Instant::ZERO;
        ensure(is_broken || slept || may_refuse, "neighbours", || {
            format!(
                "{} did nothing wrong and was disconnected: {:?}",
                self.id, wire.farewell
            )
        })
    }

    /// Sends PINGREQ in time.
    fn stay_alive(&mut self, outside: &Outside) -> Checked {
        let Some(wire) = &mut self.wire else {
            return Ok(());
        };
        let early = Duration::from_secs(u64::from(wire.wish.keep_alive_s)) / 2;
        let is_due = self
            .protocol
            .next_timeout()
            .is_some_and(|due| due <= outside.now + early);
        if is_due && self.asleep_until <= outside.now && self.protocol.state() == State::Connected {
            self.protocol
                .ping(outside.now, &mut wire.unsent)
                .map_err(|error| Violation::new("well_formed", error.to_string()))?;
        }
        Ok(())
    }
}
