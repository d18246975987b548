//! Durations as people write them.

use core::time::Duration;

use thiserror::Error;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("a time is a number with ms, s, m or h behind it, such as 10s, not `{_0}`")]
pub struct DurationError(String);

/// Reads `500ms`, `10s`, `1.5m` or `2h`; a number alone is seconds.
///
/// # Errors
///
/// [`DurationError`].
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let wrong = || DurationError(text.to_owned());
    let text = text.trim();
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    let (number, unit) = text.split_at(unit_at.unwrap_or(text.len()));
    let factor = match unit.trim() {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let number = number.parse::<f64>().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * factor).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_units_are_understood_and_nothing_else() {
        let parse = |text| parse_duration(text).map(|time| time.as_millis());
        assert_eq!(parse("500ms"), Ok(500));
        assert_eq!(parse("10s"), Ok(10_000));
        assert_eq!(parse("1.5m"), Ok(90_000));
        assert_eq!(parse("2h"), Ok(7_200_000));
        assert_eq!(parse("3"), Ok(3_000));
        for text in ["", "s", "1d", "-1s", "1e400h", "ten"] {
            assert_eq!(parse_duration(text), Err(DurationError(text.to_owned())));
        }
    }
}
