//! A store as one stream of bytes, to be kept, carried elsewhere, and read in again.
//!
//! [`export`] walks a [`store_model::Source`] and gives the bytes piece by piece; a [`Decoder`] takes
//! them apart again and trusts nothing: every record is checked, each against its own sum and
//! against that of everything before it, so that what is cut, changed, left out or moved is an
//! error. [`renumber`] gives records new numbers for a store that has others. The layout stands in
//! the crate's README.
//!
//! Nothing here does I/O or knows of a database: `store/rocks` reads and writes the files.
//! Start with [`Encoder`] and [`Decoder`].

#![warn(clippy::indexing_slicing)]

mod decode;
mod encode;
mod export;
mod header;
pub mod limits;
mod renumber;

pub use decode::{ArchiveError, Decoder, Item};
pub use encode::Encoder;
pub use export::{ExportError, Exported, export};
pub use header::{ARCHIVE, FAMILIES, HEADER_BYTES, Header};
pub use renumber::renumber;
