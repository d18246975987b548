//! The table of properties.

use crate::PacketType;

/// A property's type on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Binary,
    /// 0 or 1.
    Bool,
    Pair,
    Text,
    TwoBytes,
    /// Two bytes, not all zero.
    TwoBytesNonZero,
    FourBytes,
    /// Four bytes, not all zero.
    FourBytesNonZero,
    /// A variable byte integer, not zero.
    VarIntNonZero,
}

/// Where properties stand: in a packet of this type, or in the will inside a CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Carrier(u16);

impl Carrier {
    pub(crate) const WILL: Self = Self(1);
    pub(crate) const CONNECT: Self = Self::packet(PacketType::Connect);
    pub(crate) const CONNACK: Self = Self::packet(PacketType::Connack);
    pub(crate) const PUBLISH: Self = Self::packet(PacketType::Publish);
    pub(crate) const SUBSCRIBE: Self = Self::packet(PacketType::Subscribe);
    pub(crate) const UNSUBSCRIBE: Self = Self::packet(PacketType::Unsubscribe);
    pub(crate) const DISCONNECT: Self = Self::packet(PacketType::Disconnect);
    pub(crate) const AUTH: Self = Self::packet(PacketType::Auth);
    /// The packets that carry a reason and nothing special: PUBACK, PUBREC, PUBREL, PUBCOMP,
    /// SUBACK and UNSUBACK. Their rules are the same.
    pub(crate) const ACK: Self = Self::packet(PacketType::Puback);

    const MESSAGE: Self = Self::PUBLISH.or(Self::WILL);
    const AUTHENTICATES: Self = Self::CONNECT.or(Self::CONNACK).or(Self::AUTH);
    const CONNECTS: Self = Self::CONNECT.or(Self::CONNACK);
    const EXPLAINS: Self = Self::CONNACK
        .or(Self::ACK)
        .or(Self::DISCONNECT)
        .or(Self::AUTH);
    const ANY: Self = Self(u16::MAX);

    const fn packet(kind: PacketType) -> Self {
        Self(1 << kind as u8)
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn contains(self, one: Self) -> bool {
        self.0 & one.0 != 0
    }
}

macro_rules! properties {
    ($($name:ident = $id:literal, $kind:ident, $carriers:ident $(or $more:ident)?;)+) => {
        /// A property; the discriminant is its identifier.
        ///
        /// # Specification
        ///
        /// MQTT 5.0 section 2.2.2.2, table 2-4.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum PropertyId {
            $($name = $id,)+
        }

        impl PropertyId {
            pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($id => Some(Self::$name),)+
                    _ => None,
                }
            }

            pub(crate) const fn kind(self) -> Kind {
                match self {
                    $(Self::$name => Kind::$kind,)+
                }
            }

            const fn carriers(self) -> Carrier {
                match self {
                    $(Self::$name => Carrier::$carriers$(.or(Carrier::$more))?,)+
                }
            }
        }
    };
}

properties! {
    PayloadFormat = 0x01, Bool, MESSAGE;
    MessageExpiryInterval = 0x02, FourBytes, MESSAGE;
    ContentType = 0x03, Text, MESSAGE;
    ResponseTopic = 0x08, Text, MESSAGE;
    CorrelationData = 0x09, Binary, MESSAGE;
    SubscriptionId = 0x0b, VarIntNonZero, PUBLISH or SUBSCRIBE;
    SessionExpiryInterval = 0x11, FourBytes, CONNECTS or DISCONNECT;
    AssignedClientId = 0x12, Text, CONNACK;
    ServerKeepAlive = 0x13, TwoBytes, CONNACK;
    AuthenticationMethod = 0x15, Text, AUTHENTICATES;
    AuthenticationData = 0x16, Binary, AUTHENTICATES;
    RequestProblemInformation = 0x17, Bool, CONNECT;
    WillDelayInterval = 0x18, FourBytes, WILL;
    RequestResponseInformation = 0x19, Bool, CONNECT;
    ResponseInformation = 0x1a, Text, CONNACK;
    ServerReference = 0x1c, Text, CONNACK or DISCONNECT;
    ReasonString = 0x1f, Text, EXPLAINS;
    ReceiveMaximum = 0x21, TwoBytesNonZero, CONNECTS;
    TopicAliasMaximum = 0x22, TwoBytes, CONNECTS;
    TopicAlias = 0x23, TwoBytesNonZero, PUBLISH;
    MaximumQos = 0x24, Bool, CONNACK;
    RetainAvailable = 0x25, Bool, CONNACK;
    UserProperty = 0x26, Pair, ANY;
    MaximumPacketSize = 0x27, FourBytesNonZero, CONNECTS;
    WildcardSubscriptionAvailable = 0x28, Bool, CONNACK;
    SubscriptionIdsAvailable = 0x29, Bool, CONNACK;
    SharedSubscriptionAvailable = 0x2a, Bool, CONNACK;
}

impl PropertyId {
    /// The identifier.
    pub(crate) const fn byte(self) -> u8 {
        self as u8
    }

    /// Whether `carrier` may carry this property at all.
    pub(crate) const fn fits(self, carrier: Carrier) -> bool {
        self.carriers().contains(carrier)
    }

    /// Whether `carrier` may carry this property more than once.
    pub(crate) const fn repeats(self, carrier: Carrier) -> bool {
        // [v5 3.3.4-3]: a delivery names each subscription that it matched.
        matches!(self, Self::UserProperty)
            || matches!(self, Self::SubscriptionId) && carrier.contains(Carrier::PUBLISH)
    }
}
