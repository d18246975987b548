//! What must hold between keys, or needs more than a range.

use regex::Regex;
use wire_message::{FilterRef, TopicRef};

use crate::value::{Auto, Durability, literal};
use crate::{Config, Effective, Finding, Origin};

/// Automatic subscriptions at the most; more would delay every CONNACK.
const AUTO_SUBSCRIBE_MAX: usize = 30;

/// Rewrite rules at the most: each is tried on every publish.
const REWRITE_MAX: usize = 30;

/// Every mistake that only shows when the values are seen together.
pub(crate) fn check(config: &Config, values: &[Effective]) -> Vec<Finding> {
    let mut findings = Findings {
        values,
        found: Vec::new(),
    };
    node_name(config, &mut findings);
    listeners(config, &mut findings);
    priorities(config, &mut findings);
    auto_subscribe(config, &mut findings);
    rewrite(config, &mut findings);
    findings.found
}

struct Findings<'a> {
    values: &'a [Effective],
    found: Vec<Finding>,
}

impl Findings<'_> {
    /// Notes a mistake at `path`. A value that is missing has the place of its neighbours.
    fn add(&mut self, path: &str, problem: &str) {
        let parent = path.rsplit_once('.').map_or("", |(parent, _)| parent);
        let origin = self
            .written(path)
            .or_else(|| self.written(parent))
            .unwrap_or(&Origin::Default);
        self.found
            .push(Finding::new(origin, format!("`{path}` {problem}")));
    }

    /// Where the first value at or below `path` that is no default was written.
    fn written(&self, path: &str) -> Option<&Origin> {
        let here = |value: &&Effective| {
            let rest = value.path.strip_prefix(path);
            value.origin != Origin::Default
                && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        self.values.iter().find(here).map(|value| &value.origin)
    }
}

/// The name becomes one level of the `$SYS` topics.
fn node_name(config: &Config, findings: &mut Findings<'_>) {
    let name = &config.node.name;
    if name.is_empty() || name.contains('/') || TopicRef::new(name).is_err() {
        findings.add("node.name", "must be a word without `/`, `+` and `#`");
    }
}

fn listeners(config: &Config, findings: &mut Findings<'_>) {
    let mut taken = Vec::new();
    if config.api.enable {
        taken.push(("api.bind".to_owned(), config.api.bind.0));
    }
    for (name, listener) in &config.listeners.tcp {
        let path = format!("listeners.tcp.{}", segment(name));
        if TopicRef::new(&listener.mountpoint).is_err() && !listener.mountpoint.is_empty() {
            findings.add(
                &format!("{path}.mountpoint"),
                "must be the start of a topic, without `+` and `#`",
            );
        }
        if !listener.enable {
            continue;
        }
        let stored = [Durability::Relaxed, Durability::Strict].map(Auto::Of);
        if !config.store.enabled && stored.contains(&listener.durability) {
            findings.add(
                &format!("{path}.durability"),
                "can't hold while `store.enabled` is false",
            );
        }
        let bind = format!("{path}.bind");
        let same = taken
            .iter()
            .find(|(_, other)| *other == listener.bind.0 && other.port() != 0);
        if let Some((other, address)) = same {
            findings.add(&bind, &format!("is {address}, which `{other}` has already"));
        }
        taken.push((bind, listener.bind.0));
    }
}

fn priorities(config: &Config, findings: &mut Findings<'_>) {
    for topic in config.mqtt.mqueue_priorities.0.keys() {
        if TopicRef::new(topic).is_err() {
            let problem = format!("names {}, which is no topic", literal(topic));
            findings.add("mqtt.mqueue_priorities", &problem);
        }
    }
}

fn auto_subscribe(config: &Config, findings: &mut Findings<'_>) {
    let topics = &config.auto_subscribe.topics;
    if topics.len() > AUTO_SUBSCRIBE_MAX {
        findings.add(
            "auto_subscribe.topics",
            &format!("has more than {AUTO_SUBSCRIBE_MAX} entries"),
        );
    }
    for (index, topic) in topics.iter().enumerate() {
        if FilterRef::new(&topic.topic).is_err() {
            let path = format!("auto_subscribe.topics[{index}].topic");
            findings.add(&path, "is required and must be a topic filter");
        }
    }
}

fn rewrite(config: &Config, findings: &mut Findings<'_>) {
    if config.rewrite.len() > REWRITE_MAX {
        findings.add("rewrite", &format!("has more than {REWRITE_MAX} entries"));
    }
    for (index, rule) in config.rewrite.iter().enumerate() {
        let path = |field: &str| format!("rewrite[{index}].{field}");
        if FilterRef::new(&rule.source_topic).is_err() {
            findings.add(
                &path("source_topic"),
                "is required and must be a topic filter",
            );
        }
        if rule.re.is_empty() {
            findings.add(&path("re"), "is required");
        } else if let Err(error) = Regex::new(&rule.re) {
            let reason = error
                .to_string()
                .lines()
                .last()
                .unwrap_or_default()
                .to_owned();
            findings.add(&path("re"), &format!("is no regular expression: {reason}"));
        }
        if rule.dest_topic.is_empty() {
            findings.add(&path("dest_topic"), "is required");
        }
    }
}

/// A name that the operator chose, as a segment of a path.
pub(crate) fn segment(name: &str) -> String {
    if crate::value::plain(name) && !name.contains('.') {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
}
