//! One MQTT client, split by protocol phase: small, pure pieces that the engine composes.
//!
//! Each type holds the state of one matter and decides one matter: what is in flight
//! ([`Outbound`], [`Inbound`]), what waits ([`Queue`]), how long things last ([`KeepAlive`],
//! [`SessionExpiry`], [`Will`]), how topics are abbreviated ([`InboundAliases`],
//! [`OutboundAliases`]), how much may come ([`Limiter`]), what is subscribed to
//! ([`Subscriptions`]); and [`negotiate()`] decides on what terms a connection stands. None routes,
//! encodes, reads a clock or knows of another client.
//!
//! There are very many clients and most of them are idle, so an idle one's state is small: memory
//! is taken when a matter arises and given back when it is settled. Settings are passed by
//! reference at each call and never copied into a session.

mod coarse;
mod delivery;
mod inbound;
mod inbound_aliases;
mod keep_alive;
mod limiter;
pub mod limits;
mod negotiate;
mod outbound;
mod outbound_aliases;
mod queue;
mod session_expiry;
mod subscriptions;
mod will;

pub use delivery::{Delivery, Record};
pub use inbound::{Arrival, Inbound, InboundLimits};
pub use inbound_aliases::InboundAliases;
pub use keep_alive::KeepAlive;
pub use limiter::{Charge, Limiter, Rate};
pub use negotiate::{ConnectLimits, Negotiated, negotiate};
pub use outbound::{Acknowledged, Outbound, Resend};
pub use outbound_aliases::{AliasUse, OutboundAliases};
pub use queue::{DropReason, Overflow, Priorities, Pushed, Queue, QueueLimits};
pub use session_expiry::SessionExpiry;
pub use subscriptions::Subscriptions;
pub use will::Will;
