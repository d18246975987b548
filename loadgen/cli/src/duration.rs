//! Times as users type them.

use std::time::Duration;

const INTERVAL_MIN: Duration = Duration::from_millis(10);
const INTERVAL_MAX: Duration = Duration::from_hours(1);

/// Reads `500ms`, `10s`, `1.5m` or `2h`; a number alone is seconds.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let wrong = || format!("a time is a number with ms, s, m or h behind it, not {text:?}");
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let scale = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let seconds = number.parse::<f64>().map_err(|_| wrong())? * scale;
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

/// The same for the length of an interval: 10 ms to an hour, for workers are told of its end ahead.
pub(crate) fn interval(text: &str) -> Result<Duration, String> {
    let length = parse(text)?;
    if (INTERVAL_MIN..=INTERVAL_MAX).contains(&length) {
        return Ok(length);
    }
    Err("an interval is at least 10ms and at most 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units_or_are_seconds() {
        let read = |text| parse(text).map(|time| time.as_millis());
        assert_eq!(read("500ms"), Ok(500));
        assert_eq!(read("10"), Ok(10_000));
        assert_eq!(read("1.5m"), Ok(90_000));
        assert_eq!(read("2h"), Ok(7_200_000));
        for text in [
            "",
            "s",
            "-1s",
            "1 s",
            "1d",
            "1.2.3",
            "99999999999999999999h",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn intervals_are_neither_too_short_to_be_led_nor_endless() {
        assert_eq!(interval("10ms"), Ok(Duration::from_millis(10)));
        assert_eq!(interval("1h"), Ok(Duration::from_hours(1)));
        for text in ["0", "9ms", "1.1h", "x"] {
            assert!(interval(text).is_err(), "{text}");
        }
    }
}
