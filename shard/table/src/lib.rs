//! Where a shard keeps what it has many of: slabs with generations, and one timing wheel.
//!
//! A [`Slab`] names its entries by 32-bit indices with a generation, so a key that outlived its
//! entry finds nothing instead of a stranger. It grows page by page: no entry is ever copied. The
//! [`Wheel`] holds one small entry per appointment and has no cancel: the owner stores what is
//! true, and looks again when the entry fires.
//!
//! Neither reads a clock. Start with [`Slab::insert`] and [`Wheel::poll`].

mod key;
mod slab;
mod wheel;

pub use key::{ConnectionKey, Key, OfConnection, OfSession, SessionKey};
pub use slab::Slab;
pub use wheel::Wheel;
