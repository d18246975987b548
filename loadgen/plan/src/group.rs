//! Groups of clients that do the same.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use wire_message::Qos;
use wire_mqtt::Version;

use crate::{Load, Place, RunId, Size, Template, protocol};

/// Clients that differ only in their numbers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Group {
    /// Its name in reports.
    pub name: String,
    /// How many clients it has.
    pub clients: u32,
    /// The number of its first client among those of all groups; set by
    /// [`Plan::check`](crate::Plan::check).
    pub first: u32,
    /// How its clients connect.
    pub connect: Connect,
    /// What they subscribe to.
    pub subscribe: Vec<Subscription>,
    /// What they publish.
    pub publish: Option<Publishing>,
    /// How fast they read.
    pub reading: Reading,
    /// Whether they come and go.
    pub churn: Option<Churn>,
    /// Whether they answer requests.
    pub respond: Option<Responding>,
}

impl Group {
    /// Where templates of its clients are filled in, in order of the clients.
    ///
    /// The sequence number is that of a first message, 0.
    pub(crate) fn places(&self, run: RunId, seed: u64) -> impl Iterator<Item = Place> + use<> {
        let first = self.first;
        (0..self.clients).map(move |index| Place {
            index,
            number: first + index,
            run,
            seed,
            sequence: 0,
        })
    }
}

/// How a client connects.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Connect {
    /// The version it speaks.
    #[serde(with = "protocol::version")]
    pub version: Version,
    /// Its client identifier.
    pub client_id: Template,
    /// Its user name.
    pub username: Option<Template>,
    /// Its password.
    pub password: Option<String>,
    /// Seconds of its keep alive; zero for none.
    pub keep_alive_s: u16,
    /// Whether it starts without a former session; "clean session" before 5.0.
    pub clean_start: bool,
    /// Seconds that its session lasts without a connection; 5.0 only.
    pub session_expiry_s: Option<u32>,
    /// What the broker publishes when the client is lost.
    pub will: Option<Will>,
}

impl Default for Connect {
    fn default() -> Self {
        Self {
            version: Version::V5,
            client_id: Template::client_id(),
            username: None,
            password: None,
            keep_alive_s: 60,
            clean_start: true,
            session_expiry_s: None,
            will: None,
        }
    }
}

impl Connect {
    /// Whether the broker keeps the session while the client is away.
    #[must_use]
    pub fn keeps_session(&self) -> bool {
        match self.version {
            Version::V31 | Version::V311 => !self.clean_start,
            Version::V5 => !self.clean_start && self.session_expiry_s.is_some_and(|time| time > 0),
        }
    }
}

/// A will.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Will {
    /// Where it is published.
    pub topic: Template,
    /// Its quality of service.
    #[serde(with = "protocol::qos")]
    pub qos: Qos,
    /// Whether it is retained.
    pub retain: bool,
    /// Bytes of its payload, 32 at least.
    pub bytes: u16,
    /// Seconds that the broker waits for the client to come back; 5.0 only.
    pub delay_s: u32,
}

/// A subscription of each client of a group.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Subscription {
    /// A filter, with wildcards or `$share/group/` if wanted.
    pub filter: Template,
    /// The highest quality of service to deliver with.
    #[serde(with = "protocol::qos")]
    pub qos: Qos,
    /// Whether what matches is stored before the client subscribes: retained messages are then
    /// expected, each once, in any order, and their latency counts from the subscription.
    pub retained: bool,
}

/// What each client of a group publishes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Publishing {
    /// Where; all messages of a client share it unless it holds `${s}`.
    pub topic: Template,
    /// Quality of service.
    #[serde(with = "protocol::qos")]
    pub qos: Qos,
    /// Whether the broker keeps the last message of the topic.
    pub retain: bool,
    /// Bytes of a payload.
    pub size: Size,
    /// When.
    pub load: Load,
    /// Whether a topic alias stands for the topic from the second message on; 5.0 only, and only
    /// if the broker takes aliases.
    pub alias: bool,
    /// Pairs that each message carries; 5.0 only.
    pub user_properties: Vec<(String, String)>,
    /// Seconds that a message lives; 5.0 only.
    pub expiry_s: Option<u32>,
    /// Messages that each client publishes at most.
    pub limit: Option<u64>,
    /// Where an answer to each message is expected; 5.0 only. The group must subscribe to it.
    pub response: Option<Template>,
}

/// How fast clients read what the broker sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum Reading {
    /// As fast as they can.
    #[default]
    Full,
    /// This many bytes per second each; their latencies are not recorded.
    BytesPerSecond(u64),
}

/// Clients that come and go.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub struct Churn {
    /// Departures per second of the whole group.
    pub per_s: f64,
    /// Whether clients vanish without DISCONNECT.
    pub abrupt: bool,
    /// How long each stays away.
    pub offline: Duration,
}

/// Clients that answer requests: each message that comes with a response topic is sent back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Responding {
    /// Quality of service of the answers: 0 or 1.
    #[serde(with = "protocol::qos")]
    pub qos: Qos,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, scenario};

    #[test]
    fn clients_have_places_of_their_own_in_order() {
        let options = Options {
            target: crate::Target {
                brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
                ..crate::Target::default()
            },
            ..Options::default()
        };
        let plan = scenario::p2p(&options, 3).expect("the plan is fine");
        let places = plan.groups[1].places(RunId(7), 5);
        let places = places.map(|place| (place.index, place.number, place.run, place.seed));
        let expected = [
            (0, 3, RunId(7), 5),
            (1, 4, RunId(7), 5),
            (2, 5, RunId(7), 5),
        ];
        assert_eq!(places.collect::<Vec<_>>(), expected);
    }
}
