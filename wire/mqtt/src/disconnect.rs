//! DISCONNECT.

use crate::ack::reason;
use crate::encode::Body;
use crate::property::{Carrier, PropertyId, decode, put};
use crate::reader::Reader;
use crate::sink::{Section, Sink};
use crate::{DecodeError, PacketType, ReasonCode, Side, UserProperties, Version};

/// The last packet of a connection; before 5.0 only a client sends it, and it says nothing more.
///
/// # Specification
///
/// MQTT 5.0 section 3.14.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disconnect<'a> {
    /// Why; success before 5.0.
    pub reason: ReasonCode,
    /// None before 5.0.
    pub properties: DisconnectProperties<'a>,
}

/// The properties of DISCONNECT.
///
/// # Specification
///
/// MQTT 5.0 section 3.14.2.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DisconnectProperties<'a> {
    /// A new session expiry interval in seconds, from clients only, \[v5 3.14.2-2\].
    pub session_expiry_interval_s: Option<u32>,
    /// For people to read.
    pub reason_string: Option<&'a str>,
    /// Pairs, in order.
    pub user_properties: UserProperties<'a>,
    /// Another server to use.
    pub server_reference: Option<&'a str>,
}

impl Disconnect<'_> {
    /// A DISCONNECT without properties.
    #[must_use]
    pub fn new(reason: ReasonCode) -> Self {
        Self {
            reason,
            ..Self::default()
        }
    }
}

impl<'a> Disconnect<'a> {
    pub(crate) fn decode(
        body: &'a [u8],
        version: Version,
        side: Side,
    ) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let mut disconnect = Self::default();
        if version == Version::V5 && !reader.is_empty() {
            disconnect.reason = reason(reader.u8()?, PacketType::Disconnect, side)?;
            if !reader.is_empty() {
                disconnect.properties = DisconnectProperties::decode(reader.section()?, side)?;
            }
        }
        reader.finish()?;
        Ok(disconnect)
    }
}

impl<'a> DisconnectProperties<'a> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the walk refuses the properties of other packets"
    )]
    fn decode(section: &'a [u8], side: Side) -> Result<Self, DecodeError> {
        let mut set = Self::default();
        decode(section, Carrier::DISCONNECT, |property, value| {
            match property {
                PropertyId::SessionExpiryInterval if side == Side::Client => {
                    return Err(DecodeError::SessionExpiryFromServer);
                }
                PropertyId::SessionExpiryInterval => set.session_expiry_interval_s = value.number(),
                PropertyId::ReasonString => set.reason_string = value.text(),
                PropertyId::ServerReference => set.server_reference = value.text(),
                _ => {}
            }
            Ok(())
        })?;
        set.user_properties = UserProperties::in_section(section);
        Ok(set)
    }
}

impl Body for Disconnect<'_> {
    fn write<S: Sink>(&self, version: Version, out: &mut S) {
        if version != Version::V5 || *self == Self::default() {
            return;
        }
        out.u8(self.reason.byte());
        if self.properties != DisconnectProperties::default() {
            out.section(&self.properties);
        }
    }
}

impl Section for DisconnectProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        put::u32(
            out,
            PropertyId::SessionExpiryInterval,
            self.session_expiry_interval_s,
        );
        put::text(out, PropertyId::ServerReference, self.server_reference);
        put::text(out, PropertyId::ReasonString, self.reason_string);
        self.user_properties.write(out);
    }
}
