//! Statements of the standards that only a whole shard can obey, on an engine with real packets.

mod acknowledge;
mod connect;
mod groups;
mod shard;
mod subscribe;
