//! CONNACK.

use core::num::{NonZeroU16, NonZeroU32};

use wire_message::Qos;

use crate::ack::reason;
use crate::encode::Body;
use crate::property::{Carrier, PropertyId, Value, decode, put};
use crate::reader::Reader;
use crate::sink::{Section, Sink};
use crate::{DecodeError, PacketType, ReasonCode, Side, UserProperties, Version};

/// The answer to CONNECT.
///
/// # Specification
///
/// MQTT 5.0 section 3.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connack<'a> {
    /// Whether the server had a session for this client; never in 3.1, nor in a refusal.
    pub session_present: bool,
    /// Before 5.0 written as the return code that comes closest.
    pub reason: ReasonCode,
    /// None before 5.0.
    pub properties: ConnackProperties<'a>,
}

/// The properties of CONNACK: what the server decided and what it allows.
///
/// # Specification
///
/// MQTT 5.0 section 3.2.2.3; the defaults of what is missing stand there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnackProperties<'a> {
    /// Seconds that the session lasts without a connection, if not what CONNECT asked for.
    pub session_expiry_interval_s: Option<u32>,
    /// Messages of QoS 1 and 2 that the client may have in flight.
    pub receive_maximum: Option<NonZeroU16>,
    /// The highest QoS, if lower than 2; a 2 here is not written, \[v5 3.2.2-9\].
    pub maximum_qos: Option<Qos>,
    /// Whether messages may be retained.
    pub retain_available: Option<bool>,
    /// Bytes of the largest packet that the server takes.
    pub maximum_packet_size: Option<NonZeroU32>,
    /// The client identifier that the server chose, \[v5 3.2.2-16\].
    pub assigned_client_id: Option<&'a str>,
    /// The largest topic alias that the server takes.
    pub topic_alias_maximum: Option<u16>,
    /// For people to read.
    pub reason_string: Option<&'a str>,
    /// Pairs, in order.
    pub user_properties: UserProperties<'a>,
    /// Whether filters may have wildcards.
    pub wildcard_subscription_available: Option<bool>,
    /// Whether subscriptions may have identifiers.
    pub subscription_ids_available: Option<bool>,
    /// Whether subscriptions may be shared.
    pub shared_subscription_available: Option<bool>,
    /// Seconds of keep alive that the client must use instead of its own, \[v5 3.2.2-21\].
    pub server_keep_alive_s: Option<u16>,
    /// From what to make response topics.
    pub response_information: Option<&'a str>,
    /// Another server to use.
    pub server_reference: Option<&'a str>,
    /// The authentication method.
    pub authentication_method: Option<&'a str>,
    /// What the method says.
    pub authentication_data: Option<&'a [u8]>,
}

impl<'a> Connack<'a> {
    pub(crate) fn decode(body: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let flags = reader.u8()?;
        // 3.1 calls this byte unused. [v5 3.2.2-1]
        if version != Version::V31 && flags > 1 {
            return Err(DecodeError::ConnackFlags);
        }
        let session_present = version != Version::V31 && flags == 1;
        let code = reader.u8()?;
        let (reason, properties) = if version == Version::V5 {
            let reason = reason(code, PacketType::Connack, Side::Client)?;
            (reason, ConnackProperties::decode(reader.section()?)?)
        } else {
            let reason =
                ReasonCode::from_v3_return_code(code).ok_or(DecodeError::ReasonCode { code })?;
            (reason, ConnackProperties::default())
        };
        reader.finish()?;
        // [v5 3.2.2-6] [v311 3.2.2-4]
        if session_present && reason.is_error() {
            return Err(DecodeError::SessionPresent);
        }
        Ok(Self {
            session_present,
            reason,
            properties,
        })
    }
}

impl<'a> ConnackProperties<'a> {
    fn decode(section: &'a [u8]) -> Result<Self, DecodeError> {
        let mut set = Self::default();
        decode(section, Carrier::CONNACK, |property, value| {
            set.take(property, value);
            Ok(())
        })?;
        set.user_properties = UserProperties::in_section(section);
        Ok(set)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the walk refuses the properties of other packets"
    )]
    fn take(&mut self, property: PropertyId, value: Value<'a>) {
        match property {
            PropertyId::SessionExpiryInterval => self.session_expiry_interval_s = value.number(),
            PropertyId::ReceiveMaximum => {
                self.receive_maximum = value.short().and_then(NonZeroU16::new);
            }
            PropertyId::MaximumQos => {
                self.maximum_qos = value.bool().and_then(|bit| Qos::from_bits(bit.into()));
            }
            PropertyId::RetainAvailable => self.retain_available = value.bool(),
            PropertyId::MaximumPacketSize => {
                self.maximum_packet_size = value.number().and_then(NonZeroU32::new);
            }
            PropertyId::AssignedClientId => self.assigned_client_id = value.text(),
            PropertyId::TopicAliasMaximum => self.topic_alias_maximum = value.short(),
            PropertyId::ReasonString => self.reason_string = value.text(),
            PropertyId::WildcardSubscriptionAvailable => {
                self.wildcard_subscription_available = value.bool();
            }
            PropertyId::SubscriptionIdsAvailable => self.subscription_ids_available = value.bool(),
            PropertyId::SharedSubscriptionAvailable => {
                self.shared_subscription_available = value.bool();
            }
            PropertyId::ServerKeepAlive => self.server_keep_alive_s = value.short(),
            PropertyId::ResponseInformation => self.response_information = value.text(),
            PropertyId::ServerReference => self.server_reference = value.text(),
            PropertyId::AuthenticationMethod => self.authentication_method = value.text(),
            PropertyId::AuthenticationData => self.authentication_data = value.binary(),
            _ => {}
        }
    }
}

impl Body for Connack<'_> {
    fn write<S: Sink>(&self, version: Version, out: &mut S) {
        // [v5 3.2.2-6] [v311 3.2.2-4]
        let present = self.session_present && !self.reason.is_error();
        out.u8((present && version != Version::V31).into());
        if version == Version::V5 {
            out.u8(self.reason.byte());
            out.section(&self.properties);
        } else {
            out.u8(self.reason.v3_return_code());
        }
    }
}

impl Section for ConnackProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        use PropertyId as Id;
        let maximum_qos = match self.maximum_qos {
            Some(Qos::AtMostOnce) => Some(false),
            Some(Qos::AtLeastOnce) => Some(true),
            Some(Qos::ExactlyOnce) | None => None,
        };
        let receive_maximum = self.receive_maximum.map(NonZeroU16::get);
        let maximum_packet_size = self.maximum_packet_size.map(NonZeroU32::get);
        put::u32(
            out,
            Id::SessionExpiryInterval,
            self.session_expiry_interval_s,
        );
        put::u16(out, Id::ReceiveMaximum, receive_maximum);
        put::bool(out, Id::MaximumQos, maximum_qos);
        put::bool(out, Id::RetainAvailable, self.retain_available);
        put::u32(out, Id::MaximumPacketSize, maximum_packet_size);
        put::text(out, Id::AssignedClientId, self.assigned_client_id);
        put::u16(out, Id::TopicAliasMaximum, self.topic_alias_maximum);
        put::bool(
            out,
            Id::WildcardSubscriptionAvailable,
            self.wildcard_subscription_available,
        );
        put::bool(
            out,
            Id::SubscriptionIdsAvailable,
            self.subscription_ids_available,
        );
        put::bool(
            out,
            Id::SharedSubscriptionAvailable,
            self.shared_subscription_available,
        );
        put::u16(out, Id::ServerKeepAlive, self.server_keep_alive_s);
        put::text(out, Id::ResponseInformation, self.response_information);
        put::text(out, Id::ServerReference, self.server_reference);
        put::text(out, Id::AuthenticationMethod, self.authentication_method);
        put::binary(out, Id::AuthenticationData, self.authentication_data);
        put::text(out, Id::ReasonString, self.reason_string);
        self.user_properties.write(out);
    }
}
