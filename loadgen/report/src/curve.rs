//! A latency by percentile, as the points of a curve.

use crate::chart::{Axis, Line, LineChart};
use crate::histogram::Histogram;
use crate::units::{self, Unit};

/// Points of the curve for each nine.
const STEPS_PER_NINE: i32 = 40;

/// The nines that the curve reaches, as the axis of a chart does.
const NINES: i32 = 5;

/// Ratio of the largest value to the smallest from which an axis is logarithmic.
const WIDE: f64 = 20.0;

/// The values of `histogram` by quantile, forty for each nine up to 0.99999.
///
/// It ends earlier where fewer values were recorded than would tell quantiles apart, with the largest
/// value. It is empty if the histogram is.
#[must_use]
pub fn percentile_curve(histogram: &Histogram) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    if histogram.is_empty() {
        return points;
    }
    let last = 1.0 - 1.0 / units::float(histogram.len());
    for step in 0..=STEPS_PER_NINE * NINES {
        let quantile = 1.0 - 10_f64.powf(-f64::from(step) / f64::from(STEPS_PER_NINE));
        if quantile >= last {
            points.push((last, units::float(histogram.max())));
            break;
        }
        points.push((
            quantile,
            units::float(histogram.value_at_quantile(quantile)),
        ));
    }
    points
}

/// The chart of latencies by percentile; its lines come from [`percentile_curve`].
#[must_use]
pub fn percentile_chart(title: &str, note: &str, lines: Vec<Line>) -> LineChart {
    LineChart {
        title: title.to_owned(),
        note: note.to_owned(),
        x: Axis::percentile(),
        y: value_axis("latency", Unit::Nanoseconds, &lines),
        lines,
        columns: Vec::new(),
        bands: Vec::new(),
    }
}

/// An axis that is logarithmic if the values of `lines` lie far apart.
pub(crate) fn value_axis(label: &str, unit: Unit, lines: &[Line]) -> Axis {
    let values = || {
        lines
            .iter()
            .flat_map(|line| &line.points)
            .map(|point| point.1)
    };
    let low = values()
        .filter(|value| *value > 0.0)
        .fold(f64::INFINITY, f64::min);
    let high = values()
        .filter(|value| value.is_finite())
        .fold(0.0, f64::max);
    if low * WIDE < high {
        Axis::logarithmic(label, unit)
    } else {
        Axis::linear(label, unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{Scale, Stroke};
    use crate::histogram;

    #[test]
    fn the_curve_meets_the_percentiles_and_ends_at_the_largest_value() {
        let mut values = histogram::empty();
        for value in 1..=1000 {
            values.record(value * 1000).unwrap();
        }
        let curve = percentile_curve(&values);
        let at = |quantile: f64| {
            let near = |point: &&(f64, f64)| (point.0 - quantile).abs() < 1e-9;
            curve.iter().find(near).unwrap().1
        };
        assert!((at(0.9) / 900_000.0 - 1.0).abs() < 0.002);
        assert!((at(0.99) / 990_000.0 - 1.0).abs() < 0.002);
        let (quantile, value) = *curve.last().unwrap();
        assert!((quantile - 0.999).abs() < 1e-9 && (value / 1e6 - 1.0).abs() < 0.002);
        assert!(curve.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1));
    }

    #[test]
    fn no_values_and_one_value_make_curves_as_well() {
        let mut values = histogram::empty();
        assert!(percentile_curve(&values).is_empty());
        values.record(7).unwrap();
        assert_eq!(percentile_curve(&values), [(0.0, 7.0)]);
    }

    #[test]
    fn values_far_apart_make_the_axis_logarithmic() {
        let lines = |high| {
            vec![Line {
                name: String::new(),
                colour: 0,
                stroke: Stroke::Solid,
                points: vec![(0.0, 10.0), (0.5, f64::NAN), (0.9, high)],
            }]
        };
        assert_eq!(
            percentile_chart("", "", lines(150.0)).y.scale,
            Scale::Linear
        );
        assert_eq!(
            percentile_chart("", "", lines(250.0)).y.scale,
            Scale::Logarithmic
        );
    }
}
