//! SUBSCRIBE.

mod requests;

use crate::encode::Body;
use crate::property::{Carrier, PropertyId, decode, put};
use crate::reader::Reader;
use crate::sink::{Section, Sink};
use crate::{DecodeError, EncodeError, PacketId, UserProperties, Version};

pub use requests::{FilterRequest, FilterRequests, FilterRequestsIter, RetainHandling};

/// A request for subscriptions.
///
/// # Specification
///
/// MQTT 5.0 section 3.8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscribe<'a> {
    /// By what to know the answer.
    pub packet_id: PacketId,
    /// None before 5.0.
    pub properties: SubscribeProperties<'a>,
    /// What is subscribed to; one at least, \[v5 3.8.3-2\].
    pub requests: FilterRequests<'a>,
}

/// The properties of SUBSCRIBE.
///
/// # Specification
///
/// MQTT 5.0 section 3.8.2.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SubscribeProperties<'a> {
    /// The number that deliveries shall carry, 1 to 268,435,455.
    pub subscription_id: Option<u32>,
    /// Pairs, in order.
    pub user_properties: UserProperties<'a>,
}

impl<'a> Subscribe<'a> {
    pub(crate) fn decode(body: &'a [u8], version: Version) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let packet_id = reader.packet_id()?;
        let properties = if version == Version::V5 {
            SubscribeProperties::decode(reader.section()?)?
        } else {
            SubscribeProperties::default()
        };
        Ok(Self {
            packet_id,
            properties,
            requests: FilterRequests::decode(reader.rest(), version)?,
        })
    }

    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        if self.requests.iter().next().is_none() {
            return Err(EncodeError::ListEmpty);
        }
        Ok(())
    }
}

impl<'a> SubscribeProperties<'a> {
    fn decode(section: &'a [u8]) -> Result<Self, DecodeError> {
        let mut set = Self::default();
        decode(section, Carrier::SUBSCRIBE, |property, value| {
            if property == PropertyId::SubscriptionId {
                set.subscription_id = value.number();
            }
            Ok(())
        })?;
        set.user_properties = UserProperties::in_section(section);
        Ok(set)
    }
}

impl Body for Subscribe<'_> {
    fn write<S: Sink>(&self, version: Version, out: &mut S) {
        out.u16(self.packet_id.value());
        if version == Version::V5 {
            out.section(&self.properties);
        }
        self.requests.write(version, out);
    }
}

impl Section for SubscribeProperties<'_> {
    fn write<S: Sink>(&self, out: &mut S) {
        put::varint(out, PropertyId::SubscriptionId, self.subscription_id);
        self.user_properties.write(out);
    }
}
