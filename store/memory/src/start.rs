//! What a start finds on a disk, or puts there first.

use store_model::{Family, FormatError, MetaKey, Number, Sink, Stored, format_bytes};
use thiserror::Error;
use wire_message::Seed;

use crate::Image;

/// Why a disk is not opened; nothing on it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Its format is not one of this program's.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A record without which nothing can be read is damaged.
    #[error("record {key:?} of the store itself is damaged")]
    Meta {
        /// Which.
        key: MetaKey,
    },
}

/// What shards must know of the store before they start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// For [`store_model::Numbers::new`].
    pub first: Number,
    /// The secret that keys the process's hashes: that of the first start.
    pub seed: Seed,
}

/// What a new store begins with.
pub(crate) fn create(seed: Seed, sink: &mut impl Sink) {
    sink.put(Family::Meta, MetaKey::Format.as_bytes(), &format_bytes());
    for (key, number) in [(MetaKey::Next, 1), (MetaKey::Seed, seed.0)] {
        sink.put(Family::Meta, key.as_bytes(), &key.value(number));
    }
}

/// A number of the store's own.
pub(crate) fn meta(image: &Image, key: MetaKey) -> Result<u64, OpenError> {
    let value = image.value(Family::Meta, key.as_bytes());
    let value = value.ok_or(OpenError::Meta { key })?;
    match Stored::decode(Family::Meta, key.as_bytes(), value) {
        Ok(Stored::Next(number)) => Ok(number.0),
        Ok(Stored::Seed(seed)) => Ok(seed),
        _ => Err(OpenError::Meta { key }),
    }
}
