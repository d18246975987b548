//! What the broker does with topics of its own accord.

use core::time::Duration;

use regex::Regex;
use shard_topics::{RetainHandling, Strategy, Subscription};
use wire_message::{Qos, TopicFilter};

/// Retained messages; the limits are those of one shard, which holds its share of the topics.
#[derive(Clone, Debug)]
pub struct RetainedSettings {
    /// Topics at the most. A further one is not retained, counted; the publish itself goes on.
    pub messages_max: usize,
    /// Bytes at the most. Beyond: as with `messages_max`.
    pub bytes_max: usize,
    /// Bytes of a payload worth retaining. More: not retained, counted.
    pub payload_bytes_max: u32,
    /// Life of a retained message without an expiry of its own, seconds.
    pub expiry_default_s: Option<u32>,
    /// Time between two sweeps for expired ones.
    pub sweep_interval: Duration,
    /// Whether the publish that clears a retained message is kept from subscribers.
    pub clear_is_silent: bool,
}

impl Default for RetainedSettings {
    fn default() -> Self {
        Self {
            messages_max: usize::MAX,
            bytes_max: usize::MAX,
            payload_bytes_max: 1 << 20,
            expiry_default_s: None,
            sweep_interval: Duration::from_mins(1),
            clear_is_silent: false,
        }
    }
}

/// `$delayed/<seconds>/<topic>`.
#[derive(Clone, Debug)]
pub struct DelayedSettings {
    /// Whether the prefix means anything; if not, such a publish is an ordinary one.
    pub enabled: bool,
    /// Messages waiting on one shard at the most. More: refused with 0x97.
    pub messages_max: u32,
}

impl Default for DelayedSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            messages_max: u32::MAX,
        }
    }
}

/// How shared subscriptions pick a member.
#[derive(Clone, Debug, Default)]
pub struct SharedSettings {
    /// For every group that is not named below.
    pub strategy: Strategy,
    /// Groups with a strategy of their own.
    pub groups: Vec<(Box<str>, Strategy)>,
}

impl SharedSettings {
    /// The strategy of the group of this name.
    #[must_use]
    pub fn strategy_of(&self, group: &str) -> Strategy {
        let own = self.groups.iter().find(|(name, _)| &**name == group);
        own.map_or(self.strategy, |(_, strategy)| *strategy)
    }
}

/// Which events of clients appear below `$SYS/brokers/<node>/clients/<id>/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent switches of the operator"
)]
pub struct EventSettings {
    /// `connected`.
    pub connected: bool,
    /// `disconnected`.
    pub disconnected: bool,
    /// `subscribed`.
    pub subscribed: bool,
    /// `unsubscribed`.
    pub unsubscribed: bool,
}

impl Default for EventSettings {
    fn default() -> Self {
        Self {
            connected: true,
            disconnected: true,
            subscribed: false,
            unsubscribed: false,
        }
    }
}

/// A subscription that every client gets when it connects.
#[derive(Clone, Debug)]
pub struct AutoSubscription {
    /// Filter; `${clientid}`, `${username}`, `${host}` and `${port}` are replaced.
    pub filter: Box<str>,
    /// Granted quality of service.
    pub qos: Qos,
    /// When retained messages are sent.
    pub retain_handling: RetainHandling,
    /// Retain As Published.
    pub retain_as_published: bool,
    /// No Local.
    pub no_local: bool,
}

impl AutoSubscription {
    /// What the index keeps of it.
    #[must_use]
    pub const fn subscription(&self) -> Subscription {
        Subscription {
            qos: self.qos,
            no_local: self.no_local,
            retain_as_published: self.retain_as_published,
            retain_handling: self.retain_handling,
            exclusive: false,
            persistent: false,
            identifier: None,
        }
    }
}

/// What a rewrite rule applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewriteAction {
    /// PUBLISH, SUBSCRIBE and UNSUBSCRIBE.
    All,
    /// PUBLISH.
    Publish,
    /// SUBSCRIBE and UNSUBSCRIBE.
    Subscribe,
}

/// Another topic in place of the one a client named.
#[derive(Clone, Debug)]
pub struct RewriteRule {
    /// What it applies to.
    pub action: RewriteAction,
    /// Topics (or filters, read as text) that it applies to.
    pub source: TopicFilter,
    /// Must match the topic; its groups are `$1` and on in `destination`.
    pub pattern: Regex,
    /// The new topic, with `$1` and on, `${clientid}` and `${username}`.
    pub destination: Box<str>,
}
