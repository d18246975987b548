//! Bytes that many sockets send and nobody copies.

use core::any::Any;
use core::fmt;
use std::sync::Arc;

/// Immutable bytes inside something that is shared.
#[derive(Clone)]
pub struct SharedBytes {
    /// Keeps `bytes` where they are.
    _owner: Arc<dyn Any + Send + Sync>,
    bytes: *const [u8],
}

// SAFETY: `bytes` points into what `_owner` keeps alive and shared, which is `Sync`; it is only read.
unsafe impl Send for SharedBytes {}
// SAFETY: as above; there is no interior mutability in the pointer itself.
unsafe impl Sync for SharedBytes {}

impl SharedBytes {
    /// The part of `owner` that `part` chooses.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use shard_uring::SharedBytes;
    /// let bytes = SharedBytes::new(Arc::new(vec![1, 2, 3]), |vec| &vec[1..]);
    /// assert_eq!(bytes.as_slice(), [2, 3]);
    /// ```
    pub fn new<T: Any + Send + Sync>(owner: Arc<T>, part: impl FnOnce(&T) -> &[u8]) -> Self {
        let bytes: *const [u8] = part(&owner);
        Self {
            _owner: owner,
            bytes,
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `part` got the slice from a shared borrow of the owner (or it is `'static`). The owner
        // stays where it is because `_owner` holds a count of it, and nobody gets it mutably while that
        // count exists, so the slice stays valid and unchanged as long as `self`.
        unsafe { &*self.bytes }
    }
}

impl fmt::Debug for SharedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedBytes")
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}
