//! Everything that CONNECT decides.

#[cfg(test)]
mod tests;

use core::num::{NonZeroU16, NonZeroU32};

use wire_message::Qos;
use wire_mqtt::{ConnackProperties, Connect, ReasonCode, Version, Will};

use crate::SessionExpiry;

/// Longest client id that every 3.1 server takes, bytes.
const V31_CLIENT_ID_BYTES: usize = 23;

/// What the broker allows clients, each advertised in CONNACK where 5.0 has a field for it.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches of the operator"
)]
pub struct ConnectLimits {
    /// Bytes of a client id. More: 0x85.
    pub client_id_bytes_max: u16,
    /// Whether a 3.1 client's id may have more than 23 bytes, which that standard forbids.
    pub long_v31_client_ids: bool,
    /// Keep alive in place of the client's, seconds; 5.0 only, since 3.x clients can't be told.
    pub server_keep_alive_s: Option<u16>,
    /// Session expiry of 3.x clients without clean session, seconds.
    pub session_expiry_default_s: u32,
    /// Cap on the session expiry of 5.0 clients, seconds; [`u32::MAX`]: none.
    pub session_expiry_max_s: u32,
    /// Unacknowledged messages towards a client, whatever larger window it allows; at least 1.
    pub inflight_max: u16,
    /// Unacknowledged messages from a client; at least 1.
    pub receive_max: u16,
    /// Bytes of a packet from a client.
    pub packet_bytes_max: u32,
    /// Highest topic alias a client may use; 0: none.
    pub topic_alias_max: u16,
    /// Highest topic alias towards a client that allows it; 0: none.
    pub topic_alias_out_max: u16,
    /// Highest quality of service. A will above: 0x9B.
    pub qos_max: Qos,
    /// Whether retained messages exist. If not, a retained will: 0x9A.
    pub retain_available: bool,
    /// Whether wildcard subscriptions exist.
    pub wildcard_available: bool,
    /// Whether `$share` subscriptions exist.
    pub shared_available: bool,
    /// Told to clients that ask for Response Information.
    pub response_information: Option<Box<str>>,
}

impl Default for ConnectLimits {
    fn default() -> Self {
        Self {
            client_id_bytes_max: u16::MAX,
            long_v31_client_ids: true,
            server_keep_alive_s: None,
            session_expiry_default_s: 7_200,
            session_expiry_max_s: u32::MAX,
            inflight_max: 1_024,
            receive_max: 1_024,
            packet_bytes_max: 1 << 20,
            topic_alias_max: u16::MAX,
            topic_alias_out_max: 64,
            qos_max: Qos::ExactlyOnce,
            retain_available: true,
            wildcard_available: true,
            shared_available: true,
            response_information: None,
        }
    }
}

/// The terms of a connection, agreed by CONNECT and CONNACK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated<'a> {
    /// The protocol version.
    pub version: Version,
    /// The client's id; `None`: the broker assigns one, and tells a 5.0 client.
    pub client_id: Option<&'a str>,
    /// Whether an existing session is thrown away.
    pub clean_start: bool,
    /// Keep alive in force, seconds; 0: none.
    pub keep_alive_s: u16,
    /// How long the session outlives the connection.
    pub session_expiry: SessionExpiry,
    /// Unacknowledged messages towards the client at the most.
    pub window: u16,
    /// Unacknowledged messages from the client at the most; 3.x knows no such thing: `u16::MAX`.
    pub receive_max: u16,
    /// Bytes of a packet towards the client at the most; [`u32::MAX`]: any.
    pub packet_bytes_max: u32,
    /// Highest topic alias that the client may use; 0: none.
    pub alias_in_max: u16,
    /// Highest topic alias towards the client; 0: none.
    pub alias_out_max: u16,
    /// Whether reason strings and user properties may be sent on any packet.
    pub problem_information: bool,
    /// Whether the client asked for Response Information.
    pub response_information: bool,
}

/// Decides on a CONNECT that was decoded.
///
/// Authentication and authorization are not its business, nor is whether there is a session.
///
/// # Errors
///
/// The reason to refuse the connection with, in CONNACK:
/// [`ReasonCode::ClientIdentifierNotValid`], [`ReasonCode::BadAuthenticationMethod`] (there is
/// none yet), [`ReasonCode::QosNotSupported`] or [`ReasonCode::RetainNotSupported`].
///
/// # Specification
///
/// MQTT 5.0 section 3.1; 3.1.1 section 3.1; 3.1 section 3.1.
pub fn negotiate<'a>(
    connect: &Connect<'a>,
    limits: &ConnectLimits,
) -> Result<Negotiated<'a>, ReasonCode> {
    let client_id = client_id(connect, limits)?;
    let properties = &connect.properties;
    // [v5 4.12.0-1].
    if properties.authentication_method.is_some() {
        return Err(ReasonCode::BadAuthenticationMethod);
    }
    check_will(connect.will.as_ref(), limits)?;
    let v5 = connect.version == Version::V5;
    let session_expiry = if v5 {
        SessionExpiry::v5(
            properties.session_expiry_interval_s,
            limits.session_expiry_max_s,
        )
    } else {
        SessionExpiry::v3(connect.clean_start, limits.session_expiry_default_s)
    };
    let client_receive_max = properties.receive_maximum.map_or(u16::MAX, NonZeroU16::get);
    Ok(Negotiated {
        version: connect.version,
        client_id,
        clean_start: connect.clean_start,
        keep_alive_s: limits
            .server_keep_alive_s
            .filter(|_| v5)
            .unwrap_or(connect.keep_alive_s),
        session_expiry,
        window: client_receive_max.min(limits.inflight_max).max(1),
        receive_max: if v5 { limits.receive_max } else { u16::MAX },
        packet_bytes_max: properties
            .maximum_packet_size
            .map_or(u32::MAX, NonZeroU32::get),
        alias_in_max: if v5 { limits.topic_alias_max } else { 0 },
        alias_out_max: properties
            .topic_alias_maximum
            .unwrap_or(0)
            .min(limits.topic_alias_out_max),
        problem_information: v5 && properties.request_problem_information.unwrap_or(true),
        response_information: v5 && properties.request_response_information.unwrap_or(false),
    })
}

impl Negotiated<'_> {
    /// The properties of the CONNACK that accepts: what differs from what the standard presumes.
    ///
    /// `asked_expiry_s` is that of CONNECT. The caller adds an assigned client id, which only it
    /// can choose; before 5.0 nothing of this is sent.
    ///
    /// # Specification
    ///
    /// MQTT 5.0 section 3.2.2.3; \[v5 3.2.2-9\], \[v5 3.2.2-21\], \[v5 3.2.2-22\],
    /// \[v5 3.1.2-28\].
    #[must_use]
    pub fn connack_properties<'l>(
        &self,
        asked_expiry_s: Option<u32>,
        limits: &'l ConnectLimits,
    ) -> ConnackProperties<'l> {
        let expiry_s = self.session_expiry.interval_s();
        let asked = self.response_information;
        ConnackProperties {
            session_expiry_interval_s: (expiry_s != asked_expiry_s.unwrap_or(0))
                .then_some(expiry_s),
            receive_maximum: unless(self.receive_max, u16::MAX).and_then(NonZeroU16::new),
            maximum_qos: unless(limits.qos_max, Qos::ExactlyOnce),
            retain_available: unless(limits.retain_available, true),
            maximum_packet_size: NonZeroU32::new(limits.packet_bytes_max),
            topic_alias_maximum: unless(self.alias_in_max, 0),
            wildcard_subscription_available: unless(limits.wildcard_available, true),
            shared_subscription_available: unless(limits.shared_available, true),
            server_keep_alive_s: limits.server_keep_alive_s,
            response_information: limits.response_information.as_deref().filter(|_| asked),
            ..ConnackProperties::default()
        }
    }
}

fn unless<T: Copy + PartialEq>(value: T, presumed: T) -> Option<T> {
    (value != presumed).then_some(value)
}

/// The client's id, or `None` if one is to be assigned.
fn client_id<'a>(
    connect: &Connect<'a>,
    limits: &ConnectLimits,
) -> Result<Option<&'a str>, ReasonCode> {
    let id = connect.client_id;
    let allowed = match connect.version {
        Version::V31 if id.len() > V31_CLIENT_ID_BYTES => limits.long_v31_client_ids,
        Version::V31 => !id.is_empty(),
        // [v311 3.1.3-7], [v311 3.1.3-8]: a session that lasts needs a name to come back to.
        Version::V311 => !id.is_empty() || connect.clean_start,
        Version::V5 => true,
    };
    if !allowed || id.len() > usize::from(limits.client_id_bytes_max) {
        return Err(ReasonCode::ClientIdentifierNotValid);
    }
    Ok(Some(id).filter(|id| !id.is_empty()))
}

fn check_will(will: Option<&Will<'_>>, limits: &ConnectLimits) -> Result<(), ReasonCode> {
    let Some(will) = will else { return Ok(()) };
    // [v5 3.2.2-12].
    if will.qos > limits.qos_max {
        return Err(ReasonCode::QosNotSupported);
    }
    // [v5 3.2.2-13].
    if will.retain && !limits.retain_available {
        return Err(ReasonCode::RetainNotSupported);
    }
    Ok(())
}
