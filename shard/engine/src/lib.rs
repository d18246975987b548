//! One shard of the broker, whole, as a state machine without I/O.
//!
//! The driver feeds bytes, entries of other shards and the time into an [`Engine`] and does what
//! its [`Outputs`] say. Everything a shard knows is in here: connections, sessions, the index of
//! their subscriptions, the shard's slice of all filters, its retained messages.
//!
//! Invariants: a packet is applied whole or not at all, and one that must wait stays in the
//! driver's buffer ([`Next::Paused`]); every call does a bounded amount of work; nothing here
//! reads a clock, does I/O or draws chance but from its seed.
//!
//! Start with [`Entry`], which is what shards tell each other, then [`Engine`].

mod acknowledge;
mod admission;
mod answers;
mod backlog;
mod clients;
mod connect;
mod connection;
mod control;
mod counters;
mod delayed;
mod deliver;
mod detach;
mod engine;
mod entry;
mod events;
mod fan_out;
mod feed;
mod hold;
mod input;
mod interest;
mod key;
pub mod limits;
mod links;
mod naming;
mod output;
mod parcel;
mod persist;
mod publish;
mod quick;
mod random;
mod receive;
mod requests;
mod retained;
mod rights;
mod route;
mod session;
mod settings;
mod stop;
mod subscribe;
mod timers;
mod token;
mod unsubscribe;

pub use control::{ControlInput, ControlOutput, Credentials, QuestionId, Wish};
pub use counters::{Counters, Gauges};
pub use engine::{Engine, Place, Refused};
pub use entry::{
    Adoption, Answer, Entry, GroupPick, GroupPicks, InterestWish, Interested, Packets, Publish,
    RequestId, RetainedChunk, RetainedQuery,
};
pub use input::{Input, Next, Received};
pub use key::{ConnectionKey, OfConnection};
pub use output::{Output, Outputs};
pub use persist::{Restored, Taking};
pub use settings::{
    AutoSubscription, DelayedSettings, Durability, EventSettings, ListenerId, ListenerSettings,
    MqttSettings, Overlap, RetainedSettings, RewriteAction, RewriteRule, Settings, SharedSettings,
};
