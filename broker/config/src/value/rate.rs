//! Amounts per time.

use core::fmt;
use core::time::Duration;

use super::{ByteCount, Interval, Value, split_number};
use crate::node::Scalar;

/// A number of events per time: `1000/s`, `300/5m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// Events.
    pub amount: u64,
    /// The time in which they may happen; not zero.
    pub per: Duration,
}

/// A number of bytes per time: `10MB/10s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteRate {
    /// Bytes.
    pub amount: u64,
    /// The time in which they may pass; not zero.
    pub per: Duration,
}

/// `s` is one second; otherwise a duration such as `10s`.
fn period(text: &str) -> Option<Duration> {
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic());
    let text = if bare {
        format!("1{text}")
    } else {
        text.to_owned()
    };
    let period = Interval::parse(&Scalar {
        raw: text,
        form: crate::node::Form::Text,
    })?;
    (!period.0.is_zero()).then_some(period.0)
}

fn write(f: &mut fmt::Formatter<'_>, amount: &dyn fmt::Display, per: Duration) -> fmt::Result {
    if per == Duration::from_secs(1) {
        write!(f, "{amount}/s")
    } else {
        write!(f, "{amount}/{}", Interval(per))
    }
}

impl Value for Rate {
    fn kind() -> String {
        "a rate such as `1000/s` or `300/5m`".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        let (amount, per) = scalar.raw.split_once('/')?;
        let (number, "") = split_number(amount.trim())? else {
            return None;
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked here"
        )]
        let amount =
            (number.fract() == 0.0 && (1.0..9e15).contains(&number)).then_some(number as u64)?;
        Some(Self {
            amount,
            per: period(per.trim())?,
        })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, &self.amount, self.per)
    }
}

impl Value for ByteRate {
    fn kind() -> String {
        "a rate in bytes such as `1MB/s` or `10MB/10s`".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        let (amount, per) = scalar.raw.split_once('/')?;
        let ByteCount(amount) = ByteCount::parse(&Scalar::text(amount))?;
        (amount > 0).then_some(())?;
        Some(Self {
            amount,
            per: period(per.trim())?,
        })
    }
}

impl fmt::Display for ByteRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(f, &ByteCount(self.amount), self.per)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_name_amount_and_time() {
        let rate = |text| Rate::parse(&Scalar::text(text)).map(|rate| (rate.amount, rate.per));
        assert_eq!(rate("1000/s"), Some((1000, Duration::from_secs(1))));
        assert_eq!(rate("300/5m"), Some((300, Duration::from_mins(5))));
        for text in [
            "1000", "0/s", "1000/0s", "/s", "1.5/s", "1MB/s", "10/", "10/x",
        ] {
            assert_eq!(rate(text), None, "{text}");
        }
    }

    #[test]
    fn byte_rates_take_byte_units() {
        let rate = |text| ByteRate::parse(&Scalar::text(text)).map(|rate| (rate.amount, rate.per));
        assert_eq!(rate("10MB/10s"), Some((10 << 20, Duration::from_secs(10))));
        assert_eq!(rate("512/s"), Some((512, Duration::from_secs(1))));
        assert_eq!(rate("10MB"), None);
    }

    #[test]
    fn what_is_shown_reads_back() {
        for text in ["1000/s", "300/5m"] {
            assert_eq!(Rate::parse(&Scalar::text(text)).unwrap().to_string(), text);
        }
        assert_eq!(
            ByteRate::parse(&Scalar::text("10MB/10s"))
                .unwrap()
                .to_string(),
            "10MB/10s"
        );
    }
}
