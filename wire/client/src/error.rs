//! What can go wrong between a client and its broker.

use thiserror::Error;
use wire_mqtt::{DecodeError, EncodeError, PacketId, PacketType, ReasonCode};

/// The broker broke the rules, or fell silent; the connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// A packet could not be decoded.
    #[error("broker sent a wrong packet: {_0}")]
    Decode(#[from] DecodeError),
    /// A packet came at a time when it must not, for example a second CONNACK.
    #[error("broker sent {_0:?} out of turn")]
    OutOfTurn(PacketType),
    /// More unacknowledged messages than the client's Receive Maximum, \[v5 3.3.4-9\].
    #[error("broker exceeded the receive maximum")]
    ReceiveMaximumExceeded,
    /// An alias that is above the client's maximum, or that stands for nothing yet.
    #[error("broker used topic alias {_0}, which is not known or too large")]
    TopicAlias(u16),
    /// A new message under a packet id that is still in use.
    #[error("broker reused packet id {}", _0.value())]
    PacketIdReused(PacketId),
    /// Session Present after a clean start, \[v5 3.2.2-2\], \[v5 3.2.2-4\].
    #[error("broker resumed a session that was to start clean")]
    SessionPresent,
    /// A SUBACK or UNSUBACK with fewer or more codes than were asked for, \[v5 3.8.4-6\].
    #[error("broker answered {wanted} filters with {given} codes")]
    CodeCount {
        /// Filters in the request.
        wanted: usize,
        /// Codes in the answer.
        given: usize,
    },
    /// No PINGRESP within a keep alive time.
    #[error("broker did not answer a ping")]
    Silent,
}

impl ClientError {
    /// The reason to give a 5.0 broker in DISCONNECT.
    #[must_use]
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            Self::Decode(error) => error.reason_code(),
            Self::OutOfTurn(_)
            | Self::PacketIdReused(_)
            | Self::SessionPresent
            | Self::CodeCount { .. } => ReasonCode::ProtocolError,
            Self::ReceiveMaximumExceeded => ReasonCode::ReceiveMaximumExceeded,
            Self::TopicAlias(_) => ReasonCode::TopicAliasInvalid,
            Self::Silent => ReasonCode::UnspecifiedError,
        }
    }
}

/// A verb that could not be carried out; nothing was written, and nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VerbError {
    /// There is no connection in the state that the verb needs.
    #[error("not connected")]
    NotConnected,
    /// As many messages as allowed are on their way; try again when one was acknowledged.
    #[error("window of unacknowledged messages is full")]
    WindowFull,
    /// All 65,535 packet ids are in use.
    #[error("no packet id is free")]
    NoPacketId,
    /// The broker takes no messages of this QoS, \[v5 3.2.2-11\].
    #[error("broker does not support this QoS")]
    QosNotSupported,
    /// The broker takes no messages to retain, \[v5 3.2.2-14\].
    #[error("broker does not support retained messages")]
    RetainNotSupported,
    /// The broker takes no packets of this size, \[v5 3.2.2-15\].
    #[error("packet exceeds the broker's limit of {limit} bytes")]
    PacketTooLarge {
        /// Bytes allowed.
        limit: u32,
    },
    /// There is nothing to acknowledge under this packet id.
    #[error("packet id is not waiting for an acknowledgement")]
    NothingToAcknowledge,
    /// The packet can't be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}
