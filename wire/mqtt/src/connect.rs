//! CONNECT.

mod properties;
mod will;

use wire_message::Qos;

use crate::encode::Body;
use crate::reader::Reader;
use crate::sink::Sink;
use crate::{DecodeError, EncodeError, PacketType, Version};

pub use properties::ConnectProperties;
pub use will::{Will, WillProperties};

/// Bit of the level by which bridges say what they are; mosquitto and others use it.
const BRIDGE: u8 = 0x80;

const RESERVED: u8 = 0x01;
const CLEAN_START: u8 = 0x02;
const WILL: u8 = 0x04;
const WILL_QOS: u8 = 0x18;
const WILL_RETAIN: u8 = 0x20;
const PASSWORD: u8 = 0x40;
const USERNAME: u8 = 0x80;

/// A client's first packet.
///
/// # Specification
///
/// MQTT 5.0 section 3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connect<'a> {
    /// The version the client speaks.
    pub version: Version,
    /// The client is a bridge: level 0x83 or 0x84, an extension to 3.1 and 3.1.1.
    pub is_bridge: bool,
    /// Start without what a former session left; "clean session" before 5.0.
    pub clean_start: bool,
    /// Seconds within which the client will send something; zero for no limit.
    pub keep_alive_s: u16,
    /// The client identifier, which may be empty; its length is the session's business.
    pub client_id: &'a str,
    /// What to publish when the client is gone.
    pub will: Option<Will<'a>>,
    /// User name.
    pub username: Option<&'a str>,
    /// Password; any bytes.
    pub password: Option<&'a [u8]>,
    /// None before 5.0.
    pub properties: ConnectProperties<'a>,
}

impl<'a> Connect<'a> {
    /// A CONNECT with nothing optional in it.
    #[must_use]
    pub fn new(version: Version, client_id: &'a str) -> Self {
        Self {
            version,
            is_bridge: false,
            clean_start: true,
            keep_alive_s: 0,
            client_id,
            will: None,
            username: None,
            password: None,
            properties: ConnectProperties::default(),
        }
    }

    /// The level on the wire.
    #[must_use]
    pub const fn level(&self) -> u8 {
        let bridge = self.is_bridge && !matches!(self.version, Version::V5);
        self.version.level() | if bridge { BRIDGE } else { 0 }
    }

    /// Decodes the body of a CONNECT.
    pub(crate) fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let (version, is_bridge) = version(&mut reader)?;
        let flags = reader.u8()?;
        check_flags(flags, version)?;
        let keep_alive_s = reader.u16()?;
        let properties = if version == Version::V5 {
            ConnectProperties::decode(reader.section()?)?
        } else {
            ConnectProperties::default()
        };
        let client_id = reader.text()?;
        let will = if flags & WILL == 0 {
            None
        } else {
            let qos = Qos::from_bits((flags & WILL_QOS) >> 3).ok_or(DecodeError::WillQos)?;
            let retain = flags & WILL_RETAIN != 0;
            Some(Will::decode(&mut reader, version, qos, retain)?)
        };
        // 3.1 lets the remaining length take precedence over these two flags.
        let has = |flag, reader: &Reader<'_>| {
            flags & flag != 0 && !(version == Version::V31 && reader.is_empty())
        };
        let username = has(USERNAME, &reader).then(|| reader.text()).transpose()?;
        let password = has(PASSWORD, &reader)
            .then(|| reader.binary())
            .transpose()?;
        reader.finish()?;
        Ok(Self {
            version,
            is_bridge,
            clean_start: flags & CLEAN_START != 0,
            keep_alive_s,
            client_id,
            will,
            username,
            password,
            properties,
        })
    }

    pub(crate) fn check(&self) -> Result<(), EncodeError> {
        let alone = self.password.is_some() && self.username.is_none();
        if alone && self.version != Version::V5 {
            return Err(EncodeError::PasswordWithoutUsername);
        }
        Ok(())
    }

    fn flags(&self) -> u8 {
        let mut flags = 0;
        if self.clean_start {
            flags |= CLEAN_START;
        }
        if let Some(will) = &self.will {
            flags |= WILL | will.qos.bits() << 3;
            if will.retain {
                flags |= WILL_RETAIN;
            }
        }
        if self.username.is_some() {
            flags |= USERNAME;
        }
        if self.password.is_some() {
            flags |= PASSWORD;
        }
        flags
    }
}

/// The version that a CONNECT, whole with its fixed header, asks for.
///
/// Tells in which version to answer a CONNECT that does not decode. Levels above 5 count as 5.0,
/// other unknown ones as 3.1.1; `None` if the packet has no protocol name of ours.
///
/// # Specification
///
/// MQTT 5.0 section 3.1.2.2, \[v5 3.1.2-2\]; \[v311 3.1.2-2\].
#[must_use]
pub fn connect_version(packet: &[u8]) -> Option<Version> {
    let (first_byte, rest) = packet.split_first()?;
    let (_, size) = crate::varint::decode(rest).ok()??;
    let mut reader = Reader::new(rest.get(size as usize..)?);
    if PacketType::of(*first_byte) != Some(PacketType::Connect) {
        return None;
    }
    match version(&mut reader) {
        Ok((version, _)) => Some(version),
        Err(DecodeError::ProtocolLevel { level }) if level & !BRIDGE >= 5 => Some(Version::V5),
        Err(DecodeError::ProtocolLevel { .. }) => Some(Version::V311),
        Err(_) => None,
    }
}

/// Reads protocol name and level, and whether the level marks a bridge.
fn version(reader: &mut Reader<'_>) -> Result<(Version, bool), DecodeError> {
    let name = reader.binary()?;
    if name != b"MQTT" && name != b"MQIsdp" {
        return Err(DecodeError::ProtocolName);
    }
    let level = reader.u8()?;
    let version = match (name, level & !BRIDGE) {
        (b"MQIsdp", 3) => Version::V31,
        (b"MQTT", 4) => Version::V311,
        (b"MQTT", 5) if level == 5 => Version::V5,
        _ => return Err(DecodeError::ProtocolLevel { level }),
    };
    Ok((version, level & BRIDGE != 0))
}

/// Checks the connect flags.
///
/// 3.1 calls the lowest bit, and the will's flags without a will, unused.
fn check_flags(flags: u8, version: Version) -> Result<(), DecodeError> {
    let strict = version != Version::V31;
    // [v5 3.1.2-3] [v311 3.1.2-3]
    if strict && flags & RESERVED != 0 {
        return Err(DecodeError::ConnectFlags);
    }
    // [v5 3.1.2-11] [v5 3.1.2-13] [v311 3.1.2-13] [v311 3.1.2-15]
    if strict && flags & WILL == 0 && flags & (WILL_QOS | WILL_RETAIN) != 0 {
        return Err(DecodeError::WillFlags);
    }
    // [v311 3.1.2-22]: 5.0 permits a password alone.
    if version != Version::V5 && flags & (USERNAME | PASSWORD) == PASSWORD {
        return Err(DecodeError::PasswordWithoutUsername);
    }
    Ok(())
}

impl Body for Connect<'_> {
    fn write<S: Sink>(&self, _: Version, out: &mut S) {
        out.text(self.version.protocol_name());
        out.u8(self.level());
        out.u8(self.flags());
        out.u16(self.keep_alive_s);
        if self.version == Version::V5 {
            out.section(&self.properties);
        }
        out.text(self.client_id);
        if let Some(will) = &self.will {
            will.write(self.version, out);
        }
        if let Some(username) = self.username {
            out.text(username);
        }
        if let Some(password) = self.password {
            out.binary(password);
        }
    }
}
