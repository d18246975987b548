//! One figure against its baseline.

use anyhow::Result;
use serde::Serialize;

use super::baseline::{Allowed, Baseline};
use super::figure::{Figure, Kind};

/// What is to be said about a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Judgement {
    /// Passes, but the baseline allows more than it should.
    Better,
    /// Could not be measured.
    Failed,
    /// The baseline does not have it.
    New,
    /// More than the design allows, whatever the baseline is.
    OverLimit,
    /// Passes.
    Within,
    /// More than the baseline allows.
    Worse,
}

/// A figure as measured, beside what it may be.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unit: String,
    /// `None`: could not be measured, see `problem`.
    pub(crate) value: Option<f64>,
    pub(crate) judgement: Judgement,
    pub(crate) baseline: Option<Allowed>,
    /// Why there is no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
    #[serde(skip)]
    pub(crate) kind: Kind,
}

impl Row {
    /// Whether the gate may let this pass.
    pub(crate) fn passes(&self) -> bool {
        matches!(self.judgement, Judgement::Better | Judgement::Within)
    }

    /// How far from the baseline, as a part of it.
    pub(crate) fn change(&self) -> Option<f64> {
        let old = self.baseline.as_ref()?.value;
        let now = self.value?;
        (old > 0.0).then_some((now - old) / old)
    }
}

/// Compares a value with what the baseline allows.
pub(crate) fn judge(figure: Figure, value: Result<f64>, baseline: &Baseline) -> Row {
    let allowed = baseline.figures.get(&figure.name).cloned();
    let (value, problem) = match value {
        Ok(value) if value.is_finite() => (Some(value), None),
        Ok(value) => (None, Some(format!("{value} is no number"))),
        Err(error) => (None, Some(format!("{error:#}"))),
    };
    let judgement = match (value, &allowed) {
        (None, _) => Judgement::Failed,
        (Some(_), None) => Judgement::New,
        (Some(value), Some(allowed)) => judgement(value, allowed),
    };
    Row {
        name: figure.name,
        unit: figure.unit,
        value,
        judgement,
        baseline: allowed,
        problem,
        kind: figure.kind,
    }
}

fn judgement(value: f64, allowed: &Allowed) -> Judgement {
    if allowed.limit.is_some_and(|limit| value > limit) {
        Judgement::OverLimit
    } else if value > allowed.most() {
        Judgement::Worse
    } else if value < allowed.least() {
        Judgement::Better
    } else {
        Judgement::Within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(value: f64, tolerance: f64, slack: f64, limit: Option<f64>) -> Allowed {
        Allowed {
            value,
            unit: "instructions per message".to_owned(),
            tolerance,
            slack,
            limit,
        }
    }

    #[test]
    fn a_value_passes_up_to_its_tolerance_and_no_further() {
        let allowed = allowed(1000.0, 0.03, 0.0, None);
        assert_eq!(judgement(1030.0, &allowed), Judgement::Within);
        assert_eq!(judgement(1030.5, &allowed), Judgement::Worse);
        assert_eq!(judgement(970.0, &allowed), Judgement::Within);
        assert_eq!(judgement(969.5, &allowed), Judgement::Better);
    }

    #[test]
    fn a_baseline_of_zero_allows_its_slack() {
        let allowed = allowed(0.0, 0.0, 0.01, None);
        assert_eq!(judgement(0.0, &allowed), Judgement::Within);
        assert_eq!(judgement(0.004, &allowed), Judgement::Within);
        assert_eq!(judgement(1.0, &allowed), Judgement::Worse);
    }

    #[test]
    fn a_limit_holds_whatever_the_baseline_allows() {
        let allowed = allowed(990.0, 0.03, 0.0, Some(1000.0));
        assert_eq!(judgement(1000.0, &allowed), Judgement::Within);
        assert_eq!(judgement(1001.0, &allowed), Judgement::OverLimit);
    }

    #[test]
    fn what_is_new_or_was_not_measured_does_not_pass() {
        let figure = || Figure::new("publish", Kind::Instructions, "message");
        let empty = Baseline::default();
        let row = judge(figure(), Ok(1.0), &empty);
        assert_eq!((row.judgement, row.passes()), (Judgement::New, false));
        let row = judge(figure(), Err(anyhow::anyhow!("no valgrind")), &empty);
        assert_eq!((row.judgement, row.passes()), (Judgement::Failed, false));
        assert_eq!(row.problem.as_deref(), Some("no valgrind"));
        // A comparison with this one never says that it is worse.
        let row = judge(figure(), Ok(f64::NAN), &empty);
        assert_eq!((row.judgement, row.passes()), (Judgement::Failed, false));
    }

    #[test]
    fn a_change_is_a_part_of_the_baseline() {
        let mut baseline = Baseline::default();
        let name = "publish-instructions".to_owned();
        baseline
            .figures
            .insert(name, allowed(200.0, 0.0, 0.0, None));
        let figure = Figure::new("publish", Kind::Instructions, "message");
        let row = judge(figure, Ok(250.0), &baseline);
        assert!((row.change().unwrap() - 0.25).abs() < 1e-9);
    }
}
