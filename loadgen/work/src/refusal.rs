//! What a broker refused, and the reason that it gave.

use wire_mqtt::ReasonCode;

/// A packet of the broker's that ends or refuses something, and its reason.
///
/// Return codes of 3.x brokers count as the reason codes of 5.0 that mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// What said so.
    pub packet: RefusingPacket,
    /// Why.
    pub reason: ReasonCode,
}

/// A packet by which a broker refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RefusingPacket {
    /// The connection.
    Connack,
    /// The connection that there was.
    Disconnect,
    /// A subscription.
    Suback,
}

impl core::fmt::Display for Refusal {
    /// For example `CONNACK refuses: not authorized (0x87)`.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let what = match self.packet {
            RefusingPacket::Connack => "CONNACK refuses",
            RefusingPacket::Disconnect => "the broker disconnects",
            RefusingPacket::Suback => "SUBACK refuses",
        };
        write!(f, "{what}: ")?;
        // `NotAuthorized` as words.
        for (at, letter) in format!("{:?}", self.reason).char_indices() {
            if letter.is_uppercase() && at > 0 {
                write!(f, " ")?;
            }
            write!(f, "{}", letter.to_ascii_lowercase())?;
        }
        write!(f, " ({:#04x})", self.reason.byte())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_in_words_and_as_a_number() {
        let refusal = |packet, reason| Refusal { packet, reason }.to_string();
        assert_eq!(
            refusal(RefusingPacket::Connack, ReasonCode::NotAuthorized),
            "CONNACK refuses: not authorized (0x87)"
        );
        assert_eq!(
            refusal(RefusingPacket::Disconnect, ReasonCode::Success),
            "the broker disconnects: success (0x00)"
        );
    }
}
