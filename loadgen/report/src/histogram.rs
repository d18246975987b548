//! Histograms of nanoseconds: their bounds, and their text form (base64 of `HdrHistogram` V2).
//!
//! The module also serves as `#[serde(with = "loadgen_report::histogram")]` for fields of type
//! [`Histogram`], so that they travel over pipes as that text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use serde::{Deserialize as _, Deserializer as SerdeDeserializer, Serializer as SerdeSerializer};

/// A histogram of nanoseconds.
pub type Histogram = hdrhistogram::Histogram<u64>;

/// Nanoseconds in the longest time that a histogram of [`empty`] tells apart, one hour.
pub const LONGEST_NS: u64 = 3_600_000_000_000;

/// Digits that a histogram keeps of each value.
const DIGITS: u8 = 3;

/// Why a text is no histogram. Nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The text is no base64.
    #[error("the histogram is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// The bytes are no histogram in V2 format, deflated or plain.
    #[error("the histogram is not in HdrHistogram format: {0}")]
    Format(#[from] hdrhistogram::serialization::DeserializeError),
}

/// A histogram without values, for 1 ns to an hour with 3 digits; it takes about 260 KiB.
///
/// Record with `saturating_record`: what took longer than an hour counts as an hour.
#[must_use]
#[expect(clippy::missing_panics_doc, reason = "the bounds are constants")]
pub fn empty() -> Histogram {
    Histogram::new_with_bounds(1, LONGEST_NS, DIGITS)
        .expect("the bounds are constants that the histogram accepts")
}

/// Adds what `from` holds to `to`; values beyond the range of `to` count as its longest.
pub fn add(to: &mut Histogram, from: &Histogram) {
    if to.add(from).is_ok() {
        return;
    }
    for step in from.iter_recorded() {
        to.saturating_record_n(step.value_iterated_to(), step.count_at_value());
    }
}

/// The text form of `histogram`.
#[must_use]
#[expect(
    clippy::missing_panics_doc,
    reason = "writing to a vector does not fail"
)]
pub fn encode(histogram: &Histogram) -> String {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(histogram, &mut bytes)
        .expect("a vector takes all bytes and the histogram fits the format");
    STANDARD.encode(bytes)
}

/// The histogram of a text form, with the bounds it was made with.
///
/// # Errors
///
/// [`DecodeError`] if `text` is no base64 or its bytes are no histogram.
pub fn decode(text: &str) -> Result<Histogram, DecodeError> {
    let bytes = STANDARD.decode(text)?;
    Ok(Deserializer::new().deserialize(&mut bytes.as_slice())?)
}

/// Writes `histogram` as its text form.
///
/// # Errors
///
/// Those of `serializer`.
pub fn serialize<S: SerdeSerializer>(
    histogram: &Histogram,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(histogram))
}

/// Reads a histogram from its text form.
///
/// # Errors
///
/// Those of `deserializer`, and its form of [`DecodeError`].
pub fn deserialize<'de, D: SerdeDeserializer<'de>>(deserializer: D) -> Result<Histogram, D::Error> {
    let text = String::deserialize(deserializer)?;
    decode(&text).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_keeps_bounds_and_values() {
        let mut values = empty();
        for value in [0, 1, 999, 123_456_789, LONGEST_NS] {
            values.record(value).unwrap();
        }
        let read = decode(&encode(&values)).unwrap();
        assert_eq!(read, values);
        assert_eq!(
            (read.sigfig(), read.high()),
            (values.sigfig(), values.high())
        );
    }

    #[test]
    fn longer_than_an_hour_counts_as_an_hour() {
        let mut values = empty();
        assert!(values.record(LONGEST_NS * 4).is_err());
        values.saturating_record(LONGEST_NS * 4);
        assert!(values.max() >= LONGEST_NS);
        let mut wide = Histogram::new(3).unwrap();
        wide.record(LONGEST_NS * 4).unwrap();
        add(&mut values, &wide);
        assert_eq!(values.len(), 2);
    }

    #[test]
    fn adding_is_as_recording_all_in_one() {
        let (mut all, mut parts) = (empty(), [empty(), empty()]);
        for value in 1..1000 {
            all.record(value * value).unwrap();
            parts[usize::from(value % 3 == 0)]
                .record(value * value)
                .unwrap();
        }
        let [mut sum, other] = parts;
        add(&mut sum, &other);
        assert_eq!(sum, all);
    }

    #[test]
    fn what_is_no_histogram_is_refused() {
        assert!(matches!(decode("?"), Err(DecodeError::Base64(_))));
        assert!(matches!(decode("AAAA"), Err(DecodeError::Format(_))));
        let mut values = empty();
        values.record_n(123_456_789, 1000).unwrap();
        let text = encode(&values);
        assert!(matches!(
            decode(&text[..text.len() / 8 * 4]),
            Err(DecodeError::Format(_))
        ));
    }

    #[test]
    fn fields_travel_as_text() {
        #[derive(serde::Deserialize, serde::Serialize)]
        struct Sample(#[serde(with = "crate::histogram")] Histogram);
        let mut values = empty();
        values.record(42).unwrap();
        let json = serde_json::to_string(&Sample(values.clone())).unwrap();
        assert_eq!(json, format!("{:?}", encode(&values)));
        assert_eq!(serde_json::from_str::<Sample>(&json).unwrap().0, values);
        assert!(serde_json::from_str::<Sample>("\"?\"").is_err());
    }
}
