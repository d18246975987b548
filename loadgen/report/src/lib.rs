//! What a run of the load generator found, and every form in which people and tools read it.
//!
//! - [`Report`]: the whole, as JSON with a versioned schema (`schema.json` beside the sources).
//! - [`Tally`]: counters and histograms of a piece of time; tallies of workers add up.
//! - [`Latency`]: a histogram's summary together with the histogram itself.
//!
//! Pure: values and strings in, strings out. Nothing here opens a file, reads a clock or knows what
//! MQTT is. It depends on no other crate of this tree, so that other tools can read reports with it.
//!
//! Invariants: what a page shows is in the report; text that came from outside is escaped; a report
//! of an unknown schema is refused, one with unknown fields is read.

pub mod chart;
mod columns;
mod comparison;
mod curve;
mod hdr_log;
pub mod histogram;
mod html;
mod interval;
mod judge;
mod latency;
mod limits;
mod merge;
pub mod page;
mod progress;
mod prometheus;
mod report;
mod run;
mod stage;
mod summary;
mod tally;
pub mod units;

pub use comparison::Comparison;
pub use curve::{percentile_chart, percentile_curve};
pub use hdr_log::HdrLogs;
pub use histogram::Histogram;
pub use html::html;
pub use interval::Interval;
pub use latency::Latency;
pub use merge::MergeError;
pub use progress::progress;
pub use prometheus::{Live, prometheus};
pub use report::{Checks, ReadError, Report, SCHEMA, Verdict};
pub use run::{Group, Machine, Run};
pub use stage::{Broker, Connections, Generator, Latencies, Messages, Stage};
pub use summary::summary;
pub use tally::Tally;
