//! Values chosen from a list of words.

use core::fmt;

use super::Value;
use crate::node::Scalar;

macro_rules! choice {
    ($(
        $(#[doc = $about:literal])*
        pub enum $name:ident {$( $(#[doc = $doc:literal])* $variant:ident = $word:literal, )*}
    )*) => {$(
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name {$( $(#[doc = $doc])* $variant, )*}

        impl Value for $name {
            fn kind() -> String {
                [$(concat!("`", $word, "`")),*].join(", ").replacen("`", "one of `", 1)
            }

            fn parse(scalar: &Scalar) -> Option<Self> {
                match scalar.raw.as_str() {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl core::str::FromStr for $name {
            type Err = String;

            /// Reads one of the words; the error names them all.
            fn from_str(text: &str) -> Result<Self, String> {
                let wanted = || format!("must be {}, not `{text}`", Self::kind());
                Self::parse(&Scalar::text(text)).ok_or_else(wanted)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$variant => $word,)*
                })
            }
        }
    )*};
}

choice! {
    /// What clients may rely on whose sessions outlive their connections.
    pub enum Durability {
        /// Sessions are not stored.
        Memory = "memory",
        /// They are stored, and nothing waits for that.
        Relaxed = "relaxed",
        /// Nothing is acknowledged before it is on the disk.
        Strict = "strict",
    }

    /// Which log records are written.
    pub enum LogLevel {
        /// None.
        Off = "off",
        /// Something of ours is broken.
        Error = "error",
        /// An operator should look this week.
        Warning = "warning",
        /// Listeners, configuration, start and stop.
        Info = "info",
        /// Connections.
        Debug = "debug",
        /// Packets.
        Trace = "trace",
    }

    /// How log records are written.
    pub enum LogFormat {
        /// One JSON object a line.
        Json = "json",
        /// For people.
        Text = "text",
    }

    /// What happens to a message that finds the session's queue full.
    pub enum QueueOverflow {
        /// It is dropped.
        DropNewest = "drop_newest",
        /// The oldest queued message makes room.
        DropOldest = "drop_oldest",
        /// The client is disconnected with 0x97, Quota exceeded, and its queue kept.
        Refuse = "refuse",
    }

    /// What a client gets if several of its subscriptions match a message.
    pub enum Overlapping {
        /// One copy for each subscription.
        Each = "each",
        /// One copy with the identifiers of all matching subscriptions.
        One = "one",
    }

    /// What a rewrite rule applies to.
    pub enum RewriteAction {
        /// Publishes, subscribes and unsubscribes.
        All = "all",
        /// Publishes.
        Publish = "publish",
        /// Subscribes and unsubscribes.
        Subscribe = "subscribe",
    }

    /// How a shared subscription chooses the member that gets a message.
    pub enum SharedStrategy {
        /// By the publisher's client id.
        HashClientId = "hash_clientid",
        /// By the topic.
        HashTopic = "hash_topic",
        /// The member with the fewest unacknowledged messages.
        LeastInflight = "least_inflight",
        /// A member on the publisher's shard if there is one.
        Local = "local",
        /// By chance.
        Random = "random",
        /// In turns.
        RoundRobin = "round_robin",
        /// The same member until it goes.
        Sticky = "sticky",
    }
}
