//! Logs in the format of the `HdrHistogram` tools: one per stage and figure, a line per interval.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use crate::histogram::Histogram;
use crate::tally::Tally;

/// The logs of a run, growing interval by interval.
///
/// Values are nanoseconds, in the column `Interval_Max` as well. Times are seconds after the start
/// of the run, which each log gives in its head.
#[derive(Debug)]
pub struct HdrLogs {
    started: Duration,
    head: String,
    texts: BTreeMap<String, Vec<u8>>,
}

impl HdrLogs {
    /// Logs of a run that began `started_unix_ms` milliseconds after 1970; `comment` says which.
    #[must_use]
    pub fn new(started_unix_ms: u64, comment: &str) -> Self {
        let comment = comment.replace(['\r', '\n'], " ");
        Self {
            started: Duration::from_millis(started_unix_ms),
            head: format!("[{comment}; values in nanoseconds]"),
            texts: BTreeMap::new(),
        }
    }

    /// Adds the interval `tally` of `stage`, `seconds` long from `at_s` after the run's start.
    /// Figures without a value in it get no line.
    pub fn push(&mut self, stage: &str, at_s: f64, seconds: f64, tally: &Tally) {
        for (figure, histogram) in tally.histograms() {
            if !histogram.is_empty() {
                self.push_histogram(&tag(stage, figure), at_s, seconds, histogram);
            }
        }
    }

    /// The files: name (`measure.intended.hlog`) and text, in order of their names.
    #[expect(clippy::missing_panics_doc, reason = "the writer puts text only")]
    pub fn files(&self) -> impl Iterator<Item = (String, &str)> {
        self.texts.iter().map(|(tag, bytes)| {
            let text = str::from_utf8(bytes).expect("the writer puts text only");
            (format!("{tag}.hlog"), text)
        })
    }

    fn push_histogram(&mut self, tag: &str, at_s: f64, seconds: f64, histogram: &Histogram) {
        if !self.texts.contains_key(tag) {
            let head = self.head();
            self.texts.insert(tag.to_owned(), head);
        }
        let bytes = self
            .texts
            .get_mut(tag)
            .expect("it was put there if missing");
        let tag = Tag::new(tag).expect("tags are made without blanks and commas");
        let duration = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
        IntervalLogWriterBuilder::new()
            .begin_log_with(bytes, &mut V2DeflateSerializer::new())
            .and_then(|mut writer| {
                writer
                    .write_histogram(histogram, duration(at_s), duration(seconds), Some(tag))
                    .map_err(|error| std::io::Error::other(error.to_string()))
            })
            .expect("a vector takes all bytes and the histogram fits the format");
    }

    /// What every log begins with, as the Java tools write it.
    fn head(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        IntervalLogWriterBuilder::new()
            .add_comment(&self.head)
            .add_comment("[Histogram log format version 1.3]")
            .with_start_time(SystemTime::UNIX_EPOCH + self.started)
            .begin_log_with(&mut bytes, &mut V2DeflateSerializer::new())
            .expect("a vector takes all bytes");
        bytes.extend_from_slice(
            b"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
              \"Interval_Compressed_Histogram\"\n",
        );
        bytes
    }
}

/// `stage.figure` as a tag and file name: letters, digits, `-` and `_` of the stage, others as `_`.
fn tag(stage: &str, figure: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let stage = stage.chars().map(|c| if safe(c) { c } else { '_' });
    format!("{}.{figure}", stage.collect::<String>())
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::histogram;

    fn tally(values: &[u64]) -> Tally {
        let mut tally = Tally::default();
        for value in values {
            tally.intended.record(*value).unwrap();
        }
        tally
    }

    #[test]
    fn a_log_reads_back_with_its_times_tags_and_values() {
        let mut logs = HdrLogs::new(1_700_000_000_250, "p2p,\nrun 7");
        logs.push("measure", 2.0, 1.0, &tally(&[1_000, 2_000]));
        logs.push("measure", 3.0, 1.0, &tally(&[5_000_000_000]));
        let files = logs.files().collect::<Vec<_>>();
        let [(name, text)] = files.as_slice() else {
            panic!("{files:?}")
        };
        assert_eq!(name, "measure.intended.hlog");
        assert!(text.starts_with(
            "#[p2p, run 7; values in nanoseconds]\n#[Histogram log format version 1.3]\n\
             #[StartTime: 1700000000.250 (seconds since epoch)]\n\
             \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
             \"Interval_Compressed_Histogram\"\nTag=measure.intended,2.000,1.000,"
        ));
        let mut sum = histogram::empty();
        let mut starts = Vec::new();
        for entry in IntervalLogIterator::new(text.as_bytes()) {
            if let LogEntry::Interval(interval) = entry.unwrap() {
                starts.push(interval.start_timestamp().as_secs());
                let text = interval.encoded_histogram();
                assert_eq!(interval.tag().unwrap().as_str(), "measure.intended");
                histogram::add(&mut sum, &histogram::decode(text).unwrap());
            }
        }
        assert_eq!(starts, [2, 3]);
        assert_eq!((sum.len(), sum.count_at(2_000)), (3, 1));
        assert!(sum.equivalent(sum.max(), 5_000_000_000));
    }

    #[test]
    fn a_stage_with_a_hostile_name_gets_a_safe_file() {
        let mut logs = HdrLogs::new(0, "");
        logs.push("../a b,c", 0.0, 1.0, &tally(&[1]));
        assert_eq!(logs.files().next().unwrap().0, "___a_b_c.intended.hlog");
    }

    #[test]
    fn plain_v2_is_read_as_well() {
        use hdrhistogram::serialization::{Serializer as _, V2Serializer};
        let mut bytes = Vec::new();
        V2Serializer::new()
            .serialize(&tally(&[7]).intended, &mut bytes)
            .unwrap();
        let read: Histogram = Deserializer::new()
            .deserialize(&mut bytes.as_slice())
            .unwrap();
        assert_eq!(read.count_at(7), 1);
    }
}
