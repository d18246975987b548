//! Local addresses to connect from.

use core::fmt;
use core::net::Ipv4Addr;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// Addresses in a row, taken in turn: one address has no more than about 28,000 ports.
///
/// Written as `127.0.1.1` or `127.0.1.1-127.0.1.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRange {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

/// Why a text is no range of addresses.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SourceRangeError {
    /// An end is no IPv4 address.
    #[error("source is an IPv4 address or two with `-` between, not `{_0}`")]
    Form(String),
    /// The first address is above the last.
    #[error("source range {_0}-{_1} is empty")]
    Empty(Ipv4Addr, Ipv4Addr),
}

impl SourceRange {
    /// How many addresses there are; one at least.
    #[must_use]
    pub fn len(self) -> u32 {
        u32::from(self.last) - u32::from(self.first) + 1
    }

    /// Never; a range has an address.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        false
    }

    /// The address for client `number`.
    #[must_use]
    pub fn address(self, number: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.first) + number % self.len())
    }
}

impl FromStr for SourceRange {
    type Err = SourceRangeError;

    fn from_str(text: &str) -> Result<Self, SourceRangeError> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let address = |text: &str| {
            let address = text.trim().parse::<Ipv4Addr>();
            address.map_err(|_| SourceRangeError::Form(text.to_owned()))
        };
        let (first, last) = (address(first)?, address(last)?);
        if first > last {
            return Err(SourceRangeError::Empty(first, last));
        }
        // All addresses there are would not fit the count.
        if first == Ipv4Addr::UNSPECIFIED && last == Ipv4Addr::BROADCAST {
            return Err(SourceRangeError::Form(text.to_owned()));
        }
        Ok(Self { first, last })
    }
}

impl fmt::Display for SourceRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first)?;
        if self.last != self.first {
            write!(f, "-{}", self.last)?;
        }
        Ok(())
    }
}

impl Serialize for SourceRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SourceRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_take_the_addresses_in_turn() {
        let range = "127.0.1.254-127.0.2.1".parse::<SourceRange>();
        let range = range.expect("a range");
        let taken = (0..5).map(|number| range.address(number).to_string());
        let expected = [
            "127.0.1.254",
            "127.0.1.255",
            "127.0.2.0",
            "127.0.2.1",
            "127.0.1.254",
        ];
        assert_eq!(taken.collect::<Vec<_>>(), expected);
        assert_eq!(range.to_string(), "127.0.1.254-127.0.2.1");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let parse = str::parse::<SourceRange>;
        assert!(matches!(
            parse("127.0.1.9-127.0.1.1"),
            Err(SourceRangeError::Empty(..))
        ));
        for text in ["", "::1", "127.0.1.1-", "0.0.0.0-255.255.255.255"] {
            assert!(
                matches!(parse(text), Err(SourceRangeError::Form(_))),
                "{text}"
            );
        }
    }
}
