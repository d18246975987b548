//! The properties of CONNECT.

use core::num::{NonZeroU16, NonZeroU32};

use crate::property::{Carrier, PropertyId, decode, put};
use crate::sink::{Section, Sink};
use crate::{DecodeError, UserProperties};

/// The properties of CONNECT: what the client wants and what it allows.
///
/// # Specification
///
/// MQTT 5.0 section 3.1.2.11; the defaults of what is missing stand there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConnectProperties<'a> {
    /// Seconds that the session lasts without a connection; all ones for ever.
    pub session_expiry_interval_s: Option<u32>,
    /// Messages of QoS 1 and 2 that the server may have in flight.
    pub receive_maximum: Option<NonZeroU16>,
    /// Bytes of the largest packet that the client takes.
    pub maximum_packet_size: Option<NonZeroU32>,
    /// The largest topic alias that the client takes.
    pub topic_alias_maximum: Option<u16>,
    /// Whether the client asks for response information.
    pub request_response_information: Option<bool>,
    /// Whether the client wants reason strings and user properties.
    pub request_problem_information: Option<bool>,
    /// Pairs, in order.
    pub user_properties: UserProperties<'a>,
    /// The authentication method.
    pub authentication_method: Option<&'a str>,
    /// What the method says.
    pub authentication_data: Option<&'a [u8]>,
}

impl<'a> ConnectProperties<'a> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the walk refuses the properties of other packets"
    )]
    pub(crate) fn decode(section: &'a [u8]) -> Result<Self, DecodeError> {
        use PropertyId as Id;
        let mut set = Self::default();
        decode(section, Carrier::CONNECT, |property, value| {
            match property {
                Id::SessionExpiryInterval => set.session_expiry_interval_s = value.number(),
                Id::ReceiveMaximum => {
                    set.receive_maximum = value.short().and_then(NonZeroU16::new);
                }
                Id::MaximumPacketSize => {
                    set.maximum_packet_size = value.number().and_then(NonZeroU32::new);
                }
                Id::TopicAliasMaximum => set.topic_alias_maximum = value.short(),
                Id::RequestResponseInformation => set.request_response_information = value.bool(),
                Id::RequestProblemInformation => set.request_problem_information = value.bool(),
                Id::AuthenticationMethod => set.authentication_method = value.text(),
                Id::AuthenticationData => set.authentication_data = value.binary(),
                _ => {}
            }
            Ok(())
        })?;
        set.user_properties = UserProperties::in_section(section);
        if set.authentication_data.is_some() && set.authentication_method.is_none() {
            return Err(DecodeError::AuthenticationMethodMissing);
        }
        Ok(set)
    }
}

impl Section for ConnectProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        use PropertyId as Id;
        let receive_maximum = self.receive_maximum.map(NonZeroU16::get);
        let maximum_packet_size = self.maximum_packet_size.map(NonZeroU32::get);
        put::u32(
            out,
            Id::SessionExpiryInterval,
            self.session_expiry_interval_s,
        );
        put::u16(out, Id::ReceiveMaximum, receive_maximum);
        put::u32(out, Id::MaximumPacketSize, maximum_packet_size);
        put::u16(out, Id::TopicAliasMaximum, self.topic_alias_maximum);
        put::bool(
            out,
            Id::RequestResponseInformation,
            self.request_response_information,
        );
        put::bool(
            out,
            Id::RequestProblemInformation,
            self.request_problem_information,
        );
        self.user_properties.write(out);
        put::text(out, Id::AuthenticationMethod, self.authentication_method);
        put::binary(out, Id::AuthenticationData, self.authentication_data);
    }
}
