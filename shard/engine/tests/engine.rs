//! Whole engines, driven by hand: packets in, packets out.

/// Whether the brokers of the tests have a store.
const STORED: bool = false;

#[path = "engine/clients.rs"]
mod clients;
#[path = "engine/connecting.rs"]
mod connecting;
#[path = "engine/extensions.rs"]
mod extensions;
#[path = "engine/greedy.rs"]
mod greedy;
#[path = "engine/harness.rs"]
mod harness;
#[path = "engine/limits.rs"]
mod limits;
#[path = "engine/members.rs"]
mod members;
#[path = "engine/publishing.rs"]
mod publishing;
#[path = "engine/sessions.rs"]
mod sessions;
#[path = "engine/subscribing.rs"]
mod subscribing;
#[path = "engine/waiting.rs"]
mod waiting;
