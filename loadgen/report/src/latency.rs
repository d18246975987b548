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
