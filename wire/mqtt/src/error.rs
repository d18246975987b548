//! What can be wrong with a packet.

use thiserror::Error;
use wire_message::TextError;

use crate::{ReasonCode, Version};

/// A packet that the decoder refused.
///
/// Always the sender's fault, and always the end of its connection: nothing of the packet is used.
/// A 5.0 server may say why, with [`Self::reason_code`] in CONNACK or DISCONNECT. A 3.1 or 3.1.1
/// server may only close the connection, \[v311 4.8.0-1\], with one exception: a CONNECT of an
/// unknown level is answered first, see [`Self::v3_return_code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The packet is larger than its receiver allows.
    #[error("packet of {size} bytes exceeds the limit of {limit} bytes")]
    PacketTooLarge {
        /// Bytes announced by the fixed header, header included.
        size: u32,
        /// Bytes allowed.
        limit: u32,
    },
    /// The packet type does not exist in this version.
    #[error("packet type is reserved")]
    ReservedType,
    /// Flags of the fixed header differ from what the standard prescribes.
    #[error("reserved flags of the fixed header are wrong")]
    ReservedFlags,
    /// The type of packet never travels in this direction.
    #[error("packet type is not for this receiver")]
    WrongDirection,
    /// A variable byte integer ran past its fourth byte.
    #[error("variable byte integer is longer than 4 bytes")]
    VarIntTooLong,
    /// A variable byte integer was padded.
    #[error("variable byte integer is not minimally encoded")]
    VarIntNotMinimal,
    /// A field runs past the end of the packet or of its properties.
    #[error("packet ends inside a field")]
    Truncated,
    /// The packet goes on after its last field.
    #[error("packet has bytes after its last field")]
    TrailingBytes,
    /// Bytes are not an MQTT string.
    #[error(transparent)]
    Text(TextError),
    /// A packet identifier is zero.
    #[error("packet identifier is zero")]
    PacketIdZero,
    /// The protocol name is not one of ours.
    #[error("protocol name is unknown")]
    ProtocolName,
    /// The protocol level is unknown, or does not belong to the protocol name.
    #[error("protocol level {level} is not supported")]
    ProtocolLevel {
        /// The level in CONNECT.
        level: u8,
    },
    /// The reserved flag of CONNECT is set.
    #[error("reserved connect flag is set")]
    ConnectFlags,
    /// A reserved flag of CONNACK is set.
    #[error("reserved connect acknowledge flag is set")]
    ConnackFlags,
    /// Will QoS or will retain is set, and there is no will.
    #[error("will flags are set without a will")]
    WillFlags,
    /// The QoS of the will is 3.
    #[error("will QoS is 3")]
    WillQos,
    /// There is a password and no user name.
    #[error("password without user name")]
    PasswordWithoutUsername,
    /// Both QoS bits of PUBLISH are set.
    #[error("publish QoS is 3")]
    PublishQos,
    /// DUP is set in a PUBLISH of QoS 0.
    #[error("DUP is set with QoS 0")]
    DupWithQos0,
    /// There is no topic, and no alias for it either.
    #[error("topic name is empty")]
    TopicEmpty,
    /// A topic name has a wildcard in it.
    #[error("topic name contains a wildcard")]
    TopicWildcard,
    /// A response topic is empty or has a wildcard in it.
    #[error("response topic is not a topic name")]
    ResponseTopic,
    /// A client sent a PUBLISH with a subscription identifier.
    #[error("client sent a subscription identifier in PUBLISH")]
    SubscriptionIdFromClient,
    /// A server sent a DISCONNECT with a session expiry interval.
    #[error("server sent a session expiry interval in DISCONNECT")]
    SessionExpiryFromServer,
    /// The topic alias is zero.
    #[error("topic alias is zero")]
    TopicAliasZero,
    /// SUBSCRIBE, UNSUBSCRIBE, SUBACK or UNSUBACK without an entry.
    #[error("list has no entries")]
    ListEmpty,
    /// A reserved bit of the subscription options is set.
    #[error("reserved subscription option is set")]
    SubscribeReserved,
    /// The QoS of a subscription is 3.
    #[error("subscription QoS is 3")]
    SubscribeQos,
    /// The retain handling of a subscription is 3.
    #[error("retain handling is 3")]
    SubscribeRetainHandling,
    /// The property does not exist.
    #[error("property {property:#04x} is unknown")]
    PropertyUnknown {
        /// The identifier's first byte.
        property: u8,
    },
    /// The property does not belong in this packet.
    #[error("property {property:#04x} does not belong in this packet")]
    PropertyMisplaced {
        /// Its identifier.
        property: u8,
    },
    /// A property that may stand once stands twice.
    #[error("property {property:#04x} is given twice")]
    PropertyTwice {
        /// Its identifier.
        property: u8,
    },
    /// The property may not have this value.
    #[error("property {property:#04x} has a value out of range")]
    PropertyValue {
        /// Its identifier.
        property: u8,
    },
    /// CONNECT has authentication data, or AUTH anything, without an authentication method.
    #[error("authentication method is missing")]
    AuthenticationMethodMissing,
    /// The reason code does not exist, or does not belong in this packet.
    #[error("reason code {code:#04x} does not belong in this packet")]
    ReasonCode {
        /// The byte.
        code: u8,
    },
    /// A CONNACK that refuses says that a session is present.
    #[error("session present in a refusal")]
    SessionPresent,
}

impl From<TextError> for DecodeError {
    fn from(error: TextError) -> Self {
        Self::Text(error)
    }
}

impl DecodeError {
    /// The reason to give a 5.0 peer in CONNACK or DISCONNECT.
    #[must_use]
    pub const fn reason_code(self) -> ReasonCode {
        match self {
            Self::PacketTooLarge { .. } => ReasonCode::PacketTooLarge,
            Self::ProtocolName | Self::ProtocolLevel { .. } => {
                ReasonCode::UnsupportedProtocolVersion
            }
            Self::TopicWildcard => ReasonCode::TopicNameInvalid,
            Self::TopicAliasZero => ReasonCode::TopicAliasInvalid,
            Self::WrongDirection
            | Self::TopicEmpty
            | Self::ResponseTopic
            | Self::SubscriptionIdFromClient
            | Self::SessionExpiryFromServer
            | Self::ListEmpty
            | Self::SubscribeQos
            | Self::SubscribeRetainHandling
            | Self::PropertyTwice { .. }
            | Self::PropertyValue { .. }
            | Self::AuthenticationMethodMissing
            | Self::ReasonCode { .. }
            | Self::SessionPresent => ReasonCode::ProtocolError,
            Self::ReservedType
            | Self::ReservedFlags
            | Self::VarIntTooLong
            | Self::VarIntNotMinimal
            | Self::Truncated
            | Self::TrailingBytes
            | Self::Text(_)
            | Self::PacketIdZero
            | Self::ConnectFlags
            | Self::ConnackFlags
            | Self::WillFlags
            | Self::WillQos
            | Self::PasswordWithoutUsername
            | Self::PublishQos
            | Self::DupWithQos0
            | Self::SubscribeReserved
            | Self::PropertyUnknown { .. }
            | Self::PropertyMisplaced { .. } => ReasonCode::MalformedPacket,
        }
    }

    /// The return code that a 3.1 or 3.1.1 server sends before it closes, if it may send one.
    ///
    /// # Specification
    ///
    /// \[v311 3.1.2-2\]; every other fault is answered by closing alone, \[v311 4.8.0-1\].
    #[must_use]
    pub const fn v3_return_code(self) -> Option<u8> {
        if let Self::ProtocolLevel { .. } = self {
            Some(1)
        } else {
            None
        }
    }

    /// The statement that the packet violates, or the closest section where none is numbered.
    ///
    /// Of 3.1.1 for the older versions, as 3.1 numbers nothing.
    #[must_use]
    pub const fn statement(self, version: Version) -> &'static str {
        let (v5, v311) = self.statements();
        match version {
            Version::V31 | Version::V311 => v311,
            Version::V5 => v5,
        }
    }

    /// The statements of 5.0 and 3.1.1; those of 5.0 twice where 3.1.1 knows no such fault.
    const fn statements(self) -> (&'static str, &'static str) {
        match self {
            Self::PacketTooLarge { .. } => ("v5 3.1.2-24", "v311 2.2.3"),
            Self::ReservedType | Self::WrongDirection => ("v5 2.1.2", "v311 2.2.1"),
            Self::ReservedFlags => ("v5 2.1.3-1", "v311 2.2.2-1"),
            Self::VarIntTooLong => ("v5 1.5.5", "v311 2.2.3"),
            Self::VarIntNotMinimal => ("v5 1.5.5-1", "v5 1.5.5-1"),
            Self::Truncated | Self::TrailingBytes => ("v5 2.1.4", "v311 2.2.3"),
            Self::Text(TextError::NotUtf8) => ("v5 1.5.4-1", "v311 1.5.3-1"),
            Self::Text(TextError::Null) => ("v5 1.5.4-2", "v311 1.5.3-2"),
            Self::Text(TextError::Disallowed) => ("v5 1.5.4", "v311 1.5.3"),
            Self::PacketIdZero => ("v5 2.2.1-3", "v311 2.3.1-1"),
            Self::ProtocolName => ("v5 3.1.2-1", "v311 3.1.2-1"),
            Self::ProtocolLevel { .. } => ("v5 3.1.2-2", "v311 3.1.2-2"),
            Self::ConnectFlags => ("v5 3.1.2-3", "v311 3.1.2-3"),
            Self::ConnackFlags => ("v5 3.2.2-1", "v311 3.2.2.1"),
            Self::WillFlags => ("v5 3.1.2-11", "v311 3.1.2-11"),
            Self::WillQos => ("v5 3.1.2-12", "v311 3.1.2-14"),
            Self::PasswordWithoutUsername => ("v311 3.1.2-22", "v311 3.1.2-22"),
            Self::PublishQos => ("v5 3.3.1-4", "v311 3.3.1-4"),
            Self::DupWithQos0 => ("v5 3.3.1-2", "v311 3.3.1-2"),
            Self::TopicEmpty => ("v5 4.7.3-1", "v311 4.7.3-1"),
            Self::TopicWildcard => ("v5 3.3.2-2", "v311 3.3.2-2"),
            Self::ListEmpty => ("v5 3.8.3-2", "v311 3.8.3-3"),
            Self::SubscribeReserved => ("v5 3.8.3-5", "v311 3.8.3-4"),
            Self::SubscribeQos => ("v5 3.8.3.1", "v311 3.8.3-4"),
            Self::ReasonCode { .. } => ("v5 2.4", "v311 3.9.3-2"),
            Self::SessionPresent => ("v5 3.2.2-6", "v311 3.2.2-4"),
            Self::ResponseTopic => twice("v5 3.3.2-14"),
            Self::SubscriptionIdFromClient => twice("v5 3.3.4-6"),
            Self::TopicAliasZero => twice("v5 3.3.2-8"),
            Self::SubscribeRetainHandling => twice("v5 3.8.3.1"),
            Self::SessionExpiryFromServer => twice("v5 3.14.2-2"),
            Self::PropertyUnknown { .. }
            | Self::PropertyMisplaced { .. }
            | Self::PropertyTwice { .. }
            | Self::PropertyValue { .. } => twice("v5 2.2.2.2"),
            Self::AuthenticationMethodMissing => twice("v5 3.1.2.11.10"),
        }
    }
}

const fn twice(statement: &'static str) -> (&'static str, &'static str) {
    (statement, statement)
}

/// A packet that can't be written; nothing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A string or binary field has more than 65,535 bytes.
    #[error("field is longer than 65535 bytes")]
    FieldTooLong,
    /// The packet is larger than its receiver, or the protocol, allows.
    #[error("packet exceeds the limit of {limit} bytes")]
    PacketTooLarge {
        /// Bytes allowed.
        limit: u32,
    },
    /// The version has no such packet.
    #[error("packet does not exist in this version")]
    NotInVersion,
    /// A PUBLISH of QoS 1 or 2 without a packet identifier.
    #[error("packet identifier is missing")]
    PacketIdMissing,
    /// A PUBLISH with neither topic nor alias.
    #[error("topic is missing")]
    TopicMissing,
    /// A list that needs an entry has none.
    #[error("list has no entries")]
    ListEmpty,
    /// A CONNECT before 5.0 with a password and no user name, \[v311 3.1.2-22\].
    #[error("password without user name")]
    PasswordWithoutUsername,
}
