//! The keep alive that the broker imposes.

use core::fmt;

use super::{Interval, Value};
use crate::node::Scalar;

/// A Server Keep Alive in seconds, or `disabled` to use what each client asks for.
///
/// # Specification
///
/// MQTT 5.0 section 3.2.2.3.14.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServerKeepAlive {
    /// What the client asked for holds.
    Disabled,
    /// Every 5.0 client gets this many seconds; 0 switches keep alive off.
    Seconds(u16),
}

impl Value for ServerKeepAlive {
    fn kind() -> String {
        "`disabled`, a number of seconds up to 65535, or a duration in whole seconds such as `60s`"
            .to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        if scalar.raw == "disabled" {
            return Some(Self::Disabled);
        }
        if let Ok(seconds) = scalar.raw.parse() {
            return Some(Self::Seconds(seconds));
        }
        let Interval(interval) = Interval::parse(scalar)?;
        let seconds = u16::try_from(interval.as_secs()).ok()?;
        (interval.subsec_nanos() == 0).then_some(Self::Seconds(seconds))
    }
}

impl fmt::Display for ServerKeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Disabled => f.write_str("disabled"),
            Self::Seconds(seconds) => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_durations_mean_the_same() {
        let read = |text| ServerKeepAlive::parse(&Scalar::text(text));
        assert_eq!(read("disabled"), Some(ServerKeepAlive::Disabled));
        assert_eq!(read("60"), read("1m"));
        assert_eq!(read("65536"), None);
        assert_eq!(read("1500ms"), None);
    }
}
