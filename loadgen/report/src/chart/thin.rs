//! Fewer points for a line, without losing its peaks and dips.

/// At most about `points_max` of `points`, which stand in order of x: of each stretch the highest and
/// the lowest, and one gap if it has any.
pub(super) fn thin(points: &[(f64, f64)], points_max: usize) -> Vec<(f64, f64)> {
    if points.len() <= points_max {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil((points_max / 2).max(1));
    let mut kept = Vec::with_capacity(points_max + 2);
    for points in points.chunks(stretch) {
        let gap = points.iter().find(|point| point.1.is_nan());
        let real = || points.iter().filter(|point| !point.1.is_nan());
        let low = real().min_by(|a, b| a.1.total_cmp(&b.1));
        let high = real().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut chosen = [gap, low, high]
            .into_iter()
            .flatten()
            .copied()
            .collect::<Vec<_>>();
        chosen.sort_by(|a, b| a.0.total_cmp(&b.0));
        chosen.dedup_by(|a, b| a.0.total_cmp(&b.0).is_eq() && a.1.total_cmp(&b.1).is_eq());
        kept.extend(chosen);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_line_is_kept_whole() {
        let points = [(0.0, 1.0), (1.0, 2.0)];
        assert_eq!(thin(&points, 2), points);
    }

    #[test]
    fn the_single_peak_and_the_single_dip_of_a_long_line_survive() {
        let mut points = (0..10_000_u32)
            .map(|x| (f64::from(x), 5.0))
            .collect::<Vec<_>>();
        (points[4_321].1, points[7_777].1) = (900.0, 0.0);
        let kept = thin(&points, 200);
        assert!(kept.len() <= 202, "{}", kept.len());
        assert!(kept.contains(&(4_321.0, 900.0)) && kept.contains(&(7_777.0, 0.0)));
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn gaps_survive() {
        let mut points = (0..1_000_u32)
            .map(|x| (f64::from(x), 5.0))
            .collect::<Vec<_>>();
        points[500].1 = f64::NAN;
        assert!(thin(&points, 100).iter().any(|point| point.1.is_nan()));
    }
}
