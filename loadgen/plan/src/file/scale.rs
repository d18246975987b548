//! The factor that makes a scenario fit a small machine.

/// A rate, scaled; one per second at least, unless it was less before.
pub(super) fn scaled(rate: f64, scale: f64) -> f64 {
    (rate * scale).max(rate.min(1.0))
}

/// A number of clients, scaled; one at least, unless there were none before.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product is not negative, and the cast saturates"
)]
pub(super) fn scaled_clients(clients: u32, scale: f64) -> u32 {
    let scaled = (f64::from(clients) * scale).round() as u32;
    scaled.max(clients.min(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_remains_where_something_was() {
        assert_eq!(scaled_clients(50_000, 0.01), 500);
        assert_eq!(scaled_clients(5, 0.01), 1);
        assert_eq!(scaled_clients(0, 0.01), 0);
        assert_eq!(scaled_clients(u32::MAX, 10.0), u32::MAX);
        for (rate, expected) in [(1000.0, 10.0), (20.0, 1.0), (0.5, 0.5)] {
            assert!((scaled(rate, 0.01) - expected).abs() < 1e-9);
        }
    }
}
