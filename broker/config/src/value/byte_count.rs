//! Amounts of bytes.

use core::fmt;

use super::{Value, split_number};
use crate::node::Scalar;

/// A number of bytes, written `1MB`, `64KB` or as a bare number; units are multiples of 1,024.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteCount(pub u64);

const UNITS: [(&str, u32); 4] = [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10), ("B", 1)];

impl ByteCount {
    /// Reads a count from the front of a text and gives what follows it.
    pub(super) fn split(text: &str) -> Option<(Self, &str)> {
        let (number, rest) = split_number(text)?;
        let end = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(end);
        let unit = unit.to_ascii_uppercase().replace("IB", "B");
        let factor = match unit.as_str() {
            "" => 1,
            unit => UNITS.iter().find(|(name, _)| *name == unit)?.1,
        };
        let bytes = number * f64::from(factor);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked here"
        )]
        (bytes.fract() == 0.0 && bytes < 9e15).then_some((Self(bytes as u64), rest))
    }
}

impl Value for ByteCount {
    fn kind() -> String {
        "a number of bytes (`B`, `KB`, `MB`, `GB`; 1KB is 1024 bytes), such as `1MB`".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        Self::split(scalar.raw.trim())
            .filter(|(_, rest)| rest.is_empty())
            .map(|(count, _)| count)
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole =
            |factor: u32| self.0 >= u64::from(factor) && self.0.is_multiple_of(u64::from(factor));
        let unit = UNITS.iter().find(|(_, factor)| whole(*factor));
        let (name, factor) = unit.unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / u64::from(*factor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Option<u64> {
        ByteCount::parse(&Scalar::text(text)).map(|count| count.0)
    }

    #[test]
    fn units_are_multiples_of_1024() {
        assert_eq!(bytes("1MB"), Some(1_048_576));
        assert_eq!(bytes("1.5 KiB"), Some(1536));
        assert_eq!(bytes("64kb"), Some(65_536));
        assert_eq!(bytes("1024"), Some(1024));
        assert_eq!(bytes("2GB"), Some(2_147_483_648));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "MB", "1M", "-1KB", "1MB/s", "0.3B", "1e300"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["0B", "1MB", "1536B", "3GB"] {
            assert_eq!(
                ByteCount::parse(&Scalar::text(text)).unwrap().to_string(),
                text
            );
        }
    }
}
