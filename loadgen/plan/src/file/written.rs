//! What stands in a scenario file, as it is written.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};
use wire_message::Qos;
use wire_mqtt::Version;

use super::FileError;
use super::scale::scaled;
use crate::check::check_groups;
use crate::{Options, Size, Template, parse_duration, protocol};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) name: String,
    #[serde(default)]
    pub(super) description: String,
    pub(super) scenario: Option<String>,
    #[serde(default)]
    pub(super) run: Run,
    pub(super) group: Vec<Group>,
    #[serde(default)]
    pub(super) stage: Vec<Stage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Run {
    connect_rate: Option<f64>,
    warm_up: Option<Time>,
    duration: Option<Time>,
    drain: Option<Time>,
    seed: Option<u64>,
    version: Option<WrittenVersion>,
    keep_alive_s: Option<u16>,
    #[serde(default)]
    allow: Vec<Allowed>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Allowed {
    Loss,
    Duplicates,
    Reordering,
    Disconnects,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) clients: u32,
    /// Whether the number of clients stays as it is.
    #[serde(default)]
    pub(super) fixed: bool,
    pub(super) version: Option<WrittenVersion>,
    pub(super) client_id: Option<Template>,
    pub(super) username: Option<Template>,
    pub(super) password: Option<String>,
    pub(super) keep_alive_s: Option<u16>,
    pub(super) clean_start: Option<bool>,
    pub(super) session_expiry_s: Option<u32>,
    #[serde(default)]
    pub(super) subscribe: Vec<Subscription>,
    pub(super) publish: Option<Publish>,
    pub(super) will: Option<Will>,
    pub(super) churn: Option<Churn>,
    pub(super) read_bytes_per_s: Option<u64>,
    pub(super) respond: Option<Respond>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Subscription {
    pub(super) filter: Template,
    #[serde(default, with = "protocol::qos")]
    pub(super) qos: Qos,
    #[serde(default)]
    pub(super) retained: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Publish {
    pub(super) topic: Template,
    #[serde(default, with = "protocol::qos")]
    pub(super) qos: Qos,
    pub(super) size: Option<Size>,
    pub(super) rate: Option<f64>,
    pub(super) window: Option<u32>,
    #[serde(default)]
    pub(super) schedule: Schedule,
    pub(super) to_rate: Option<f64>,
    pub(super) over: Option<Time>,
    #[serde(default)]
    pub(super) retain: bool,
    #[serde(default)]
    pub(super) alias: bool,
    #[serde(default)]
    pub(super) user_properties: BTreeMap<String, String>,
    pub(super) expiry_s: Option<u32>,
    pub(super) limit: Option<u64>,
    pub(super) response: Option<Template>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Schedule {
    #[default]
    Constant,
    Poisson,
    Ramp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Will {
    pub(super) topic: Template,
    #[serde(default, with = "protocol::qos")]
    pub(super) qos: Qos,
    #[serde(default)]
    pub(super) retain: bool,
    pub(super) bytes: Option<u16>,
    #[serde(default)]
    pub(super) delay_s: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Churn {
    pub(super) rate: f64,
    #[serde(default)]
    pub(super) abrupt: bool,
    pub(super) offline: Time,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Respond {
    #[serde(default, with = "protocol::qos")]
    pub(super) qos: Qos,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stage {
    pub(super) name: String,
    #[serde(default, rename = "do")]
    pub(super) actions: Vec<Act>,
    pub(super) until: String,
    pub(super) at_most: Option<Time>,
    #[serde(default)]
    pub(super) measured: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Act {
    pub(super) verb: Verb,
    pub(super) groups: Vec<String>,
    pub(super) rate: Option<f64>,
    pub(super) subscribe: Option<bool>,
    pub(super) forget: Option<bool>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verb {
    Churn,
    Clear,
    Connect,
    Cycle,
    Disconnect,
    Drop,
    Publish,
    Stop,
}

/// A duration such as `"10s"`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time(pub(super) Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_duration(&text)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct WrittenVersion(#[serde(with = "protocol::version")] pub(super) Version);

impl File {
    /// Refuses names that stand for two things, and what would be passed over.
    pub(super) fn check(&self) -> Result<(), FileError> {
        check_groups(self.group.len())?;
        let mut names = BTreeSet::new();
        for Group { name, .. } in &self.group {
            if !names.insert(name) {
                let rule = "another group has the same name";
                let group = name.clone();
                return Err(FileError::Group { group, rule });
            }
        }
        let mut names = BTreeSet::new();
        for Stage { name, .. } in &self.stage {
            if !names.insert(name) {
                let rule = "another stage has the same name".to_owned();
                let stage = name.clone();
                return Err(FileError::Stage { stage, rule });
            }
        }
        let vain = self.run.of_stages().filter(|_| !self.stage.is_empty());
        vain.map_or(Ok(()), |key| Err(FileError::Run { key }))
    }
}

impl Run {
    /// A key that says how the stages go that a file without any has.
    fn of_stages(&self) -> Option<&'static str> {
        let keys = [
            ("connect_rate", self.connect_rate.is_some()),
            ("warm_up", self.warm_up.is_some()),
            ("duration", self.duration.is_some()),
            ("drain", self.drain.is_some()),
        ];
        let given = keys.into_iter().find(|(_, given)| *given);
        given.map(|(key, _)| key)
    }

    /// `options` with what the file says instead.
    pub(super) fn over(&self, options: &Options, scale: f64) -> Options {
        let mut over = options.clone();
        if let Some(rate) = self.connect_rate {
            over.connect_rate = Some(scaled(rate, scale));
        }
        let time = |written: Option<Time>, otherwise| written.map_or(otherwise, |time| time.0);
        over.warm_up = time(self.warm_up, over.warm_up);
        over.duration = time(self.duration, over.duration);
        over.drain = time(self.drain, over.drain);
        over.seed = self.seed.unwrap_or(over.seed);
        over.version = self.version.map_or(over.version, |version| version.0);
        over.keep_alive_s = self.keep_alive_s.unwrap_or(over.keep_alive_s);
        for allowed in &self.allow {
            let what = match allowed {
                Allowed::Loss => &mut over.allow.loss,
                Allowed::Duplicates => &mut over.allow.duplicates,
                Allowed::Reordering => &mut over.allow.reordering,
                Allowed::Disconnects => &mut over.allow.disconnects,
            };
            *what = true;
        }
        over
    }
}
