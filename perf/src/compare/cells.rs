//! The cells of all tables: a number with its spread, or the reason why there is none.

use super::comparison::{Comparison, Outcome, ScenarioDescription};
use super::figure::Figure;
use super::statistics::{median, ratio};
use super::target::RELAY;

/// One figure of one target in one scenario.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    /// It was measured.
    Number(Number),
    /// It was not, and this is why: `not supported: ...`, `not measured: ...`, `failed: ...`,
    /// `not installed; ...`.
    Reason(String),
}

/// A figure over all rounds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// The median of the rounds' ratios to the relay; none if the relay was not measured.
    pub(crate) to_relay: Option<f64>,
    /// The same to the baseline.
    pub(crate) to_baseline: Option<f64>,
    /// Whether a run said that its figures are doubtful.
    pub(crate) is_doubtful: bool,
}

/// The cell of this figure.
pub(crate) fn cell(
    comparison: &Comparison,
    scenario: &ScenarioDescription,
    figure: Figure,
    target: &str,
) -> Cell {
    let outcome = comparison.outcome(&scenario.name, target);
    let warnings = match outcome {
        Outcome::Absent { reason } => return Cell::Reason(reason.clone()),
        Outcome::Failed { reason } => return Cell::Reason(format!("failed: {reason}")),
        Outcome::Unmeasured { reason } => {
            return Cell::Reason(format!("not measured: {reason}"));
        }
        Outcome::Unsupported { reason } => {
            return Cell::Reason(format!("not supported: {reason}"));
        }
        Outcome::Measured { warnings, .. } => warnings,
    };
    let by_round = outcome.values(figure);
    let values = by_round.iter().copied().flatten().collect::<Vec<_>>();
    let Some(middle) = median(&values) else {
        return Cell::Reason("failed: no run has this figure".to_owned());
    };
    let to = |other: &str| {
        let others = comparison.outcome(&scenario.name, other).values(figure);
        ratio(by_round, others).filter(|_| other != target)
    };
    let has_relay = comparison.targets.iter().any(|other| other.name == RELAY);
    Cell::Number(Number {
        median: middle,
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        to_relay: if has_relay { to(RELAY) } else { None },
        to_baseline: comparison.baseline.as_deref().and_then(to),
        is_doubtful: !warnings.is_empty(),
    })
}

impl Number {
    /// The median in the figure's unit.
    pub(crate) fn text(&self, figure: Figure) -> String {
        figure.unit().format(self.median)
    }

    /// The smallest and the largest value, if there are several.
    pub(crate) fn spread(&self, figure: Figure) -> Option<String> {
        let unit = figure.unit();
        let both = (self.min, self.max);
        (both.0 < both.1).then(|| format!("{} to {}", unit.format(both.0), unit.format(both.1)))
    }
}

/// How many times as much, with the digits that matter.
pub(crate) fn times(ratio: Option<f64>) -> String {
    match ratio {
        None => String::new(),
        Some(ratio) if ratio >= 10.0 => format!("{ratio:.1}x"),
        Some(ratio) if ratio >= 0.1 => format!("{ratio:.2}x"),
        Some(ratio) => format!("{ratio:.4}x"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::comparison;
    use super::*;

    fn number(target: &str) -> Number {
        let comparison = comparison();
        let scenario = &comparison.scenarios[0];
        match cell(
            &comparison,
            scenario,
            Figure::DeliveriesPerCpuSecond,
            target,
        ) {
            Cell::Number(number) => number,
            Cell::Reason(reason) => panic!("{reason}"),
        }
    }

    #[test]
    fn a_number_is_the_median_with_its_spread_and_its_ratios() {
        let number = number("skein");
        assert!((number.median - 2_000_000.0).abs() < 1.0);
        assert!((number.to_baseline.expect("mosquitto was measured") - 20.0).abs() < 1e-9);
        assert!((number.to_relay.expect("the relay was measured") - 0.5).abs() < 1e-9);
        let figure = Figure::DeliveriesPerCpuSecond;
        assert_eq!(number.text(figure), "2,000,000");
        let spread = number.spread(figure);
        assert_eq!(spread.as_deref(), Some("1,000,000 to 3,000,000"));
    }

    #[test]
    fn nobody_is_compared_with_himself() {
        assert_eq!(number("relay").to_relay, None);
        assert_eq!(number("mosquitto").to_baseline, None);
    }

    #[test]
    fn what_was_not_measured_says_why() {
        let comparison = comparison();
        let text = |scenario: usize, target: &str| {
            let scenario = &comparison.scenarios[scenario];
            match cell(&comparison, scenario, scenario.figures[0], target) {
                Cell::Number(number) => panic!("{number:?}"),
                Cell::Reason(reason) => reason,
            }
        };
        assert_eq!(text(0, "emqx"), "not installed; get it");
        assert_eq!(text(1, "relay"), "not supported: no QoS 2");
        assert_eq!(text(1, "mosquitto"), "failed: it ended");
    }

    #[test]
    fn ratios_keep_the_digits_that_matter() {
        let texts = [0.0042, 0.314, 1.26, 22.4].map(|ratio| times(Some(ratio)));
        assert_eq!(texts, ["0.0042x", "0.31x", "1.26x", "22.4x"]);
        assert_eq!(times(None), "");
    }
}
