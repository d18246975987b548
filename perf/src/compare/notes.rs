//! What is to be said below a load's figures: what is missing, what failed, what is doubted.

use super::comparison::{Comparison, Outcome, ScenarioDescription};

/// A sentence for each thing, in the order of the targets.
pub(crate) fn notes(comparison: &Comparison, scenario: &ScenarioDescription) -> Vec<String> {
    let mut notes = Vec::new();
    for target in &comparison.targets {
        let title = &target.title;
        let outcome = comparison.outcome(&scenario.name, &target.name);
        let (rounds, all) = (outcome.rounds(), comparison.rounds);
        match outcome {
            // Its column says so already.
            Outcome::Absent { .. } => {}
            Outcome::Failed { reason } => notes.push(format!("{title} failed: {reason}")),
            Outcome::Measured { warnings, .. } => {
                if rounds < all as usize {
                    notes.push(format!("{title}: {rounds} of {all} rounds"));
                }
                let warnings = warnings.iter();
                notes.extend(
                    warnings.map(|(warning, rounds)| {
                        format!("{title}*, in {rounds} round(s): {warning}")
                    }),
                );
            }
            Outcome::Unmeasured { reason } | Outcome::Unsupported { reason } => {
                notes.push(format!("{title}: {reason}"));
            }
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::super::samples::comparison;
    use super::*;

    #[test]
    fn every_outcome_but_absence_is_explained() {
        let mut comparison = comparison();
        let of = |comparison: &Comparison, index| notes(comparison, &comparison.scenarios[index]);
        let doubt = |title| format!("{title}*, in 2 round(s): the generator was the limit");
        let expected = ["RELAY", "SKEIN", "MOSQUITTO"].map(doubt);
        assert_eq!(of(&comparison, 0), expected);
        let failed = "MOSQUITTO failed: it ended".to_owned();
        let unsupported = "RELAY: no QoS 2".to_owned();
        assert_eq!(of(&comparison, 1), [unsupported, doubt("SKEIN"), failed]);
        comparison.rounds = 4;
        assert!(of(&comparison, 1).contains(&"SKEIN: 3 of 4 rounds".to_owned()));
    }
}
