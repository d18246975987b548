//! Durations.

use core::fmt;
use core::time::Duration;

use super::{Value, split_number};
use crate::node::Scalar;

/// A length of time, written with its unit: `15s`, `1h30m`, `250ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval(pub Duration);

/// Longest name first, so that `ms` is not read as minutes.
const UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("w", 604_800_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1000),
];

impl Value for Interval {
    fn kind() -> String {
        "a duration with its unit (`ms`, `s`, `m`, `h`, `d`, `w`), such as `15s` or `1h30m`"
            .to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        let mut rest = scalar.raw.trim();
        // Zero is the same in every unit; any other bare number would be a guess.
        if rest == "0" {
            return Some(Self(Duration::ZERO));
        }
        let mut total = Duration::ZERO;
        loop {
            let (number, unit) = split_number(rest)?;
            let (name, millis) = UNITS.iter().find(|(name, _)| unit.starts_with(name))?;
            let millis = u32::try_from(*millis).ok()?;
            let part = Duration::try_from_secs_f64(number * f64::from(millis) / 1000.0).ok()?;
            total = total.checked_add(part)?;
            rest = unit[name.len()..].trim_start();
            if rest.is_empty() {
                return Some(Self(total));
            }
        }
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = self.0.as_millis();
        if left == 0 {
            return f.write_str("0s");
        }
        for (unit, millis) in [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1000),
            ("ms", 1),
        ] {
            if left >= millis {
                write!(f, "{}{unit}", left / millis)?;
                left %= millis;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Option<u128> {
        Interval::parse(&Scalar::text(text)).map(|interval| interval.0.as_millis())
    }

    #[test]
    fn units_add_up() {
        assert_eq!(millis("15s"), Some(15_000));
        assert_eq!(millis("1h30m"), Some(5_400_000));
        assert_eq!(millis("1d 2h"), Some(93_600_000));
        assert_eq!(millis("250ms"), Some(250));
        assert_eq!(millis("1.5s"), Some(1500));
        assert_eq!(millis("2w"), Some(1_209_600_000));
        assert_eq!(millis("0"), Some(0));
    }

    #[test]
    fn a_number_without_unit_is_refused() {
        for text in ["15", "1h30", "s", "", "-1s", "1x", "infinity"] {
            assert_eq!(millis(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["0s", "15s", "1h30m", "1d2h3m4s5ms"] {
            let interval = Interval::parse(&Scalar::text(text)).unwrap();
            assert_eq!(interval.to_string(), text);
        }
    }
}
