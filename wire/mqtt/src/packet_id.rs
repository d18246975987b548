//! Packet identifiers.

use core::num::NonZeroU16;

/// The number that ties an acknowledgement to its packet; never zero.
///
/// # Specification
///
/// MQTT 5.0 section 2.2.1, \[v5 2.2.1-3\], \[v5 2.2.1-4\].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PacketId(pub NonZeroU16);

impl PacketId {
    /// Wraps a number; `None` for zero.
    #[must_use]
    pub const fn new(value: u16) -> Option<Self> {
        match NonZeroU16::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn value(self) -> u16 {
        self.0.get()
    }
}
