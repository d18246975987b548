//! Encoding packets of all types.

use super::Packet;
use crate::encode::{self, Body};
use crate::sink::Sink;
use crate::{
    Ack, Auth, Connack, Disconnect, EncodeError, Suback, Unsuback, UserProperties, VARINT_MAX,
    Version,
};

/// The body of PINGREQ and PINGRESP.
struct Empty;

impl Body for Empty {
    fn write<S: Sink>(&self, _: Version, _: &mut S) {}
}

/// Calls `$run` with the body of a packet, whatever its type.
macro_rules! with_body {
    ($packet:expr, $body:ident => $run:expr) => {
        match $packet {
            Packet::Connect($body) => $run,
            Packet::Connack($body) => $run,
            Packet::Publish($body) => $run,
            Packet::Puback($body)
            | Packet::Pubrec($body)
            | Packet::Pubrel($body)
            | Packet::Pubcomp($body) => $run,
            Packet::Subscribe($body) => $run,
            Packet::Suback($body) => $run,
            Packet::Unsubscribe($body) => $run,
            Packet::Unsuback($body) => $run,
            Packet::Pingreq | Packet::Pingresp => {
                let $body = &Empty;
                $run
            }
            Packet::Disconnect($body) => $run,
            Packet::Auth($body) => $run,
        }
    };
}

impl<'a> Packet<'a> {
    /// Appends the packet to `out`, in its shortest form.
    ///
    /// What `version` does not know (properties, most reason codes) is left out or mapped to what
    /// comes closest; a CONNECT is written in its own version. On errors `out` is unchanged.
    ///
    /// # Errors
    ///
    /// [`EncodeError`].
    pub fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        self.check(version)?;
        let first_byte = if let Self::Publish(publish) = self {
            publish.first_byte()
        } else {
            self.packet_type().first_byte()
        };
        with_body!(self, body => encode::encode(first_byte, body, version, out))
    }

    /// Bytes that [`Self::encode`] would append.
    ///
    /// # Errors
    ///
    /// Those of [`Self::encode`].
    pub fn encoded_size(&self, version: Version) -> Result<u32, EncodeError> {
        self.check(version)?;
        with_body!(self, body => encode::size(body, version))
    }

    /// Appends the packet to `out` in at most `size_max` bytes: if it has more, first without its
    /// user properties, and if that is not enough, without its reason string.
    ///
    /// Only packets whose reason explains something may lose properties: CONNACK, PUBACK, PUBREC,
    /// PUBREL, PUBCOMP, SUBACK, UNSUBACK and DISCONNECT, and AUTH.
    ///
    /// # Errors
    ///
    /// [`EncodeError::PacketTooLarge`] if the packet has more than `size_max` bytes even so, and
    /// those of [`Self::encode`]; `out` is unchanged.
    ///
    /// # Specification
    ///
    /// \[v5 3.2.2-19\], \[v5 3.2.2-20\], \[v5 3.4.2-2\], \[v5 3.4.2-3\], \[v5 3.9.2-1\],
    /// \[v5 3.9.2-2\], \[v5 3.14.2-3\], \[v5 3.14.2-4\], \[v5 3.15.2-2\], \[v5 3.15.2-3\].
    pub fn encode_within(
        &self,
        version: Version,
        size_max: u32,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        for shorter in [*self, self.without(false), self.without(true)] {
            if shorter.encoded_size(version)? <= size_max {
                return shorter.encode(version, out);
            }
        }
        Err(EncodeError::PacketTooLarge {
            limit: size_max.min(VARINT_MAX + 5),
        })
    }

    /// The packet without user properties that only explain, and perhaps without reason string.
    fn without(mut self, reason_string: bool) -> Self {
        let (users, reason): (&mut UserProperties<'a>, &mut Option<&'a str>) = match &mut self {
            Self::Connack(Connack { properties, .. }) => (
                &mut properties.user_properties,
                &mut properties.reason_string,
            ),
            Self::Disconnect(Disconnect { properties, .. }) => (
                &mut properties.user_properties,
                &mut properties.reason_string,
            ),
            Self::Auth(Auth { properties, .. }) => (
                &mut properties.user_properties,
                &mut properties.reason_string,
            ),
            Self::Puback(Ack { properties, .. })
            | Self::Pubrec(Ack { properties, .. })
            | Self::Pubrel(Ack { properties, .. })
            | Self::Pubcomp(Ack { properties, .. })
            | Self::Suback(Suback { properties, .. })
            | Self::Unsuback(Unsuback { properties, .. }) => (
                &mut properties.user_properties,
                &mut properties.reason_string,
            ),
            Self::Connect(_)
            | Self::Publish(_)
            | Self::Subscribe(_)
            | Self::Unsubscribe(_)
            | Self::Pingreq
            | Self::Pingresp => return self,
        };
        *users = UserProperties::NONE;
        if reason_string {
            *reason = None;
        }
        self
    }

    fn check(&self, version: Version) -> Result<(), EncodeError> {
        match self {
            Self::Connect(connect) => connect.check(),
            Self::Publish(publish) => publish.check(version),
            Self::Subscribe(subscribe) => subscribe.check(),
            Self::Suback(suback) => suback.check(),
            Self::Unsubscribe(unsubscribe) => unsubscribe.check(),
            Self::Unsuback(unsuback) => unsuback.check(version),
            Self::Auth(_) if version != Version::V5 => Err(EncodeError::NotInVersion),
            Self::Auth(_)
            | Self::Connack(_)
            | Self::Puback(_)
            | Self::Pubrec(_)
            | Self::Pubrel(_)
            | Self::Pubcomp(_)
            | Self::Pingreq
            | Self::Pingresp
            | Self::Disconnect(_) => Ok(()),
        }
    }
}
