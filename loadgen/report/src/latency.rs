//! A latency: the summary people read, and the histogram it was taken from.

use serde::{Deserialize, Serialize};

use crate::histogram::{self, DecodeError, Histogram};

/// The distribution of a time, in nanoseconds.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[expect(missing_docs, reason = "each field is named for what it holds")]
pub struct Latency {
    pub count: u64,
    pub min_ns: u64,
    pub mean_ns: f64,
    pub stddev_ns: f64,
    pub p50_ns: u64,
    pub p75_ns: u64,
    pub p90_ns: u64,
    pub p95_ns: u64,
    pub p99_ns: u64,
    pub p999_ns: u64,
    pub p9999_ns: u64,
    pub max_ns: u64,
    /// Base64 of the `HdrHistogram` V2 format, deflated.
    pub histogram: String,
}

impl Latency {
    /// The summary of `histogram` with the histogram itself, `None` if it holds nothing.
    #[must_use]
    pub fn from_histogram(histogram: &Histogram) -> Option<Self> {
        if histogram.is_empty() {
            return None;
        }
        let at = |quantile| histogram.value_at_quantile(quantile);
        Some(Self {
            count: histogram.len(),
            min_ns: histogram.min(),
            mean_ns: histogram.mean(),
            stddev_ns: histogram.stdev(),
            p50_ns: at(0.5),
            p75_ns: at(0.75),
            p90_ns: at(0.9),
            p95_ns: at(0.95),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            p9999_ns: at(0.9999),
            max_ns: histogram.max(),
            histogram: histogram::encode(histogram),
        })
    }

    /// The histogram that the summary was taken from.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the text in the report is no histogram.
    pub fn to_histogram(&self) -> Result<Histogram, DecodeError> {
        histogram::decode(&self.histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_the_figures_of_its_histogram() {
        let mut values = histogram::empty();
        for value in 1..=10_000_u64 {
            values.record(value * 100).unwrap();
        }
        let latency = Latency::from_histogram(&values).unwrap();
        let near = |found: u64, expected: u64| found.abs_diff(expected) * 1000 <= expected;
        assert_eq!((latency.count, latency.min_ns), (10_000, 100));
        assert!(near(latency.p50_ns, 500_000) && near(latency.p75_ns, 750_000));
        assert!(near(latency.p90_ns, 900_000) && near(latency.p95_ns, 950_000));
        assert!(near(latency.p99_ns, 990_000) && near(latency.p999_ns, 999_000));
        assert!(near(latency.p9999_ns, 999_900) && near(latency.max_ns, 1_000_000));
        assert!((latency.mean_ns / 500_050.0 - 1.0).abs() < 0.001);
        assert!((latency.stddev_ns / 288_675.0 - 1.0).abs() < 0.001);
        assert_eq!(latency.to_histogram().unwrap(), values);
    }

    #[test]
    fn no_values_make_no_summary() {
        assert!(Latency::from_histogram(&histogram::empty()).is_none());
    }
}
