//! What the clients of a group have in common in a crew.

use std::collections::VecDeque;

use loadgen_plan::{Group, Load, Plan, Publishing, Reading, Size, Worker};
use wire_message::{Instant, Qos};
use wire_mqtt::Version;

use crate::mix::mix;
use crate::timetable::Timetable;

/// Messages of a publisher whose numbers do not end; the number after the last one is none.
const NO_LIMIT: u32 = u32::MAX - 1;

/// A group, as far as this crew drives it.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else, and all combinations exist"
)]
pub(super) struct GroupState {
    /// The number of its first client in the run.
    pub(super) first: u32,
    /// Its clients in the run.
    pub(super) clients: u32,
    /// The place of its first client among the crew's members.
    pub(super) members: u32,
    /// Its clients in this crew.
    pub(super) share: u32,
    /// The place of its first client among the crew's publishers.
    pub(super) publishers: u32,
    /// The stream of its first client in the run.
    pub(super) first_stream: u32,
    pub(super) version: Version,
    pub(super) form: Option<Form>,
    /// Whether latencies of what its clients receive are recorded.
    pub(super) is_measured: bool,
    /// Whether subscriptions of its clients survive their absence.
    pub(super) keeps_session: bool,
    /// Whether its clients publish.
    pub(super) publishing: bool,
    /// Whether its clients connect and disconnect without end.
    pub(super) cycling: bool,
    /// When its clients publish, in an open loop.
    pub(super) timetable: Option<Timetable>,
    /// When its clients leave.
    pub(super) departures: Option<Timetable>,
    /// Whose turn it is to publish, by place in the group.
    pub(super) turn: u32,
    /// Whose turn it is to leave.
    pub(super) leaving: u32,
    /// Its clients that are ready.
    pub(super) online: u32,
    /// Messages that are due while nobody is there.
    pub(super) owed: VecDeque<Instant>,
    /// Messages that its clients have yet to send until they reach their limit.
    pub(super) left: u64,
}

/// A group that publishes, as those who receive see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    pub(super) first_stream: u32,
    pub(super) clients: u32,
    /// The place of its first client among the crew's publishers.
    pub(super) publishers: u32,
    pub(super) group: u16,
    /// Whether copies that arrive let new messages out.
    pub(super) is_closed: bool,
    /// The QoS that its messages are published with.
    pub(super) qos: Qos,
}

/// How the messages of a group are written.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) qos: Qos,
    pub(super) retain: bool,
    pub(super) size: Size,
    /// Messages under way of each publisher, in a closed loop.
    pub(super) window: Option<u32>,
    /// Messages of each publisher.
    pub(super) limit: u32,
    /// Whether each message has a topic of its own.
    pub(super) has_sequence: bool,
    /// Whether messages are requests.
    pub(super) asks: bool,
}

impl GroupState {
    pub(super) fn new(
        plan: &Plan,
        at: u16,
        group: &Group,
        worker: Worker,
        members: u32,
        publishers: u32,
    ) -> Self {
        Self {
            first: group.first,
            clients: group.clients,
            members,
            share: worker.share(group.clients),
            publishers,
            first_stream: plan.first_stream(at),
            version: if plan.target.raw {
                Version::V311
            } else {
                group.connect.version
            },
            form: group.publish.as_ref().map(Form::new),
            is_measured: group.reading == Reading::Full && group.respond.is_none(),
            keeps_session: group.connect.keeps_session(),
            publishing: false,
            cycling: false,
            timetable: None,
            departures: None,
            turn: 0,
            leaving: 0,
            online: 0,
            owed: VecDeque::new(),
            left: 0,
        }
    }
}

impl GroupState {
    /// Whether messages of the group are on their way, as far as this crew knows.
    pub(super) fn is_sending(&self) -> bool {
        let limited = self.form.as_ref().is_some_and(|form| form.limit < NO_LIMIT);
        self.publishing && (self.left > 0 || !limited)
    }
}

impl Form {
    fn new(publishing: &Publishing) -> Self {
        let window = match publishing.load {
            Load::Rate { .. } => None,
            Load::Window(window) => Some(window),
        };
        let limit = publishing
            .limit
            .map_or(NO_LIMIT, |limit| u32::try_from(limit).unwrap_or(NO_LIMIT));
        Self {
            qos: publishing.qos,
            retain: publishing.retain,
            size: publishing.size.clone(),
            window,
            limit,
            has_sequence: publishing.topic.has_sequence(),
            asks: publishing.response.is_some(),
        }
    }

    /// Bytes of the payload of a message; always the same for the same message.
    #[inline]
    pub(super) fn payload_bytes(&self, stream: u32, sequence: u32, seed: u64) -> u32 {
        if let Size::Fixed(bytes) = self.size {
            return bytes;
        }
        let message = u64::from(stream) << 32 | u64::from(sequence);
        self.size.pick(mix(seed ^ mix(message)))
    }
}
