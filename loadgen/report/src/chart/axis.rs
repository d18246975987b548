//! An axis: from values to places between 0 and 1, and the marks that people read.

use crate::limits;
use crate::units::Unit;

/// How values stand along an axis.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scale {
    /// Equal differences take equal room.
    Linear,
    /// Equal ratios take equal room; what is not positive stands at the low end.
    Logarithmic,
    /// Quantiles from 0 to 0.99999, each nine more taking equal room.
    Percentile,
}

/// What an axis shows.
#[derive(Clone, Debug)]
pub struct Axis {
    /// What the values are, in words.
    pub label: String,
    /// What they count.
    pub unit: Unit,
    /// How they stand.
    pub scale: Scale,
}

/// An axis laid out for the values it must show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    scale: Scale,
    unit: Unit,
    low: f64,
    high: f64,
}

/// A mark of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mark {
    /// Place between 0 and 1.
    pub place: f64,
    /// What stands beside it; a line without text divides further.
    pub text: Option<String>,
}

/// The nines that the percentile scale reaches.
const NINES: f64 = 5.0;

impl Axis {
    /// An axis of equal differences.
    #[must_use]
    pub fn linear(label: &str, unit: Unit) -> Self {
        let label = label.to_owned();
        Self {
            label,
            unit,
            scale: Scale::Linear,
        }
    }

    /// An axis of equal ratios.
    #[must_use]
    pub fn logarithmic(label: &str, unit: Unit) -> Self {
        let label = label.to_owned();
        Self {
            label,
            unit,
            scale: Scale::Logarithmic,
        }
    }

    /// The axis of a latency by percentile.
    #[must_use]
    pub fn percentile() -> Self {
        Self {
            label: "percentile".to_owned(),
            unit: Unit::Share,
            scale: Scale::Percentile,
        }
    }

    /// Lays the axis out for `values`; those that are no numbers count for nothing. With `tight` it
    /// ends at the values, else at the next round number, and a linear one includes zero.
    pub(crate) fn layout(&self, values: impl Iterator<Item = f64>, tight: bool) -> Layout {
        let logarithmic = self.scale == Scale::Logarithmic;
        let counts = |value: &f64| value.is_finite() && (!logarithmic || *value > 0.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(counts) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (1.0, 10.0);
        }
        match self.scale {
            Scale::Percentile => (low, high) = (0.0, NINES),
            Scale::Logarithmic => {
                (low, high) = (round_down(low), round_up(high));
                if low >= high {
                    high = low * 10.0;
                }
            }
            Scale::Linear if tight => {
                if low >= high {
                    high = low + 1.0;
                }
            }
            Scale::Linear => {
                low = low.min(0.0);
                high = if high > low { high } else { low + 1.0 };
                let step = self.step(high - low);
                high = (high / step - 1e-9).ceil() * step;
                low = (low / step + 1e-9).floor() * step;
            }
        }
        Layout {
            scale: self.scale,
            unit: self.unit,
            low,
            high,
        }
    }

    fn step(&self, range: f64) -> f64 {
        step(range, self.unit)
    }
}

impl Layout {
    /// Where `value` stands, 0 at the low end and 1 at the high end, never outside.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let between = |value: f64| (value - self.low) / (self.high - self.low);
        let place = match self.scale {
            Scale::Linear => between(value),
            Scale::Logarithmic if value <= self.low => 0.0,
            Scale::Logarithmic => (value / self.low).ln() / (self.high / self.low).ln(),
            Scale::Percentile => between(-(1.0 - value).max(1e-12).log10()),
        };
        place.clamp(0.0, 1.0)
    }

    /// The marks from the low end to the high end.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        match self.scale {
            Scale::Linear => self.linear_marks(),
            Scale::Logarithmic => self.logarithmic_marks(),
            Scale::Percentile => self.percentile_marks(),
        }
    }

    fn linear_marks(&self) -> Vec<Mark> {
        let step = step(self.high - self.low, self.unit);
        let mut marks = Vec::new();
        let mut value = (self.low / step - 1e-9).ceil() * step;
        while value <= self.high + step * 1e-9 && marks.len() < limits::MARKS {
            let exact = if value.abs() < step * 1e-9 {
                0.0
            } else {
                value
            };
            marks.push(Mark {
                place: self.place(exact),
                text: Some(self.unit.mark(exact)),
            });
            value += step;
        }
        marks
    }

    fn logarithmic_marks(&self) -> Vec<Mark> {
        let decades = (self.high / self.low).log10();
        let mut marks = Vec::new();
        let mut decade = 10_f64.powf(self.low.log10().floor());
        while decade <= self.high * 1.000_001 && marks.len() < limits::MARKS {
            for digit in 1..=9_u8 {
                let value = decade * f64::from(digit);
                if value < self.low * 0.999_999 || value > self.high * 1.000_001 {
                    continue;
                }
                let named = match digit {
                    1 => true,
                    2 | 5 => decades <= 2.1,
                    3 | 4 | 6..=9 | 0 | 10.. => false,
                };
                let drawn = named || decades <= 5.1;
                let text = named.then(|| self.unit.mark(value));
                if drawn {
                    marks.push(Mark {
                        place: self.place(value),
                        text,
                    });
                }
            }
            decade *= 10.0;
        }
        marks
    }

    fn percentile_marks(&self) -> Vec<Mark> {
        let marks = [
            (0.0, "0"),
            (0.5, "50"),
            (0.9, "90"),
            (0.99, "99"),
            (0.999, "99.9"),
            (0.9999, "99.99"),
            (0.99999, "99.999 %"),
        ];
        let mark = |(quantile, text): (f64, &str)| Mark {
            place: self.place(quantile),
            text: Some(text.to_owned()),
        };
        marks.into_iter().map(mark).collect()
    }
}

/// The largest of 1, 2 and 5 times a power of ten that is at most `value`.
fn round_down(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let fits = |digit: &&f64| *digit * decade <= value * 1.000_001;
    decade * [5.0, 2.0, 1.0].iter().find(fits).unwrap_or(&1.0)
}

/// The smallest of 1, 2, 5 and 10 times a power of ten that is at least `value`.
fn round_up(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    let fits = |digit: &&f64| *digit * decade >= value * 0.999_999;
    decade * [1.0, 2.0, 5.0].iter().find(fits).unwrap_or(&10.0)
}

/// A round step that parts `range` into about five.
fn step(range: f64, unit: Unit) -> f64 {
    let rough = range / 5.0;
    let base = unit.base();
    // The next smaller power of the base; 1,024 takes more steps on its way to the next.
    let power = base.powf(rough.log(base).floor());
    let digits: &[f64] = if base > 10.0 {
        &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1024.0]
    } else {
        &[1.0, 2.0, 5.0, 10.0]
    };
    let fits = |digit: &&f64| *digit * power >= rough * 0.999;
    power * digits.iter().find(fits).unwrap_or(&base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(layout: &Layout) -> Vec<String> {
        layout
            .marks()
            .into_iter()
            .filter_map(|mark| mark.text)
            .collect()
    }

    #[test]
    fn a_linear_axis_starts_at_zero_and_has_round_marks() {
        let layout = Axis::linear("rate", Unit::PerSecond).layout([9_876.0].into_iter(), false);
        assert_eq!(
            texts(&layout),
            ["0/s", "2,000/s", "4,000/s", "6,000/s", "8,000/s", "10 k/s"]
        );
        assert!((layout.place(5_000.0) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn memory_has_marks_in_powers_of_1024() {
        let layout =
            Axis::linear("memory", Unit::Bytes).layout([9.5 * 1_048_576.0].into_iter(), false);
        assert_eq!(
            texts(&layout),
            ["0 B", "2 MiB", "4 MiB", "6 MiB", "8 MiB", "10 MiB"]
        );
    }

    #[test]
    fn a_logarithmic_axis_spans_the_values_between_round_numbers() {
        let axis = Axis::logarithmic("latency", Unit::Nanoseconds);
        let layout = axis.layout([43_000.0, 1.1e9, f64::NAN, 0.0].into_iter(), false);
        assert_eq!(texts(&layout), ["100 µs", "1 ms", "10 ms", "100 ms", "1 s"]);
        assert!((layout.low - 20_000.0).abs() < 1e-6 && (layout.high - 2e9).abs() < 1.0);
        assert!(layout.place(0.0) <= 0.0 && layout.place(1e12) >= 1.0);
        let narrow = axis.layout([110.0, 900.0].into_iter(), false);
        assert_eq!(texts(&narrow), ["100 ns", "200 ns", "500 ns", "1 µs"]);
    }

    #[test]
    fn each_nine_takes_a_fifth_of_the_percentile_axis() {
        let layout = Axis::percentile().layout(std::iter::empty(), true);
        for (quantile, place) in [
            (0.0, 0.0),
            (0.9, 0.2),
            (0.999, 0.6),
            (0.99999, 1.0),
            (1.0, 1.0),
        ] {
            assert!((layout.place(quantile) - place).abs() < 1e-6, "{quantile}");
        }
    }

    #[test]
    fn one_value_none_and_extreme_ones_make_an_axis_as_well() {
        for scale in [Scale::Linear, Scale::Logarithmic] {
            for values in [
                &[][..],
                &[0.0],
                &[5.0],
                &[-3.0, 3.0],
                &[1e-9, 1e18],
                &[f64::INFINITY],
            ] {
                for tight in [false, true] {
                    let axis = Axis {
                        label: String::new(),
                        unit: Unit::Count,
                        scale,
                    };
                    let layout = axis.layout(values.iter().copied(), tight);
                    let marks = layout.marks();
                    assert!(
                        !marks.is_empty() && marks.len() < 200,
                        "{scale:?} {values:?}"
                    );
                    assert!(marks.iter().all(|mark| (0.0..=1.0).contains(&mark.place)));
                }
            }
        }
    }
}
