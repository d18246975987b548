//! The bodies of the fuzz targets, which `tests/corpus.rs` runs over the committed corpora, too.
//!
//! Each panics if a law of the codec does not hold.

mod decode;
mod stream;

pub use decode::decode;
pub use stream::stream;
