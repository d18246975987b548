//! Medians, and how far rounds lie apart.

/// The middle of `values`; the mean of the two middle ones if their number is even. `None` of none.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        length if length.is_multiple_of(2) => {
            Some(f64::midpoint(sorted[middle - 1], sorted[middle]))
        }
        _ => Some(sorted[middle]),
    }
}

/// The median of the ratios of rounds that both have, so that what slowed a whole round cancels out.
pub(crate) fn ratio(values: &[Option<f64>], others: &[Option<f64>]) -> Option<f64> {
    let pairs = values.iter().zip(others);
    let ratios = pairs.filter_map(|(value, other)| Some((*value)? / (*other)?));
    let ratios = ratios.filter(|ratio| ratio.is_finite());
    median(&ratios.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_two() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn a_slow_round_does_not_change_the_ratio() {
        let values = [Some(10.0), Some(1.0), Some(10.0)];
        let others = [Some(5.0), Some(0.5), None];
        assert_eq!(ratio(&values, &others), Some(2.0));
        assert_eq!(ratio(&values, &[None, None, None]), None);
    }
}
