//! A client that keeps to the standard, and does at random what clients do.

mod connect;
mod memory;
mod publish;
mod receive;
mod script;
mod subscribe;
mod wire;

use core::time::Duration;

use wire_message::{Instant, ShardId};
use wire_mqtt::{Packet, Version};

use self::memory::Memory;
use self::wire::Wire;
use crate::history::{ClientNumber, Ending};
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::{Checked, Violation, ensure};

/// What a client is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Gets everything, always connected.
    Observer,
    /// Publishes and subscribes to whatever it likes.
    Ordinary,
    /// A member of a shared group, and of nothing else.
    Member,
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
    memory: Memory,
    wire: Option<Wire>,
    /// Connections that were left open when a new one was made.
    ghosts: Vec<Wire>,
    asleep_until: Instant,
    has_left: bool,
}

impl Client {
    /// A client that has never connected.
    pub(crate) fn new(number: ClientNumber, kind: Kind, outside: &mut Outside) -> Self {
        let version = match kind {
            Kind::Observer => Version::V5,
            Kind::Ordinary | Kind::Member => outside.rng.pick(&[
                Version::V31,
                Version::V311,
                Version::V311,
                Version::V5,
                Version::V5,
                Version::V5,
            ]),
        };
        Self {
            number,
            id: format!("client-{}", number.0),
            version,
            kind,
            memory: Memory::default(),
            wire: None,
            ghosts: Vec::new(),
            asleep_until: Instant::ZERO,
            has_left: false,
        }
    }

    /// A client that comes late, to see what is retained.
    pub(crate) fn newcomer(number: usize) -> Self {
        Self {
            number: ClientNumber(number),
            id: "newcomer".into(),
            version: Version::V5,
            kind: Kind::Observer,
            memory: Memory::default(),
            wire: None,
            ghosts: Vec::new(),
            asleep_until: Instant::ZERO,
            has_left: false,
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
            self.asleep_until = Instant::ZERO;
        }
        if self.wire.is_none() {
            return Ok(self.come(mood, outside));
        }
        if self.asleep_until <= outside.now {
            self.read(outside)?;
        }
        self.acknowledge(mood, outside);
        self.stay_alive(outside);
        let arrival = match mood {
            Mood::Random => self.follow_script(outside),
            Mood::Calm => {
                if self.kind == Kind::Observer {
                    self.subscribe_once(outside);
                }
                None
            }
            Mood::Leaving => {
                self.leave(outside);
                None
            }
        };
        if let Some(wire) = &mut self.wire {
            wire.flush(outside);
        }
        Ok(arrival)
    }

    /// Whether the client waits for nothing.
    pub(crate) fn is_quiet(&self) -> bool {
        self.ghosts.is_empty()
            && self.memory.outbound.is_empty()
            && self.memory.inbound.is_empty()
            && self.wire.as_ref().is_none_or(Wire::is_quiet)
    }

    /// What the client waits for, for a person to read.
    pub(crate) fn state(&self) -> String {
        format!(
            "{} {:?} {:?} ghosts {:?}",
            self.id, self.memory, self.wire, self.ghosts
        )
    }

    /// The transport in use.
    pub(crate) fn link(&self) -> Option<LinkId> {
        self.wire.as_ref().map(|wire| wire.link)
    }

    /// Whether the client is connected.
    pub(crate) fn is_connected(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| wire.is_up)
    }

    /// Whether the client ended its session and went.
    pub(crate) const fn has_left(&self) -> bool {
        self.has_left
    }

    /// Reads what arrived and handles every whole packet.
    fn read(&mut self, outside: &mut Outside) -> Checked {
        let Some(wire) = &mut self.wire else {
            return Ok(());
        };
        let is_at_end = wire.read(outside);
        while let Some(packet) = self.wire.as_mut().and_then(Wire::next_packet) {
            let version = self.version;
            let decoded = wire::decode(&packet, version)?;
            let link = self.wire.as_ref().map(|wire| wire.link);
            outside.note(format_args!(
                "{} got {} on {link:?}",
                self.id,
                summary(&decoded)
            ));
            self.handle(&decoded, outside)?;
        }
        if is_at_end && self.wire.is_some() {
            self.closed_by_broker(outside)?;
        }
        Ok(())
    }

    /// Reads connections that another one replaced, until the broker closes them.
    fn haunt(&mut self, outside: &mut Outside) -> Checked {
        let mut ghosts = core::mem::take(&mut self.ghosts);
        for ghost in &mut ghosts {
            ghost.flush(outside);
            ghost.is_at_end = ghost.read(outside);
            while let Some(packet) = ghost.next_packet() {
                let decoded = wire::decode(&packet, self.version)?;
                ghost.note_farewell(&decoded);
            }
        }
        let (gone, left): (Vec<_>, Vec<_>) = ghosts.into_iter().partition(Wire::is_over);
        self.ghosts = left;
        for ghost in gone {
            // [v5 3.1.4-3]: whoever is taken over is told, unless the transport broke.
            let is_broken = outside.links[ghost.link].is_broken;
            let is_told = ghost.is_told_takeover || self.version != Version::V5;
            ensure(
                is_told || is_broken || !ghost.is_up || ghost.said_goodbye,
                "takeover",
                || {
                    format!(
                        "{} was taken over on {:?} and not told",
                        self.id, ghost.link
                    )
                },
            )?;
            outside.stats.taken_over += u64::from(ghost.is_told_takeover);
            let now = outside.now;
            outside
                .links
                .close_by_client(ghost.link, now, &mut outside.rng);
        }
        Ok(())
    }

    /// The broker closed the connection, or it broke.
    fn closed_by_broker(&mut self, outside: &mut Outside) -> Checked {
        let wire = self.wire.take().expect("the caller has looked");
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
        let may_refuse = outside.plan.may_refuse();
        let slept = outside.now.since(self.asleep_until) < Duration::from_mins(1)
            && self.asleep_until != Instant::ZERO;
        ensure(is_broken || slept || may_refuse, "neighbours", || {
            format!(
                "{} did nothing wrong and was disconnected: {:?}",
                self.id, wire.farewell
            )
        })
    }

    /// Sends PINGREQ when it is time.
    fn stay_alive(&mut self, outside: &Outside) {
        let Some(wire) = &mut self.wire else { return };
        let silence = Duration::from_secs(u64::from(wire.keep_alive_s)) / 2;
        if wire.is_up && !silence.is_zero() && outside.now.since(wire.sent_at) >= silence {
            wire.send(&Packet::Pingreq, self.version, outside.now);
        }
    }
}

/// A packet in a few words.
fn summary(packet: &Packet<'_>) -> String {
    if let Packet::Publish(publish) = packet {
        return format!(
            "PUBLISH {:?} {:?} qos {} id {:?} dup {} retain {}",
            publish.topic.map(|topic| topic.as_str().to_owned()),
            crate::history::number_in(publish.payload).map(|id| id.0),
            publish.qos.bits(),
            publish.packet_id.map(wire_mqtt::PacketId::value),
            publish.dup,
            publish.retain,
        );
    }
    format!("{packet:?}")
}
