//! Who wants a topic: the data structures of routing, without I/O, clock or randomness.
//!
//! - [`Index`]: the subscriptions of this shard's own sessions, from a topic to subscribers.
//! - [`Interest`]: the slice of all filters that this shard owns, from a topic to shards.
//! - [`Epochs`]: the counters, shared by all shards, that say when a cached route is stale.
//! - [`RouteCache`]: what this shard learnt about topics, valid while no counter has moved.
//! - [`Retained`]: the retained messages of the topics that this shard owns.
//! - [`Strategy`]: how one member of a shared subscription is picked.
//!
//! A filter's *key* is its text up to the first wildcard; the key's hash decides the owner and the
//! counter ([`TopicKey`], [`filter_key`]). Hash collisions cost time or a wasted hop, never a
//! message: whatever is delivered was matched against the filter's text.

mod bits;
mod bucket;
mod buckets;
mod epochs;
mod exclusive;
mod filters;
mod group;
mod index;
mod interest;
mod pending;
mod pool;
mod retained;
mod route;
mod route_cache;
mod strategy;
mod subscribers;
mod subscription;
mod table;
mod topic_key;
mod versions;

pub use bucket::{BUCKETS, Bucket, DEPTH_MAX};
pub use epochs::{DepthSet, Epochs};
pub use exclusive::Holder;
pub use filters::FilterId;
pub use group::{Group, GroupId, Member};
pub use index::{Entry, Index, Subscribed, SubscriptionId, Unsubscribed};
pub use interest::{Interest, Mark, Presence};
pub use pending::Pending;
pub use retained::{Retained, RetainedCursor, RetainedFull, RetainedLimits};
pub use route::{GroupRoute, GroupShard, Route};
pub use route_cache::{Current, Lookup, RouteCache, RouteCacheLimits};
pub use strategy::{Cursors, Pick, Strategy};
pub use subscription::{RetainHandling, SessionIndex, Subscriber, Subscription};
pub use topic_key::{FilterKey, TopicKey, filter_key};
