//! What a run leads to.

/// The value of a slot: a node or a filter, numbered below 2^31 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Filter(u32),
    Node(u32),
}

impl Target {
    /// The target as a value of a table, not 0.
    #[inline]
    pub(super) const fn pack(self) -> u32 {
        match self {
            Self::Filter(id) => (id << 1) + 1,
            Self::Node(id) => (id << 1) + 2,
        }
    }

    /// The inverse of [`Self::pack`].
    #[inline]
    pub(super) const fn unpack(value: u32) -> Self {
        let value = value - 1;
        if value & 1 == 0 {
            Self::Filter(value >> 1)
        } else {
            Self::Node(value >> 1)
        }
    }
}
