//! The line that a terminal shows while a run goes on.

use crate::interval::Interval;
use crate::units::{self, Unit};

/// Share of the scheduled messages below which the line says that the sender is behind.
const BEHIND: f64 = 0.99;

/// What happened in `interval` of `stage`, on one line without its end, at most about 120 columns.
///
/// Figures that the interval does not have are left out.
#[must_use]
pub fn progress(stage: &str, interval: &Interval) -> String {
    let rate = |count| Unit::PerSecond.format(units::rate(count, interval.seconds));
    let mut parts = vec![
        format!("{} {}", clock(interval.at_s + interval.seconds), stage),
        format!("{} connected", units::count(interval.connected)),
    ];
    if interval.connects > 0 {
        parts.push(format!("connects {}", rate(interval.connects)));
    }
    if interval.sent + interval.scheduled + interval.delivered > 0 {
        parts.push(format!("sent {}", rate(interval.sent)));
        parts.push(format!("delivered {}", rate(interval.delivered)));
    }
    let behind = units::float(interval.sent) < BEHIND * units::float(interval.scheduled);
    if behind {
        parts.push(format!("BEHIND {}", rate(interval.scheduled)));
    }
    let quantiles = [
        ("p50", interval.p50_ns),
        ("p99", interval.p99_ns),
        ("p99.9", interval.p999_ns),
        ("max", interval.max_ns),
    ];
    let quantiles = quantiles
        .iter()
        .filter_map(|(name, value)| Some(format!("{name} {}", units::nanoseconds((*value)?))))
        .collect::<Vec<_>>();
    if !quantiles.is_empty() {
        parts.push(quantiles.join(" "));
    }
    if let Some(cpu_s) = interval.broker_cpu_s.filter(|_| interval.seconds > 0.0) {
        parts.push(format!(
            "broker {}",
            Unit::Share.format(cpu_s / interval.seconds)
        ));
    }
    parts.join(" | ")
}

/// Seconds as minutes and seconds: `01:07`, or `1:00:00` from an hour on.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float becomes the nearest whole number, none is needed beyond"
)]
fn clock(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_rates_percentiles_and_the_broker() {
        let interval = Interval {
            at_s: 66.0,
            seconds: 1.0,
            connected: 100,
            scheduled: 10_000,
            sent: 10_000,
            delivered: 9_998,
            p50_ns: Some(102_000),
            p99_ns: Some(394_000),
            p999_ns: Some(1_250_000),
            max_ns: Some(3_000_000),
            broker_cpu_s: Some(0.531),
            ..Interval::default()
        };
        let expected = "01:07 measure | 100 connected | sent 10,000/s | delivered 9,998/s | \
                        p50 102 µs p99 394 µs p99.9 1.25 ms max 3.00 ms | broker 53.1 %";
        assert_eq!(progress("measure", &interval), expected);
    }

    #[test]
    fn a_line_says_what_the_sender_owes_and_leaves_out_what_there_is_not() {
        let interval = Interval {
            at_s: 3599.0,
            seconds: 2.0,
            connects: 50,
            scheduled: 1_000,
            ..Interval::default()
        };
        let expected = "1:00:01 ramp | 0 connected | connects 25/s | sent 0/s | delivered 0/s | \
                        BEHIND 500/s";
        assert_eq!(progress("ramp", &interval), expected);
    }
}
