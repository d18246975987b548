//! What a comparison found, as data: `report.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::goal::Goal;
use crate::machine::Machine;

/// The form of `report.json`. Fields may be added to it, none changes its meaning.
pub(crate) const SCHEMA: &str = "skein.perf/1";

/// What a comparison found.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Comparison {
    pub(crate) schema: String,
    pub(crate) started_unix_s: u64,
    pub(crate) took_s: u64,
    /// The command line of the comparison.
    pub(crate) command: Vec<String>,
    /// What this repository was at, as git names it; none if it was not a checkout.
    pub(crate) revision: Option<String>,
    pub(crate) machine: Machine,
    pub(crate) rounds: u32,
    /// Seconds of each measurement.
    pub(crate) seconds: u32,
    /// Whether somebody ended it before all was measured.
    #[serde(default)]
    pub(crate) interrupted: bool,
    pub(crate) generator_version: String,
    /// The broker that others are compared with.
    pub(crate) baseline: Option<String>,
    pub(crate) targets: Vec<TargetDescription>,
    pub(crate) scenarios: Vec<ScenarioDescription>,
    /// One for each scenario and target, scenarios first.
    pub(crate) results: Vec<TargetResult>,
}

/// What was measured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct TargetDescription {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) home: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) program: Option<String>,
    /// Why it is not here, if it is not.
    pub(crate) absent: Option<String>,
    /// A warning if nobody has tried its adapter.
    pub(crate) untried: Option<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) command: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<String, String>,
}

/// How it was measured.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ScenarioDescription {
    pub(crate) name: String,
    pub(crate) title: String,
    /// The load generator's command line, without address and process numbers.
    pub(crate) command: Vec<String>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) goals: Vec<Goal>,
}

/// What one target did in one scenario.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct TargetResult {
    pub(crate) scenario: String,
    pub(crate) target: String,
    pub(crate) outcome: Outcome,
}

/// Figures, or the reason why there are none.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub(crate) enum Outcome {
    /// A round failed.
    Failed { reason: String },
    /// The target is not here.
    Absent { reason: String },
    /// Rounds were measured: all of them, unless the comparison was interrupted.
    Measured {
        /// Values of each figure, by round; null where a run did not have it.
        values: BTreeMap<Figure, Vec<Option<f64>>>,
        /// What makes them doubtful, each with the number of rounds that said it.
        warnings: BTreeMap<String, u32>,
    },
    /// The comparison ended before its first round.
    Unmeasured { reason: String },
    /// The target cannot do it.
    Unsupported { reason: String },
}

impl Comparison {
    /// What this target did in this scenario.
    ///
    /// # Panics
    ///
    /// If there is no such result: there is one for each scenario and target.
    pub(crate) fn outcome(&self, scenario: &str, target: &str) -> &Outcome {
        let wanted =
            |result: &&TargetResult| result.scenario == scenario && result.target == target;
        let result = self.results.iter().find(wanted);
        &result
            .expect("there is a result for each scenario and target")
            .outcome
    }

    /// Whether anything came of it.
    pub(crate) fn has_results(&self) -> bool {
        let found = |result: &TargetResult| {
            matches!(
                result.outcome,
                Outcome::Failed { .. } | Outcome::Measured { .. }
            )
        };
        self.results.iter().any(found)
    }

    /// Number of failed results.
    pub(crate) fn failures(&self) -> usize {
        let failed = |result: &&TargetResult| matches!(result.outcome, Outcome::Failed { .. });
        self.results.iter().filter(failed).count()
    }
}

impl Outcome {
    /// Values of this figure by round; none if it was not measured.
    pub(crate) fn values(&self, figure: Figure) -> &[Option<f64>] {
        match self {
            Self::Measured { values, .. } => values.get(&figure).map_or(&[], Vec::as_slice),
            Self::Absent { .. }
            | Self::Failed { .. }
            | Self::Unmeasured { .. }
            | Self::Unsupported { .. } => &[],
        }
    }

    /// Number of rounds that were measured.
    pub(crate) fn rounds(&self) -> usize {
        match self {
            Self::Measured { values, .. } => values.values().map(Vec::len).max().unwrap_or(0),
            Self::Absent { .. }
            | Self::Failed { .. }
            | Self::Unmeasured { .. }
            | Self::Unsupported { .. } => 0,
        }
    }
}
