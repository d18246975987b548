//! The properties of acknowledgements.

use super::{Carrier, PropertyId, UserProperties, decode, put};
use crate::DecodeError;
use crate::sink::{Section, Sink};

/// The properties of PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK.
///
/// # Specification
///
/// MQTT 5.0 sections 3.4.2.2, 3.5.2.2, 3.6.2.2, 3.7.2.2, 3.9.2.1 and 3.11.2.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReasonProperties<'a> {
    /// For people to read.
    pub reason_string: Option<&'a str>,
    /// Pairs, in order.
    pub user_properties: UserProperties<'a>,
}

impl<'a> ReasonProperties<'a> {
    pub(crate) fn decode(section: &'a [u8]) -> Result<Self, DecodeError> {
        let mut set = Self::default();
        decode(section, Carrier::ACK, |property, value| {
            if property == PropertyId::ReasonString {
                set.reason_string = value.text();
            }
            Ok(())
        })?;
        set.user_properties = UserProperties::in_section(section);
        Ok(set)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.reason_string.is_none() && self.user_properties.is_empty()
    }
}

impl Section for ReasonProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        put::text(out, PropertyId::ReasonString, self.reason_string);
        self.user_properties.write(out);
    }
}
