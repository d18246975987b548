//! QoS and protocol versions as text and numbers, for files and pipes.

use serde::{Deserialize, Deserializer, Serializer};

/// `#[serde(with = "protocol::qos")]`: 0, 1 or 2.
pub(crate) mod qos {
    use wire_message::Qos;

    use super::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(qos: &Qos, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(qos.bits())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Qos, D::Error> {
        let bits = u8::deserialize(deserializer)?;
        Qos::from_bits(bits)
            .ok_or_else(|| serde::de::Error::custom(format!("QoS is 0, 1 or 2, not {bits}")))
    }
}

/// `#[serde(with = "protocol::version")]`: 3, 4 or 5, or "3.1", "3.1.1" or "5.0".
pub(crate) mod version {
    use wire_mqtt::Version;

    use serde::de::Error as _;

    use super::{Deserialize, Deserializer, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u8),
        Text(String),
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(
        version: &Version,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(version.level())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Version, D::Error> {
        let text = match Written::deserialize(deserializer)? {
            Written::Number(level) => level.to_string(),
            Written::Text(text) => text,
        };
        match text.as_str() {
            "3" | "3.1" => Ok(Version::V31),
            "4" | "3.1.1" => Ok(Version::V311),
            "5" | "5.0" => Ok(Version::V5),
            _ => Err(D::Error::custom(format!(
                "MQTT version is 3 (3.1), 4 (3.1.1) or 5 (5.0), not {text}"
            ))),
        }
    }
}
