//! Times as users type them.

use std::time::Duration;

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
}
