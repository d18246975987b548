//! The configuration of the broker: HOCON files and environment variables into checked values.
//!
//! Two steps. The *file form* ([`Config`]) is what an operator wrote over the built-in defaults:
//! every key is declared once, in `section/`, with its type, default, range and description, and
//! from that one declaration come the reader, the names proposed for mistyped keys, the list of
//! values in force with their origins ([`Loaded::values`]) and the reference page
//! ([`reference_page`]). [`load`] applies units and ranges and checks what must hold between keys;
//! the *checked form* is what the engine takes, made from an accepted [`Config`] in `settings.rs`.
//!
//! Files are read in `read.rs` and nowhere else; the environment is an argument. All mistakes are
//! reported at once, each with file and line. Start with `config.rs`.

mod check;
mod config;
mod document;
mod effective;
mod environment;
mod field;
mod finding;
mod key;
mod node;
mod origin;
mod places;
mod read;
mod reading;
mod reference;
mod section;
mod settings;
mod suggest;
pub mod value;

pub use config::{Config, Loaded, keys, load};
pub use effective::Effective;
pub use finding::{Finding, LoadError};
pub use key::{Applies, Key};
pub use origin::Origin;
pub use reference::reference_page;
pub use section::*;
