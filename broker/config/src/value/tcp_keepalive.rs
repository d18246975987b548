//! TCP keep-alive probes.

use core::fmt;

use super::Value;
use crate::node::Scalar;

/// `none`, or `"idle,interval,probes"`: seconds of silence, seconds between probes, number of probes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TcpKeepAlive {
    /// The kernel's setting.
    None,
    /// These values, none of them zero.
    Probes {
        /// Seconds of silence before the first probe.
        idle_s: u16,
        /// Seconds between probes.
        interval_s: u16,
        /// Unanswered probes after which the connection is dead.
        probes: u16,
    },
}

impl Value for TcpKeepAlive {
    fn kind() -> String {
        "`none` or `\"idle,interval,probes\"` in seconds, such as `\"240,30,5\"`".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        if scalar.raw == "none" {
            return Some(Self::None);
        }
        let mut numbers = scalar.raw.split(',').map(|part| part.trim().parse::<u16>());
        let mut next = || numbers.next()?.ok().filter(|number| *number > 0);
        let (idle_s, interval_s, probes) = (next()?, next()?, next()?);
        numbers.next().is_none().then_some(Self::Probes {
            idle_s,
            interval_s,
            probes,
        })
    }
}

impl fmt::Display for TcpKeepAlive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Probes {
                idle_s,
                interval_s,
                probes,
            } => {
                write!(f, "{idle_s},{interval_s},{probes}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_numbers_or_none() {
        let read = |text| TcpKeepAlive::parse(&Scalar::text(text)).map(|value| value.to_string());
        assert_eq!(read("240, 30,5").as_deref(), Some("240,30,5"));
        assert_eq!(read("none").as_deref(), Some("none"));
        for text in ["240,30", "0,1,1", "1,2,3,4", "x", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
