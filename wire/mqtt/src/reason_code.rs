//! Reason codes.

use crate::{PacketType, Side};

macro_rules! reason_codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $value:literal,)+) => {
        /// Why something succeeded or failed; the discriminant is the byte of MQTT 5.0.
        ///
        /// One code has several names in the standard: [`ReasonCode::Success`] is also "granted
        /// QoS 0" and "normal disconnection".
        ///
        /// # Specification
        ///
        /// MQTT 5.0 section 2.4.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum ReasonCode {
            #[default]
            $($(#[doc = $doc])+ $name = $value,)+
        }

        impl ReasonCode {
            /// Every code, in ascending order.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The code with this byte, if there is one.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($value => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

reason_codes! {
    /// It worked; granted QoS 0; normal disconnection.
    Success = 0x00,
    /// The subscription has QoS 1.
    GrantedQos1 = 0x01,
    /// The subscription has QoS 2.
    GrantedQos2 = 0x02,
    /// The client goes, and wants its will published.
    DisconnectWithWill = 0x04,
    /// The message was accepted, and nobody subscribes to its topic.
    NoMatchingSubscribers = 0x10,
    /// There was nothing to unsubscribe from.
    NoSubscriptionExisted = 0x11,
    /// The next step of an authentication.
    ContinueAuthentication = 0x18,
    /// The client starts a new authentication.
    ReAuthenticate = 0x19,
    /// A reason that the sender does not tell, or that no other code fits.
    UnspecifiedError = 0x80,
    /// The packet could not be parsed.
    MalformedPacket = 0x81,
    /// The packet is not allowed here or now.
    ProtocolError = 0x82,
    /// The packet is valid, but not accepted by this implementation.
    ImplementationSpecificError = 0x83,
    /// The server does not speak this version.
    UnsupportedProtocolVersion = 0x84,
    /// The client identifier is not allowed.
    ClientIdentifierNotValid = 0x85,
    /// The user name or the password is wrong.
    BadUserNameOrPassword = 0x86,
    /// The client may not do this.
    NotAuthorized = 0x87,
    /// The server is not available.
    ServerUnavailable = 0x88,
    /// The server is busy.
    ServerBusy = 0x89,
    /// The client has been banned.
    Banned = 0x8a,
    /// The server is shutting down.
    ServerShuttingDown = 0x8b,
    /// The authentication method is not supported, or not the one in use.
    BadAuthenticationMethod = 0x8c,
    /// Nothing was received for one and a half times the keep alive.
    KeepAliveTimeout = 0x8d,
    /// Another connection uses the same client identifier.
    SessionTakenOver = 0x8e,
    /// The topic filter is well formed, but not accepted.
    TopicFilterInvalid = 0x8f,
    /// The topic name is well formed, but not accepted.
    TopicNameInvalid = 0x90,
    /// The packet identifier is already in use.
    PacketIdentifierInUse = 0x91,
    /// The packet identifier is not known.
    PacketIdentifierNotFound = 0x92,
    /// More unacknowledged messages than the receiver allows.
    ReceiveMaximumExceeded = 0x93,
    /// The topic alias is zero, too large or unknown.
    TopicAliasInvalid = 0x94,
    /// The packet is larger than the receiver allows.
    PacketTooLarge = 0x95,
    /// Too many messages in too short a time.
    MessageRateTooHigh = 0x96,
    /// A limit was exceeded.
    QuotaExceeded = 0x97,
    /// An administrator ended the connection.
    AdministrativeAction = 0x98,
    /// The payload is not what its format indicator says.
    PayloadFormatInvalid = 0x99,
    /// The server does not support retained messages.
    RetainNotSupported = 0x9a,
    /// The QoS is higher than the server supports.
    QosNotSupported = 0x9b,
    /// Use another server for now.
    UseAnotherServer = 0x9c,
    /// Use another server for ever.
    ServerMoved = 0x9d,
    /// The server does not support shared subscriptions.
    SharedSubscriptionsNotSupported = 0x9e,
    /// Too many connections in too short a time.
    ConnectionRateExceeded = 0x9f,
    /// The longest time that a connection may last is over.
    MaximumConnectTime = 0xa0,
    /// The server does not support subscription identifiers.
    SubscriptionIdentifiersNotSupported = 0xa1,
    /// The server does not support wildcard subscriptions.
    WildcardSubscriptionsNotSupported = 0xa2,
}

impl ReasonCode {
    /// The byte of MQTT 5.0.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// Whether something failed: the code is 0x80 or more.
    #[must_use]
    pub const fn is_error(self) -> bool {
        self as u8 >= 0x80
    }

    /// The CONNACK return code of 3.1 and 3.1.1 that comes closest.
    ///
    /// # Specification
    ///
    /// MQTT 3.1.1 section 3.2.2.3.
    #[must_use]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not named has no meaning here"
    )]
    pub const fn v3_return_code(self) -> u8 {
        match self {
            Self::UnsupportedProtocolVersion => 1,
            Self::ClientIdentifierNotValid => 2,
            Self::BadUserNameOrPassword | Self::BadAuthenticationMethod => 4,
            Self::NotAuthorized | Self::Banned => 5,
            code if code.is_error() => 3,
            _ => 0,
        }
    }

    /// The meaning of a CONNACK return code of 3.1 and 3.1.1; `None` if it is reserved.
    #[must_use]
    pub const fn from_v3_return_code(byte: u8) -> Option<Self> {
        Some(match byte {
            0 => Self::Success,
            1 => Self::UnsupportedProtocolVersion,
            2 => Self::ClientIdentifierNotValid,
            3 => Self::ServerUnavailable,
            4 => Self::BadUserNameOrPassword,
            5 => Self::NotAuthorized,
            _ => return None,
        })
    }

    /// The SUBACK return code of 3.1.1: the granted QoS, or 0x80 for every failure.
    ///
    /// 3.1 knows no failure; its clients get 0x80, too, as other brokers send it.
    #[must_use]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not named has no meaning here"
    )]
    pub const fn v3_suback(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::GrantedQos1 => 1,
            Self::GrantedQos2 => 2,
            _ => 0x80,
        }
    }

    /// Whether a packet of `kind` that `reader` receives may carry this code.
    ///
    /// # Specification
    ///
    /// MQTT 5.0 sections 2.4, 3.2.2.2, 3.4.2.1, 3.9.3, 3.11.3, 3.14.2.1 and 3.15.2.1.
    #[must_use]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "what is not named has no meaning here"
    )]
    pub const fn fits(self, kind: PacketType, reader: Side) -> bool {
        let byte = self as u8;
        match kind {
            PacketType::Connack => {
                matches!(byte, 0 | 0x80..=0x8a | 0x8c | 0x90 | 0x95 | 0x97 | 0x99..=0x9d | 0x9f)
            }
            PacketType::Puback | PacketType::Pubrec => {
                matches!(
                    byte,
                    0 | 0x10 | 0x80 | 0x83 | 0x87 | 0x90 | 0x91 | 0x97 | 0x99
                )
            }
            PacketType::Pubrel | PacketType::Pubcomp => matches!(byte, 0 | 0x92),
            PacketType::Suback => {
                matches!(
                    byte,
                    0..=2 | 0x80 | 0x83 | 0x87 | 0x8f | 0x91 | 0x97 | 0x9e | 0xa1 | 0xa2
                )
            }
            PacketType::Unsuback => {
                matches!(byte, 0 | 0x11 | 0x80 | 0x83 | 0x87 | 0x8f | 0x91)
            }
            PacketType::Disconnect => match reader {
                Side::Server => matches!(
                    byte,
                    0 | 4 | 0x80..=0x83 | 0x90 | 0x93..=0x99
                ),
                Side::Client => matches!(
                    byte,
                    0 | 0x80..=0x83 | 0x87 | 0x89 | 0x8b..=0x90 | 0x93..=0xa2
                ),
            },
            PacketType::Auth => match reader {
                Side::Server => matches!(byte, 0x18 | 0x19),
                Side::Client => matches!(byte, 0 | 0x18),
            },
            _ => false,
        }
    }
}
