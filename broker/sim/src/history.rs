//! Everything that the oracle needs to know, as the clients saw it.
//!
//! Facts are numbered in the order in which they happened, so that "published after SUBACK had
//! arrived" is a comparison of two numbers.

use std::collections::VecDeque;

use wire_message::{FilterRef, Instant, Qos, TopicRef};

use crate::links::LinkId;

/// The place of a fact in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seq(pub(crate) u64);

/// The number of a message, which its payload carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PublishId(pub(crate) usize);

/// The number of a session, as a client knows it: a new one whenever CONNACK says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SessionId(pub(crate) usize);

/// The number of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClientNumber(pub(crate) usize);

/// Once that a PUBLISH was sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transmission {
    /// When the client encoded it, which is before it left.
    pub(crate) sent: Seq,
}

/// A message.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    /// Who published it.
    pub(crate) publisher: ClientNumber,
    /// In which session; `None`: a will.
    pub(crate) session: Option<SessionId>,
    /// Where.
    pub(crate) topic: String,
    /// How.
    pub(crate) qos: Qos,
    /// Whether it is to be retained.
    pub(crate) retain: bool,
    /// Bytes of its payload; none: it has no number either, and clears what is retained.
    pub(crate) payload_bytes: u32,
    /// Whether it has user properties to forward.
    pub(crate) has_properties: bool,
    /// Its life.
    pub(crate) expiry_s: Option<u32>,
    /// Seconds after which it is published.
    pub(crate) delay_s: Option<u32>,
    /// When it was sent; more than once after reconnecting.
    pub(crate) transmissions: Vec<Transmission>,
    /// When an engine was last done with it.
    pub(crate) accepted: Option<Instant>,
    /// When its acknowledgement without an error arrived: PUBACK, or PUBREC.
    pub(crate) acknowledged: Option<Seq>,
    /// Whether it may be lost if nobody was told that it is safe: a process that had it has ended,
    /// or its disk could not take it.
    pub(crate) may_be_lost: bool,
}

/// A subscription of a session.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    /// The filter, without `$share/<group>/`.
    pub(crate) filter: String,
    /// The group.
    pub(crate) group: Option<String>,
    /// Asked for, and then granted.
    pub(crate) qos: Qos,
    /// No Local.
    pub(crate) no_local: bool,
    /// Retain As Published.
    pub(crate) retain_as_published: bool,
    /// Its identifier.
    pub(crate) identifier: Option<u32>,
    /// When SUBSCRIBE was sent: it may be in force from here.
    pub(crate) requested: Seq,
    /// When SUBACK arrived: it is in force from here.
    pub(crate) granted: Option<Seq>,
    /// When UNSUBSCRIBE was sent: it may be out of force from here.
    pub(crate) withdrawn: Option<Seq>,
    /// When another SUBSCRIBE for the same filter was sent: other options may hold from here.
    pub(crate) replaced: Option<Seq>,
    /// When UNSUBACK arrived: it is out of force from here.
    pub(crate) gone: Option<Seq>,
}

impl Subscription {
    /// Whether a message on `topic` is for it.
    pub(crate) fn matches(&self, topic: &str) -> bool {
        let filter = FilterRef::new(&self.filter).expect("the simulator's filters are valid");
        filter.matches(TopicRef::new(topic).expect("the simulator's topics are valid"))
    }

    /// Whether the client has neither ended nor replaced it.
    pub(crate) const fn is_wanted(&self) -> bool {
        self.withdrawn.is_none() && self.replaced.is_none()
    }

    /// Whether it may be in force for a message that was first sent at `sent`, or was a will.
    pub(crate) fn may_apply(&self, sent: Option<Seq>, arrived: Seq) -> bool {
        let is_over = self.gone.zip(sent).is_some_and(|(gone, sent)| gone < sent);
        self.requested < arrived && !is_over
    }

    /// Whether it is certainly in force from `sent` to the end, though with other options.
    pub(crate) fn applies(&self, sent: Seq) -> bool {
        self.granted.is_some_and(|granted| granted < sent) && self.withdrawn.is_none()
    }

    /// The filter as it stands in packets.
    pub(crate) fn text(&self) -> String {
        match &self.group {
            Some(group) => format!("$share/{group}/{}", self.filter),
            None => self.filter.clone(),
        }
    }
}

/// A PUBLISH that arrived at a client's application: QoS 2 duplicates are already taken out.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// When.
    pub(crate) arrived: Seq,
    /// Through which transport.
    pub(crate) link: LinkId,
    /// Which message, if it has a payload.
    pub(crate) message: Option<PublishId>,
    /// Where.
    pub(crate) topic: String,
    /// How.
    pub(crate) qos: Qos,
    /// The RETAIN flag.
    pub(crate) retain: bool,
    /// The DUP flag.
    pub(crate) dup: bool,
    /// Subscription identifiers.
    pub(crate) identifiers: Vec<u32>,
}

/// A session as its client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Whose.
    pub(crate) client: ClientNumber,
    /// When CONNECT was sent: no broker knew of it before.
    pub(crate) begun: Seq,
    /// When the client learned that it is no more, or did what ends it.
    pub(crate) ended: Option<Seq>,
    /// All subscriptions, also past ones.
    pub(crate) subscriptions: Vec<Subscription>,
    /// What arrived.
    pub(crate) deliveries: Vec<Delivery>,
}

/// How a connection ended, as its client sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The broker closed it.
    ByBroker,
    /// The client sent DISCONNECT with reason 0 and closed.
    Clean,
    /// The client closed without DISCONNECT, or asked for its will.
    Cut,
    /// The transport broke.
    Broken,
    /// The client connected anew and left it open.
    TakenOver,
}

/// A connection; its number is that of its transport.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// The number of the process that it goes to.
    pub(crate) process: u32,
    /// Whose; `None`: a misbehaving client's.
    pub(crate) client: Option<ClientNumber>,
    /// The session, since CONNACK arrived.
    pub(crate) session: Option<SessionId>,
    /// When CONNACK arrived.
    pub(crate) connected: Option<(Seq, Instant)>,
    /// Whether CONNACK said that the session was there.
    pub(crate) is_resumed: bool,
    /// Whether the session ends with the connection.
    pub(crate) is_session_short: bool,
    /// When and how it ended for its client.
    pub(crate) ended: Option<(Seq, Instant, Ending)>,
    /// Where the stream's DISCONNECT ends, if one was sent that forbids the will.
    pub(crate) disconnect_end: Option<u64>,
    /// Messages that no engine is done with, and where they end.
    pub(crate) awaiting: VecDeque<(u64, PublishId)>,
    /// The will, and its delay in seconds.
    pub(crate) will: Option<(PublishId, u32)>,
}

/// The end of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Restart {
    /// When it ended.
    pub(crate) seq: Seq,
    /// When it ended.
    pub(crate) ended: Instant,
}

/// All facts.
#[derive(Debug, Default)]
pub(crate) struct History {
    facts: u64,
    /// By [`PublishId`].
    pub(crate) published: Vec<Published>,
    /// By [`SessionId`].
    pub(crate) sessions: Vec<Session>,
    /// By [`LinkId`].
    pub(crate) connections: Vec<Connection>,
    /// Ends of processes; by the number of the process.
    pub(crate) restarts: Vec<Restart>,
    /// When nothing went wrong any more, and everybody was connected again.
    pub(crate) calm: Option<Seq>,
}

impl Published {
    /// Whether it is a will, sent by the broker.
    pub(crate) const fn is_will(&self) -> bool {
        self.session.is_none()
    }

    /// When it was first sent; `None`: it is a will.
    pub(crate) fn first_sent(&self) -> Option<Seq> {
        self.transmissions
            .first()
            .map(|transmission| transmission.sent)
    }

    /// How often a broker may take it for a new message: resent QoS 1 messages are new to it.
    pub(crate) fn copies(&self) -> usize {
        match self.qos {
            Qos::AtLeastOnce => self.transmissions.len().max(1),
            Qos::AtMostOnce | Qos::ExactlyOnce => 1,
        }
    }

    /// Whether a broker must have it: it said so, or it has read a message that it never answers.
    pub(crate) const fn is_certain(&self) -> bool {
        match self.qos {
            Qos::AtMostOnce => self.accepted.is_some() && !self.may_be_lost,
            Qos::AtLeastOnce | Qos::ExactlyOnce => self.acknowledged.is_some(),
        }
    }

    /// What the payload of message `id` is: its number, then bytes that follow from it.
    pub(crate) fn payload(&self, id: PublishId) -> Vec<u8> {
        let number = u32::try_from(id.0).expect("few messages").to_le_bytes();
        let size = self.payload_bytes as usize;
        number
            .iter()
            .copied()
            .chain((0_u8..=255).cycle())
            .take(size)
            .collect()
    }
}

/// The number that a payload carries, if it is not empty.
pub(crate) fn number_in(payload: &[u8]) -> Option<PublishId> {
    let number = payload.first_chunk::<4>()?;
    Some(PublishId(u32::from_le_bytes(*number) as usize))
}

impl History {
    /// The number of the next fact.
    pub(crate) const fn next(&mut self) -> Seq {
        self.facts += 1;
        Seq(self.facts)
    }

    /// Adds a message.
    pub(crate) fn publish(&mut self, published: Published) -> PublishId {
        self.published.push(published);
        PublishId(self.published.len() - 1)
    }

    /// Adds a session.
    pub(crate) fn begin_session(&mut self, client: ClientNumber, begun: Seq) -> SessionId {
        self.sessions.push(Session {
            client,
            begun,
            ended: None,
            subscriptions: Vec::new(),
            deliveries: Vec::new(),
        });
        SessionId(self.sessions.len() - 1)
    }

    /// Adds a connection; to be called once for each transport, in order.
    pub(crate) fn begin_connection(&mut self, client: Option<ClientNumber>) {
        let process = self.process();
        self.connections.push(Connection {
            process,
            client,
            session: None,
            connected: None,
            is_resumed: false,
            is_session_short: false,
            ended: None,
            disconnect_end: None,
            awaiting: VecDeque::new(),
            will: None,
        });
    }

    /// The number of the process that there is.
    pub(crate) fn process(&self) -> u32 {
        u32::try_from(self.restarts.len()).expect("few processes")
    }

    /// How many processes have begun since.
    pub(crate) fn starts_since(&self, since: Option<Seq>) -> usize {
        let later = |restart: &&Restart| since.is_none_or(|since| restart.seq > since);
        self.restarts.iter().filter(later).count()
    }

    /// The process ends.
    pub(crate) fn end_process(&mut self, now: Instant) {
        let seq = self.next();
        self.restarts.push(Restart { seq, ended: now });
        for message in &mut self.published {
            message.may_be_lost = true;
        }
        for connection in &mut self.connections {
            connection.awaiting.clear();
        }
    }

    /// An engine is done with the first `consumed` bytes of a connection.
    ///
    /// What it does not answer, it may have had to drop if the disk was `behind`.
    pub(crate) fn consume(&mut self, link: LinkId, consumed: u64, now: Instant, behind: bool) {
        let awaiting = &mut self.connections[link.0].awaiting;
        while let Some((_, id)) = awaiting.pop_front_if(|(end, _)| *end <= consumed) {
            self.published[id.0].accepted = Some(now);
            self.published[id.0].may_be_lost |= behind;
        }
    }

    /// How often a message may come as a new one. What the broker publishes itself, wills and delayed
    /// messages, it may publish again after a start.
    pub(crate) fn copies(&self, id: PublishId) -> usize {
        let message = self.message(id);
        let is_own = message.is_will() || message.delay_s.is_some();
        let again = if is_own { self.restarts.len() } else { 0 };
        message.copies() + again
    }

    /// The message.
    pub(crate) fn message(&self, id: PublishId) -> &Published {
        &self.published[id.0]
    }

    /// The process that a transport went to.
    pub(crate) fn process_of(&self, link: LinkId) -> u32 {
        self.connections[link.0].process
    }

    /// The session.
    pub(crate) fn session(&mut self, id: SessionId) -> &mut Session {
        &mut self.sessions[id.0]
    }

    /// The connection.
    pub(crate) fn connection(&mut self, link: LinkId) -> &mut Connection {
        &mut self.connections[link.0]
    }
}
