//! The length of an interval as users type it.

use std::time::Duration;

use loadgen_plan::parse_duration;

const INTERVAL_MIN: Duration = Duration::from_millis(10);
const INTERVAL_MAX: Duration = Duration::from_hours(1);

/// Reads the length of an interval: 10 ms to an hour, for workers are told of its end ahead.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let length = parse_duration(text).map_err(|error| error.to_string())?;
    if (INTERVAL_MIN..=INTERVAL_MAX).contains(&length) {
        return Ok(length);
    }
    Err("an interval is at least 10ms and at most 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_neither_too_short_to_be_led_nor_endless() {
        assert_eq!(parse("10ms"), Ok(Duration::from_millis(10)));
        assert_eq!(parse("1h"), Ok(Duration::from_hours(1)));
        for text in ["0", "9ms", "1.1h", "x"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
