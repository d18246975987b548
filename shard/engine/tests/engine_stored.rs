//! The same tests as without a store, with one: it must not show. And those that are about it.

/// Whether the brokers of the tests have a store.
const STORED: bool = true;

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
#[path = "engine/stored.rs"]
mod stored;
#[path = "engine/stored_promises.rs"]
mod stored_promises;
#[path = "engine/stored_queue.rs"]
mod stored_queue;
#[path = "engine/subscribing.rs"]
mod subscribing;
#[path = "engine/waiting.rs"]
mod waiting;
