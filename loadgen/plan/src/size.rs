//! Sizes of payloads.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::{PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MIN};

/// Bytes of a payload: always the same, or drawn for each message.
///
/// Written as `256`, `64..1024` (all sizes alike, both ends included) or `64:9,1024:1` (nine of ten
/// messages have 64 bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Size {
    /// This many.
    Fixed(u32),
    /// At least the first, at most the second.
    Range(u32, u32),
    /// Sizes and how often each comes relative to the others; one at least, weights above zero.
    Weighted(Vec<(u32, u32)>),
}

/// Why a text is no size.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SizeError {
    /// The text has none of the three forms.
    #[error("size is `256`, `64..1024` or `64:9,1024:1`, not `{_0}`")]
    Form(String),
    /// No room for the stamp, or more than a packet should hold.
    #[error(
        "payloads have {PAYLOAD_BYTES_MIN} to {PAYLOAD_BYTES_MAX} bytes (the stamp stands in the \
         first {PAYLOAD_BYTES_MIN}), not {_0}"
    )]
    Bounds(u32),
    /// The first number of a range is above the second.
    #[error("size range {_0}..{_1} is empty")]
    Empty(u32, u32),
    /// A weight is zero, or all together do not fit 32 bits.
    #[error("weights of sizes are above zero and below four thousand million together")]
    Weights,
}

impl Size {
    /// The size that the random number `draw` stands for.
    #[must_use]
    #[inline]
    pub fn pick(&self, draw: u64) -> u32 {
        match self {
            Self::Fixed(bytes) => *bytes,
            Self::Range(min, max) => min + scale(draw, max - min + 1),
            Self::Weighted(weighted) => {
                let total = weighted.iter().map(|(_, weight)| weight).sum();
                let mut left = scale(draw, total);
                for &(bytes, weight) in weighted {
                    if left < weight {
                        return bytes;
                    }
                    left -= weight;
                }
                PAYLOAD_BYTES_MIN
            }
        }
    }

    /// The largest size there is.
    #[must_use]
    pub fn max(&self) -> u32 {
        match self {
            Self::Fixed(bytes) | Self::Range(_, bytes) => *bytes,
            Self::Weighted(weighted) => weighted.iter().map(|(bytes, _)| *bytes).max().unwrap_or(0),
        }
    }

    /// The smallest size there is.
    #[must_use]
    pub fn min(&self) -> u32 {
        match self {
            Self::Fixed(bytes) | Self::Range(bytes, _) => *bytes,
            Self::Weighted(weighted) => weighted.iter().map(|(bytes, _)| *bytes).min().unwrap_or(0),
        }
    }

    /// Checks bounds and weights.
    ///
    /// # Errors
    ///
    /// [`SizeError`], but not [`SizeError::Form`].
    pub fn check(&self) -> Result<(), SizeError> {
        let bounds = PAYLOAD_BYTES_MIN..=PAYLOAD_BYTES_MAX;
        for bytes in [self.min(), self.max()] {
            if !bounds.contains(&bytes) {
                return Err(SizeError::Bounds(bytes));
            }
        }
        match self {
            Self::Range(min, max) if min > max => Err(SizeError::Empty(*min, *max)),
            Self::Weighted(weighted) => {
                let all = weighted.iter().try_fold(0_u32, |sum, (_, weight)| {
                    sum.checked_add(*weight).filter(|_| *weight > 0)
                });
                all.map(drop).ok_or(SizeError::Weights)
            }
            Self::Fixed(_) | Self::Range(..) => Ok(()),
        }
    }
}

/// A number below `bound`, which is above zero, in proportion to `draw`.
fn scale(draw: u64, bound: u32) -> u32 {
    let scaled = (u128::from(draw) * u128::from(bound)) >> 64;
    u32::try_from(scaled).expect("a fraction of a number is below it")
}

impl FromStr for Size {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        let wrong = || SizeError::Form(text.to_owned());
        let number = |text: &str| text.trim().parse::<u32>().map_err(|_| wrong());
        let size = if let Some((min, max)) = text.split_once("..") {
            Self::Range(number(min)?, number(max)?)
        } else if text.contains(':') {
            let pair = |pair: &str| {
                let (bytes, weight) = pair.split_once(':').ok_or_else(wrong)?;
                Ok((number(bytes)?, number(weight)?))
            };
            Self::Weighted(
                text.split(',')
                    .map(pair)
                    .collect::<Result<_, SizeError>>()?,
            )
        } else {
            Self::Fixed(number(text)?)
        };
        size.check().map(|()| size)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(bytes) => write!(f, "{bytes}"),
            Self::Range(min, max) => write!(f, "{min}..{max}"),
            Self::Weighted(weighted) => {
                for (at, (bytes, weight)) in weighted.iter().enumerate() {
                    write!(f, "{}{bytes}:{weight}", if at > 0 { "," } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u32),
            Text(String),
        }
        let text = match Written::deserialize(deserializer)? {
            Written::Number(bytes) => bytes.to_string(),
            Written::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_are_read_and_written_alike() {
        for (text, size) in [
            ("256", Size::Fixed(256)),
            ("64..1024", Size::Range(64, 1024)),
            ("64:9,1024:1", Size::Weighted(vec![(64, 9), (1024, 1)])),
        ] {
            assert_eq!(text.parse(), Ok(size.clone()));
            assert_eq!(size.to_string(), text);
        }
    }

    #[test]
    fn what_has_no_room_for_a_stamp_or_no_sense_is_refused() {
        let parse = str::parse::<Size>;
        assert_eq!(parse("15"), Err(SizeError::Bounds(15)));
        assert_eq!(parse("64:1,8:1"), Err(SizeError::Bounds(8)));
        assert_eq!(parse("16777217"), Err(SizeError::Bounds(16_777_217)));
        assert_eq!(parse("64..32"), Err(SizeError::Empty(64, 32)));
        assert_eq!(parse("64:0"), Err(SizeError::Weights));
        assert_eq!(parse("64:4294967295,65:1"), Err(SizeError::Weights));
        for text in ["", "x", "64..", "64:1,", "1e3", "-5"] {
            assert_eq!(parse(text), Err(SizeError::Form(text.to_owned())));
        }
    }

    #[test]
    fn draws_reach_both_ends_of_a_range() {
        let size = Size::Range(64, 67);
        let picked = |draw| size.pick(draw);
        assert_eq!((picked(0), picked(u64::MAX)), (64, 67));
        let quarter = u64::MAX / 4 + 1;
        assert_eq!([1, 2, 3].map(|n| picked(n * quarter)), [65, 66, 67]);
    }

    #[test]
    fn weights_decide_how_often_a_size_comes() {
        let size = Size::Weighted(vec![(64, 9), (1024, 1)]);
        let draws = (0..1000_u64).map(|at| at * (u64::MAX / 1000));
        let large = draws.filter(|&draw| size.pick(draw) == 1024).count();
        assert!((99..=101).contains(&large), "{large}");
    }
}
