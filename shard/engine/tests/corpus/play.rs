//! Plays a script of bytes on one or two engines: what arrives, what is acknowledged, what gets lost, how
//! time passes. Whatever the script, the engines must keep their word to the driver.
//!
//! Shared by the fuzz target `connection` and by the test that replays its corpus.

mod packets;
mod script;
mod shard;
mod world;

use script::Script;
use world::World;

/// Plays `bytes` to their end, then lets everybody go.
///
/// # Panics
///
/// If an engine panics or breaks its contract, see [`shard`] for what is checked.
pub(crate) fn play(bytes: &[u8]) {
    let mut script = Script(bytes);
    let mut world = World::new(script.byte());
    while !script.is_over() {
        world.step(&mut script);
    }
    world.end();
}
