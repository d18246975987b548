//! Quality of service.

/// How hard sender and receiver try to deliver a message.
///
/// # Specification
///
/// MQTT 5.0 section 4.3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Qos {
    /// Sent once, never acknowledged.
    #[default]
    AtMostOnce = 0,
    /// Sent until acknowledged; the receiver may see it twice.
    AtLeastOnce = 1,
    /// Sent with a two-part handshake; the receiver sees it once.
    ExactlyOnce = 2,
}

impl Qos {
    /// Reads the two-bit field of a packet; 3 is not a quality of service.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::AtMostOnce),
            1 => Some(Self::AtLeastOnce),
            2 => Some(Self::ExactlyOnce),
            _ => None,
        }
    }

    /// The value on the wire: 0, 1 or 2.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self as u8
    }
}
