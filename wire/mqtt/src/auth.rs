//! AUTH.

use crate::ack::reason;
use crate::encode::Body;
use crate::property::{Carrier, PropertyId, decode, put};
use crate::reader::Reader;
use crate::sink::{Section, Sink};
use crate::{DecodeError, PacketType, ReasonCode, Side, UserProperties, Version};

/// A step of an extended authentication, 5.0 only.
///
/// # Specification
///
/// MQTT 5.0 section 3.15.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auth<'a> {
    /// Success, continue or re-authenticate.
    pub reason: ReasonCode,
    /// Which method, and its data.
    pub properties: AuthProperties<'a>,
}

/// The properties of AUTH.
///
/// # Specification
///
/// MQTT 5.0 section 3.15.2.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthProperties<'a> {
    /// The method; missing only in the short form.
    pub authentication_method: Option<&'a str>,
    /// What the method says.
    pub authentication_data: Option<&'a [u8]>,
    /// For people to read.
    pub reason_string: Option<&'a str>,
    /// Pairs, in order.
    pub user_properties: UserProperties<'a>,
}

impl<'a> Auth<'a> {
    pub(crate) fn decode(body: &'a [u8], side: Side) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        // Nothing at all stands for success without properties.
        if reader.is_empty() {
            let reason = reason(0, PacketType::Auth, side)?;
            return Ok(Self {
                reason,
                ..Self::default()
            });
        }
        let reason = reason(reader.u8()?, PacketType::Auth, side)?;
        let properties = AuthProperties::decode(reader.section()?)?;
        reader.finish()?;
        Ok(Self { reason, properties })
    }
}

impl<'a> AuthProperties<'a> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the walk refuses the properties of other packets"
    )]
    fn decode(section: &'a [u8]) -> Result<Self, DecodeError> {
        let mut set = Self::default();
        decode(section, Carrier::AUTH, |property, value| {
            match property {
                PropertyId::AuthenticationMethod => set.authentication_method = value.text(),
                PropertyId::AuthenticationData => set.authentication_data = value.binary(),
                PropertyId::ReasonString => set.reason_string = value.text(),
                _ => {}
            }
            Ok(())
        })?;
        set.user_properties = UserProperties::in_section(section);
        if set.authentication_method.is_none() {
            return Err(DecodeError::AuthenticationMethodMissing);
        }
        Ok(set)
    }
}

impl Body for Auth<'_> {
    fn write<S: Sink>(&self, _: Version, out: &mut S) {
        if *self != Self::default() {
            out.u8(self.reason.byte());
            out.section(&self.properties);
        }
    }
}

impl Section for AuthProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        put::text(
            out,
            PropertyId::AuthenticationMethod,
            self.authentication_method,
        );
        put::binary(
            out,
            PropertyId::AuthenticationData,
            self.authentication_data,
        );
        put::text(out, PropertyId::ReasonString, self.reason_string);
        self.user_properties.write(out);
    }
}
