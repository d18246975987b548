//! How a broker is found, configured, started and asked for its version: one file of `perf/brokers`.

mod feature;
mod find;
mod folder;
mod placeholders;

use std::collections::BTreeMap;

use serde::Deserialize;

pub(crate) use feature::{Feature, Unsupported};
pub(crate) use find::{Found, find};
pub(crate) use folder::{Folder, brokers_cache, release_folder, toml_files};
pub(crate) use placeholders::Values;

/// One broker as `perf/brokers/NAME.toml` describes it.
///
/// Commands, files and variables may contain `{program}` (the program that was found), `{port}` (where
/// MQTT is served), `{port2}` to `{port4}` (further free ports), `{data}` (an empty folder),
/// `{brokers}` (where `perf/brokers/install` puts things) and `{release}` (where this repository's
/// optimised programs are built).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Adapter {
    /// What it is called on the command line: the name of the file.
    #[serde(skip)]
    pub(crate) name: String,
    /// What its makers call it.
    pub(crate) title: String,
    /// Where its makers describe it.
    pub(crate) home: Option<String>,
    /// The version with which somebody has seen this file work; none if nobody has.
    pub(crate) tried_with: Option<String>,
    /// What readers of a comparison should know about the configuration.
    #[serde(default)]
    pub(crate) notes: Vec<String>,
    pub(crate) find: FindSettings,
    pub(crate) version: VersionSettings,
    pub(crate) start: StartSettings,
    /// Files made in `{data}` before the start, by name.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// What it cannot do. Everything else it can.
    #[serde(default)]
    pub(crate) unsupported: Vec<Unsupported>,
}

/// Where its program may be.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindSettings {
    /// Paths, or names to look for where programs are; the first that exists is taken.
    pub(crate) programs: Vec<String>,
    /// What must be there as well.
    #[serde(default)]
    pub(crate) files: Vec<String>,
    /// What to do if there is none, in one sentence.
    pub(crate) install: String,
}

/// How it tells its version.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionSettings {
    /// What to run.
    pub(crate) command: Vec<String>,
    /// A regular expression whose first group is the version, in what the command prints.
    pub(crate) pattern: String,
}

/// How it is started and stopped.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartSettings {
    /// What to run; it must stay in the foreground.
    pub(crate) command: Vec<String>,
    /// Variables besides those of `perf` itself.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// Where MQTT 5.0 is served, if not at `{port}`: `{port2}` to `{port4}`.
    pub(crate) mqtt5_port: Option<String>,
    /// The signal that ends it.
    #[serde(default)]
    pub(crate) stop: StopSignal,
    /// Seconds from the start to the first CONNACK.
    #[serde(default = "ready_default_s")]
    pub(crate) ready_s: u64,
}

/// A signal that asks a program to end.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum StopSignal {
    Int,
    #[default]
    Term,
}

fn ready_default_s() -> u64 {
    20
}

impl Adapter {
    /// Why the broker, in this version, cannot run what needs these features; none if it can.
    pub(crate) fn refusal(&self, version: &str, needs: &[Feature]) -> Option<&str> {
        let lacks = |unsupported: &&Unsupported| {
            needs.contains(&unsupported.feature) && unsupported.holds_for(version)
        };
        let unsupported = self.unsupported.iter().find(lacks)?;
        Some(&unsupported.reason)
    }

    /// Every text in which placeholders are replaced, with where it stands.
    fn texts(&self) -> Vec<(String, &str)> {
        let mut texts = Vec::new();
        let lists = [
            ("find.programs", &self.find.programs),
            ("find.files", &self.find.files),
            ("version.command", &self.version.command),
            ("start.command", &self.start.command),
        ];
        for (place, list) in lists {
            texts.extend(list.iter().map(|text| (place.to_owned(), text.as_str())));
        }
        let maps = [
            ("start.environment", &self.start.environment),
            ("files", &self.files),
        ];
        for (place, map) in maps {
            for (name, text) in map {
                texts.push((format!("{place}.{name}"), text.as_str()));
            }
        }
        texts
    }
}

#[cfg(test)]
mod tests;
