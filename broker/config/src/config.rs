//! The whole configuration.

use std::collections::BTreeMap;
use std::path::Path;

use crate::field::{Section, section};
use crate::node::Node;
use crate::reading::Reading;
use crate::section::{
    ApiConfig, AutoSubscribeConfig, BrokerConfig, DelayedConfig, ListenersConfig, LogConfig,
    MqttConfig, NodeConfig, RetainerConfig, RewriteConfig, ShutdownConfig, StoreConfig,
    SysTopicsConfig,
};
use crate::{Effective, Key, LoadError, Origin, check, environment, read};

section! {
    /// The whole configuration.
    pub struct Config {
        /// This process.
        node: NodeConfig,
        /// Where clients connect.
        listeners: ListenersConfig,
        /// Protocol limits and defaults.
        mqtt: MqttConfig,
        /// Retained messages.
        retainer: RetainerConfig,
        /// Messages published later.
        delayed: DelayedConfig,
        /// What outlasts the process.
        store: StoreConfig,
        /// Subscriptions that every client gets.
        auto_subscribe: AutoSubscribeConfig,
        /// Topic rewriting: 30 rules at the most, the last one that matches wins.
        rewrite: Vec<RewriteConfig>,
        /// What the broker publishes about itself.
        sys_topics: SysTopicsConfig,
        /// Routing.
        broker: BrokerConfig,
        /// The log.
        log: LogConfig,
        /// The control endpoint.
        api: ApiConfig,
        /// How the broker stops.
        shutdown: ShutdownConfig,
    }
}

/// A configuration that can be used, and where each of its values came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// What holds.
    pub config: Config,
    /// Every value in force, in the order of the reference.
    pub values: Vec<Effective>,
}

/// Reads the built-in defaults, then `file` over them, then the variables of `environment` over both.
///
/// # Errors
///
/// Everything that is wrong, not just the first mistake; but a file that is no HOCON hides what
/// else is wrong with it.
pub fn load(
    file: Option<&Path>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, LoadError> {
    let environment: BTreeMap<String, String> = environment.into_iter().collect();
    let mut findings = Vec::new();
    let mut tree = built_in();
    let layers = [
        file.map(|path| read::file(path, &environment)),
        Some(environment::overrides(&environment)),
    ];
    for layer in layers.into_iter().flatten() {
        match layer {
            Ok(layer) => tree.merge(layer),
            Err(more) => findings.extend(more),
        }
    }
    let mut reading = Reading::new(keys());
    let fields = reading.fields(Some(tree));
    let config = Config::read(fields, &mut reading);
    findings.append(&mut reading.findings);
    if findings.is_empty() {
        findings = check::check(&config, &reading.values);
    }
    if findings.is_empty() {
        Ok(Loaded {
            config,
            values: reading.values,
        })
    } else {
        Err(LoadError { findings })
    }
}

/// All declared keys, in the order of the reference.
#[must_use]
pub fn keys() -> Vec<Key> {
    let mut keys = Vec::new();
    Config::keys("", &mut keys);
    keys
}

/// What exists before anybody writes anything: the listener `default`.
fn built_in() -> Node {
    let empty = || Node::object(BTreeMap::new(), Origin::Default);
    ["default", "tcp", "listeners"]
        .iter()
        .fold(empty(), |below, name| {
            Node::object(
                BTreeMap::from([((*name).to_owned(), below)]),
                Origin::Default,
            )
        })
}
