//! Which of Skein's goals are reached.

use super::cells::{Cell, cell, times};
use super::comparison::Comparison;
use super::statistics::ratio;

/// Whose goals they are.
const SUBJECT: &str = "skein";

/// One goal and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) scenario: String,
    pub(crate) figure: &'static str,
    /// The bound in words.
    pub(crate) goal: String,
    /// What was measured, or why nothing was.
    pub(crate) found: String,
    /// Whether the bound holds; none if it could not be told.
    pub(crate) reached: Option<bool>,
}

impl Verdict {
    /// The outcome in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self.reached {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "not measured",
        }
    }
}

/// All goals of the comparison's scenarios; none if Skein was not measured.
pub(crate) fn verdicts(comparison: &Comparison) -> Vec<Verdict> {
    let is_here = |name: &str| {
        let mut targets = comparison.targets.iter();
        targets.any(|target| target.name == name && target.absent.is_none())
    };
    let mut verdicts = Vec::new();
    if !is_here(SUBJECT) {
        return verdicts;
    }
    for scenario in &comparison.scenarios {
        for goal in &scenario.goals {
            // Without the other broker there is nothing to say.
            if goal.to.as_deref().is_some_and(|to| !is_here(to)) {
                continue;
            }
            let (value, found) = match cell(comparison, scenario, goal.figure, SUBJECT) {
                Cell::Reason(reason) => (None, reason),
                Cell::Number(number) => match &goal.to {
                    None => (Some(number.median), number.text(goal.figure)),
                    Some(to) => {
                        let of = |target: &str| comparison.outcome(&scenario.name, target);
                        let values = of(SUBJECT).values(goal.figure);
                        let ratio = ratio(values, of(to).values(goal.figure));
                        let absent = || format!("{to} has no figure");
                        (ratio, ratio.map_or_else(absent, |ratio| times(Some(ratio))))
                    }
                },
            };
            verdicts.push(Verdict {
                scenario: scenario.title.clone(),
                figure: goal.figure.title(),
                goal: goal.text(),
                found,
                reached: value.map(|value| goal.is_reached_by(value)),
            });
        }
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::super::samples::comparison;
    use super::*;

    #[test]
    fn a_goal_is_reached_missed_or_not_measured() {
        let mut comparison = comparison();
        let found = |comparison: &Comparison| {
            let verdicts = verdicts(comparison).into_iter();
            verdicts
                .map(|verdict| (verdict.word(), verdict.found))
                .collect::<Vec<_>>()
        };
        let nothing = ("not measured", "mosquitto has no figure".to_owned());
        assert_eq!(
            found(&comparison),
            [("reached", "20.0x".to_owned()), nothing]
        );
        comparison.scenarios[0].goals[0].at_least = Some(21.0);
        assert_eq!(found(&comparison)[0].0, "missed");
        comparison
            .targets
            .retain(|target| target.name != "mosquitto");
        assert_eq!(found(&comparison), []);
    }
}
