//! Coming and going.

use core::num::NonZeroU16;

use wire_client::VerbError;
use wire_message::{Qos, ShardId, TopicRef};
use wire_mqtt::{
    Connect, ConnectProperties, Disconnect, DisconnectProperties, ReasonCode, Version, Will,
    WillProperties,
};

use super::wire::{Ghost, Wire};
use super::{Client, Kind, Mood};
use crate::history::{Ending, PublishId, Published, Seq};
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::{Checked, Violation, ensure};

/// A session that outlives everything that happens in a run, seconds.
pub(super) const LONG_S: u32 = 100_000;

/// What 3.x sessions outlive their connections by, seconds: the default of the settings.
const V3_EXPIRY_S: u32 = 7_200;

/// What a CONNECT says.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// When it was sent.
    pub(super) sent: Seq,
    /// Clean start.
    pub(super) clean_start: bool,
    /// Session expiry, seconds.
    pub(super) expiry_s: u32,
    /// Keep alive, seconds.
    pub(super) keep_alive_s: u16,
    /// Receive maximum; before 5.0 there is none.
    pub(super) receive_max: Option<NonZeroU16>,
    /// Topic alias maximum.
    pub(super) aliases_max: u16,
    /// What CONNACK must say about the session, if that is certain.
    expects: Option<bool>,
    /// Will and delay.
    will: Option<(PublishId, u32)>,
}

impl Client {
    /// Connects, if the client wants to.
    pub(super) fn come(
        &mut self,
        mood: Mood,
        outside: &mut Outside,
    ) -> Result<Option<(ShardId, LinkId)>, Violation> {
        let pending = self.memory.pending.map(|link| &outside.links[link]);
        if pending.is_some_and(|link| link.closed_by_broker.is_none()) {
            return Ok(None);
        }
        let wants = match mood {
            Mood::Random => self.kind == Kind::Observer || outside.rng.chance(100),
            Mood::Calm => true,
            Mood::Leaving => !self.has_left,
        };
        wants.then(|| self.connect(mood, outside)).transpose()
    }

    /// Connects, also if there is a connection: that one is taken over.
    pub(super) fn connect(
        &mut self,
        mood: Mood,
        outside: &mut Outside,
    ) -> Result<(ShardId, LinkId), Violation> {
        if let Some(wire) = self.wire.take() {
            self.ended(&wire, Ending::TakenOver, outside);
            self.ghosts.push(Ghost::new(wire, false));
        }
        let (capacity, delay) = (outside.plan.pipe_bytes, outside.plan.pipe_delay);
        let link = outside.links.open(capacity, delay);
        outside.history.begin_connection(Some(self.number));
        outside.watches.open(link, Some(self.number), self.version);
        let wish = self.wish(mood, link, outside);
        outside.note(format_args!("{} connects on {link:?}: {wish:?}", self.id));
        let mut wire = Wire::new(link, wish);
        self.send_connect(&mut wire, outside)?;
        self.wire = Some(wire);
        let shard = outside.rng.below(outside.plan.shards);
        Ok((ShardId(u8::try_from(shard).expect("few shards")), link))
    }

    fn wish(&mut self, mood: Mood, link: LinkId, outside: &mut Outside) -> Wish {
        let rng = &mut outside.rng;
        let is_settled = mood != Mood::Random || self.kind == Kind::Observer;
        let clean_start = mood == Mood::Leaving
            || self.version == Version::V31
            || self.memory.is_uncertain
            || (!is_settled && rng.chance(200));
        let expiry_s = match self.version {
            _ if mood == Mood::Leaving || self.kind == Kind::Passing => 0,
            Version::V31 | Version::V311 if clean_start => 0,
            Version::V31 | Version::V311 => V3_EXPIRY_S,
            Version::V5 if is_settled => LONG_S,
            Version::V5 => rng.pick(&[0, 2, LONG_S, LONG_S]),
        };
        let expects = match self.memory.expiry_s {
            _ if clean_start || self.memory.session.is_none() => Some(false),
            0 => Some(false),
            V3_EXPIRY_S.. => Some(true),
            short_s => self.has_expired(short_s, outside).then_some(false),
        };
        let is_v5 = self.version == Version::V5;
        let mut wish = Wish {
            sent: outside.history.next(),
            clean_start,
            expiry_s,
            // A large packet through a small pipe may take longer than a short keep alive.
            keep_alive_s: if outside.plan.is_slow() {
                outside.rng.pick(&[0, 60])
            } else {
                outside.rng.pick(&[0, 5, 60])
            },
            receive_max: outside
                .rng
                .pick(&[None, NonZeroU16::new(1), NonZeroU16::new(10)]),
            aliases_max: outside.rng.pick(&[0, 2, 10]),
            expects,
            will: None,
        };
        if self.kind == Kind::Observer || !is_v5 {
            wish.receive_max = None;
        }
        if self.kind == Kind::Ordinary && outside.rng.chance(400) {
            let delay_s = if is_v5 {
                outside.rng.pick(&[0, 0, 1, 5])
            } else {
                0
            };
            wish.will = Some((self.make_will(outside), delay_s));
            outside.history.connection(link).will = wish.will;
        }
        wish
    }

    fn make_will(&self, outside: &mut Outside) -> PublishId {
        outside.history.publish(Published {
            publisher: self.number,
            session: None,
            topic: format!("will/{}", self.number.0),
            qos: outside
                .rng
                .pick(&[Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce]),
            retain: false,
            payload_bytes: 8,
            has_properties: false,
            expiry_s: None,
            delay_s: None,
            transmissions: Vec::new(),
            accepted: None,
            acknowledged: None,
            may_be_lost: false,
        })
    }

    fn send_connect(&mut self, wire: &mut Wire, outside: &Outside) -> Checked {
        let wish = wire.wish.clone();
        let will = wish.will.map(|(id, delay_s)| {
            let message = &outside.history.published[id.0];
            (message, message.payload(id), delay_s)
        });
        let will = will.as_ref().map(|(message, payload, delay_s)| Will {
            topic: TopicRef::new(&message.topic).expect("the simulator's topics are valid"),
            payload,
            qos: message.qos,
            retain: message.retain,
            properties: WillProperties {
                delay_interval_s: (*delay_s > 0).then_some(*delay_s),
                ..WillProperties::default()
            },
        });
        let connect = Connect {
            clean_start: wish.clean_start,
            keep_alive_s: wish.keep_alive_s,
            will,
            properties: ConnectProperties {
                session_expiry_interval_s: (wish.expiry_s > 0).then_some(wish.expiry_s),
                receive_maximum: wish.receive_max,
                topic_alias_maximum: (wish.aliases_max > 0).then_some(wish.aliases_max),
                ..ConnectProperties::default()
            },
            ..Connect::new(self.version, &self.id)
        };
        self.protocol
            .connect(&connect, outside.now, &mut wire.unsent)
            .map_err(impossible)
    }

    /// CONNACK arrived.
    pub(super) fn handle_connack(&mut self, present: bool, outside: &mut Outside) -> Checked {
        let wire = self.wire.as_mut().expect("the packet came from it");
        let (link, wish) = (wire.link, wire.wish.clone());
        // [v5 3.1.2-4] to [v5 3.1.2-6], [v5 3.2.2-2], [v5 3.2.2-3], [v311 3.2.2-1] to
        // [v311 3.2.2-3]
        ensure(
            wish.expects.is_none_or(|expected| expected == present),
            "takeover",
            || {
                format!(
                    "{} on {link:?}: session present {present}, not {:?}",
                    self.id, wish.expects
                )
            },
        )?;
        wire.is_up = true;
        let is_lost = !present && self.must_have_survived(link, &wish, outside);
        ensure(!is_lost, "takeover", || {
            format!(
                "{} on {link:?}: its session ended with the process",
                self.id
            )
        })?;
        outside.stats.resumed_after_start += u64::from(present && self.has_restarted(outside));
        self.forget_retained(outside);
        let now = outside.history.next();
        outside.stats.connected += 1;
        outside.stats.resumed += u64::from(present);
        let kept = self.memory.session.filter(|_| present);
        let session = kept.unwrap_or_else(|| {
            if let Some(former) = self.memory.session {
                outside
                    .history
                    .session(former)
                    .ended
                    .get_or_insert(wish.sent);
            }
            self.memory.unreleased.clear();
            self.memory.retained.clear();
            outside.history.begin_session(self.number, wish.sent)
        });
        self.memory.session = Some(session);
        self.memory.expiry_s = wish.expiry_s;
        self.memory.is_uncertain = false;
        let connection = outside.history.connection(link);
        connection.session = Some(session);
        connection.connected = Some((now, outside.now));
        connection.is_resumed = present;
        connection.is_session_short = wish.expiry_s == 0;
        self.note_resent(outside);
        Ok(())
    }

    /// Says goodbye and closes, ending the session if this is the last time.
    pub(super) fn leave(&mut self, outside: &mut Outside) -> Checked {
        let Some(wire) = self.wire.as_ref().filter(|wire| wire.is_up) else {
            return Ok(());
        };
        let is_session_ended = wire.wish.expiry_s == 0 || self.version == Version::V5;
        self.has_left = is_session_ended;
        self.say_goodbye(is_session_ended, ReasonCode::Success, outside)
    }

    /// Sends DISCONNECT; the connection closes when it is out.
    pub(super) fn say_goodbye(
        &mut self,
        ends_session: bool,
        reason: ReasonCode,
        outside: &mut Outside,
    ) -> Checked {
        if !self.is_connected() {
            return Ok(());
        }
        let Some(mut wire) = self.wire.take() else {
            return Ok(());
        };
        let is_changed = ends_session && wire.wish.expiry_s > 0 && self.version == Version::V5;
        let disconnect = Disconnect {
            reason,
            properties: DisconnectProperties {
                session_expiry_interval_s: is_changed.then_some(0),
                ..DisconnectProperties::default()
            },
        };
        self.protocol
            .disconnect(&disconnect, &mut wire.unsent)
            .map_err(impossible)?;
        let is_clean = reason == ReasonCode::Success || self.version != Version::V5;
        if is_clean {
            let end = wire.end(outside);
            outside.history.connection(wire.link).disconnect_end = Some(end);
        }
        outside.note(format_args!(
            "{} says goodbye on {:?}: {disconnect:?}",
            self.id, wire.link
        ));
        self.ended(
            &wire,
            if is_clean { Ending::Clean } else { Ending::Cut },
            outside,
        );
        if is_changed {
            // Should the packet be lost, the session is still there.
            self.memory.is_uncertain = true;
            self.end_session(outside);
        }
        self.ghosts.push(Ghost::new(wire, true));
        Ok(())
    }

    /// Closes without a word.
    pub(super) fn cut(&mut self, outside: &mut Outside) {
        let Some(wire) = self.wire.take() else { return };
        self.protocol.connection_lost();
        outside.note(format_args!("{} cuts {:?}", self.id, wire.link));
        let now = outside.now;
        outside
            .links
            .close_by_client(wire.link, now, &mut outside.rng);
        self.ended(&wire, Ending::Cut, outside);
    }

    /// Notes that a connection is over for the client.
    pub(super) fn ended(&mut self, wire: &Wire, ending: Ending, outside: &mut Outside) {
        let seq = outside.history.next();
        let now = outside.now;
        outside.history.connection(wire.link).ended = Some((seq, now, ending));
        if wire.is_up {
            if wire.wish.expiry_s == 0 {
                self.end_session(outside);
            }
        } else {
            // Whether the broker saw CONNECT is not known, and so not whose session is there.
            let keeps = self.memory.expiry_s >= V3_EXPIRY_S && wire.wish.expiry_s >= V3_EXPIRY_S;
            self.memory.is_uncertain |= wire.wish.clean_start || !keeps;
            self.memory.pending = Some(wire.link);
        }
    }

    fn end_session(&self, outside: &mut Outside) {
        let seq = outside.history.next();
        if let Some(session) = self.memory.session {
            outside.history.session(session).ended.get_or_insert(seq);
        }
    }
}

/// The simulator asks only for what can be done.
pub(super) fn impossible(error: VerbError) -> Violation {
    Violation::new("well_formed", error.to_string())
}
