//! Numbers as people read them: three digits that matter, and a unit.

const NANOSECONDS: [(f64, &str); 4] = [(1.0, "ns"), (1e3, "µs"), (1e6, "ms"), (1e9, "s")];

const BYTES: [(f64, &str); 5] = [
    (1.0, "B"),
    (1024.0, "KiB"),
    (1_048_576.0, "MiB"),
    (1_073_741_824.0, "GiB"),
    (1_099_511_627_776.0, "TiB"),
];

/// What a number counts, and so how it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Unit {
    /// Bytes: `1.50 MiB`.
    Bytes,
    /// Bytes in a second: `1.50 MiB/s`.
    BytesPerSecond,
    /// Things: `12,345`.
    Count,
    /// Microseconds of CPU time: `1.20 µs`.
    Microseconds,
    /// Nanoseconds: `95.3 µs`.
    Nanoseconds,
    /// A share of one core or of a whole, 1.0 is `100 %`.
    Share,
    /// How many times as much: `1.25x`.
    Ratio,
    /// Seconds: `12.3 s`.
    Seconds,
    /// Things in a second: `12,345/s`.
    PerSecond,
}

impl Unit {
    /// `value` in this unit, with three digits that matter.
    #[must_use]
    pub fn format(self, value: f64) -> String {
        if !value.is_finite() {
            return "-".to_owned();
        }
        match self {
            Self::Bytes => scaled(value, &BYTES),
            Self::BytesPerSecond => format!("{}/s", scaled(value, &BYTES)),
            Self::Count => large(value),
            Self::Microseconds => scaled(value * 1e3, &NANOSECONDS),
            Self::Nanoseconds => scaled(value, &NANOSECONDS),
            Self::Share => format!("{} %", digits(value * 100.0)),
            Self::Ratio => format!("{}x", digits(value)),
            Self::Seconds if value > 0.0 && value < 1.0 => scaled(value * 1e9, &NANOSECONDS),
            Self::Seconds => format!("{} s", digits(value)),
            Self::PerSecond => format!("{}/s", large(value)),
        }
    }

    /// `value` as the mark of an axis: like [`Self::format`], without zeros that say nothing.
    #[must_use]
    pub fn mark(self, value: f64) -> String {
        let thousands = match value.abs() {
            size if size >= 1e6 => Some((1e6, "M")),
            size if size >= 1e4 => Some((1e3, "k")),
            _ => None,
        };
        let text = match (self, thousands) {
            (Self::Count, Some((size, letter))) => format!("{} {letter}", digits(value / size)),
            (Self::PerSecond, Some((size, letter))) => {
                format!("{} {letter}/s", digits(value / size))
            }
            (
                Self::Bytes
                | Self::BytesPerSecond
                | Self::Count
                | Self::Microseconds
                | Self::Nanoseconds
                | Self::PerSecond
                | Self::Ratio
                | Self::Seconds
                | Self::Share,
                _,
            ) => self.format(value),
        };
        without_idle_zeros(&text)
    }

    /// The factor between steps of the unit's names: 1024 for bytes, 10 for all others.
    pub(crate) fn base(self) -> f64 {
        match self {
            Self::Bytes | Self::BytesPerSecond => 1024.0,
            Self::Count
            | Self::Microseconds
            | Self::Nanoseconds
            | Self::PerSecond
            | Self::Ratio
            | Self::Seconds
            | Self::Share => 10.0,
        }
    }
}

/// `value` with its thousands apart: `1,234,567`.
#[must_use]
pub fn count(value: u64) -> String {
    let plain = value.to_string();
    let mut text = String::with_capacity(plain.len() + plain.len() / 3);
    for (index, digit) in plain.chars().enumerate() {
        if index > 0 && (plain.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `value` nanoseconds: `95.3 µs`.
#[must_use]
pub fn nanoseconds(value: u64) -> String {
    Unit::Nanoseconds.format(float(value))
}

/// `value` bytes: `1.50 MiB`.
#[must_use]
pub fn bytes(value: u64) -> String {
    Unit::Bytes.format(float(value))
}

/// `unix_ms`, milliseconds since 1970, as date and time: `2024-02-29 13:05:09 UTC`.
#[must_use]
pub fn utc(unix_ms: u64) -> String {
    let seconds = unix_ms / 1000;
    // Days since 1 March of the year 0; with years that begin in March leap days come last.
    let days = seconds / 86_400 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year}-{month:02}-{date:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `total` in `seconds`, per second; 0 for no time.
#[must_use]
pub fn rate(total: u64, seconds: f64) -> f64 {
    if seconds > 0.0 {
        float(total) / seconds
    } else {
        0.0
    }
}

/// `value` for arithmetic and charts, where its last digits do not matter.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    reason = "figures for people, below 2^52 anyway"
)]
pub fn float(value: u64) -> f64 {
    value as f64
}

/// Three digits that matter; numbers from a hundred up without a fraction.
fn digits(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if size >= 99.95 {
        large(value)
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else if size >= 0.01 {
        format!("{value:.2}")
    } else {
        format!("{value:.4}")
    }
}

/// A number that is whole or large: with thousands apart, with a fraction only if it is small.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded, not negative here, and figures for people are below 2^53"
)]
fn large(value: f64) -> String {
    let size = value.abs();
    if size < 99.95 && (size - size.round()).abs() > 1e-9 {
        return digits(value);
    }
    let sign = if value <= -0.5 { "-" } else { "" };
    format!("{sign}{}", count(size.round() as u64))
}

fn scaled(value: f64, names: &[(f64, &str)]) -> String {
    // 999.95 would be written as 1,000 of the smaller name.
    let fits = |&&(size, _): &&(f64, &str)| value.abs() >= size * 0.9995;
    let &(size, name) = names.iter().rev().find(fits).unwrap_or(&names[0]);
    let number = if size <= 1.0 {
        large(value)
    } else {
        digits(value / size)
    };
    format!("{number} {name}")
}

/// `1.00 ms` becomes `1 ms`, `1.50` becomes `1.5`.
fn without_idle_zeros(text: &str) -> String {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    if !number.contains('.') {
        return text.to_owned();
    }
    let number = number.trim_end_matches('0').trim_end_matches('.');
    format!("{number}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_take_the_unit_that_keeps_three_digits() {
        let texts = [
            0,
            812,
            95_300,
            999_960,
            1_350_000,
            1_020_000_000,
            3_600_000_000_000,
        ]
        .map(nanoseconds);
        let expected = [
            "0 ns", "812 ns", "95.3 µs", "1.00 ms", "1.35 ms", "1.02 s", "3,600 s",
        ];
        assert_eq!(texts, expected);
        assert_eq!(
            [0.0, 0.5, 90.0].map(|value| Unit::Seconds.mark(value)),
            ["0 s", "500 ms", "90 s"]
        );
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(Unit::PerSecond.format(12_345.6), "12,346/s");
        assert_eq!(Unit::PerSecond.format(0.25), "0.25/s");
        assert_eq!(Unit::Count.format(-1234.0), "-1,234");
    }

    #[test]
    fn bytes_count_in_powers_of_1024() {
        assert_eq!(bytes(1023), "1,023 B");
        assert_eq!(bytes(1_572_864), "1.50 MiB");
        assert_eq!(Unit::BytesPerSecond.format(2048.0), "2.00 KiB/s");
    }

    #[test]
    fn marks_of_axes_carry_no_idle_zeros() {
        assert_eq!(Unit::Nanoseconds.mark(1e6), "1 ms");
        assert_eq!(Unit::Nanoseconds.mark(2.5e5), "250 µs");
        assert_eq!(Unit::PerSecond.mark(12_500.0), "12.5 k/s");
        assert_eq!(Unit::Count.mark(2_000_000.0), "2 M");
        assert_eq!(Unit::Share.mark(1.0), "100 %");
        assert_eq!(Unit::Bytes.mark(1_048_576.0), "1 MiB");
    }

    #[test]
    fn dates_keep_to_the_calendar() {
        assert_eq!(utc(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(utc(951_827_696_789), "2000-02-29 12:34:56 UTC");
        assert_eq!(utc(1_709_211_909_000), "2024-02-29 13:05:09 UTC");
        assert_eq!(utc(4_107_542_399_999), "2100-02-28 23:59:59 UTC");
        assert_eq!(utc(4_107_542_400_000), "2100-03-01 00:00:00 UTC");
    }

    #[test]
    fn what_is_no_number_is_a_dash() {
        assert_eq!(Unit::Ratio.format(f64::NAN), "-");
        assert_eq!(Unit::Ratio.format(1.0), "1.00x");
        assert!(rate(5, 0.0).abs() < f64::EPSILON);
    }
}
