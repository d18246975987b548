//! What a scenario may need and a broker may lack.

use core::fmt;

use serde::Deserialize;

/// Something that not every broker can do.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Feature {
    /// MQTT 5.0.
    Mqtt5,
    /// QoS 2.
    Qos2,
    /// Retained messages.
    Retained,
    /// Sessions that outlive their connection.
    Sessions,
    /// `$share/` subscriptions.
    Shared,
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mqtt5 => "MQTT 5.0",
            Self::Qos2 => "QoS 2",
            Self::Retained => "retained messages",
            Self::Sessions => "sessions",
            Self::Shared => "shared subscriptions",
        })
    }
}

/// A feature that a broker lacks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unsupported {
    pub(crate) feature: Feature,
    /// The first version that has it, if any does.
    pub(crate) before: Option<String>,
    /// What happens instead, in a few words.
    pub(crate) reason: String,
}

impl Unsupported {
    /// Whether this version lacks it. A version that is not known counts as old.
    pub(crate) fn holds_for(&self, version: &str) -> bool {
        match &self.before {
            None => true,
            Some(first) => numbers(version) < numbers(first),
        }
    }
}

/// The numbers of a version, for comparing.
fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split(|c: char| !c.is_ascii_digit());
    parts.filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_lacking_up_to_the_version_that_brought_it() {
        let unsupported = |before: Option<&str>| Unsupported {
            feature: Feature::Qos2,
            before: before.map(str::to_owned),
            reason: String::new(),
        };
        let since = unsupported(Some("2.10.0"));
        assert!(since.holds_for("2.9.10"));
        assert!(!since.holds_for("2.10.0") && !since.holds_for("v2.11.1-rc"));
        assert!(since.holds_for("unknown"));
        assert!(unsupported(None).holds_for("99.0"));
    }
}
