//! The order of measurements: every target once with every load, then all again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::comparison::{Outcome, ScenarioDescription, TargetResult};
use super::generator::Generator;
use super::measure::{Bench, Measured};
use super::scenario::{Scenario, fill};
use super::target::Target;
use crate::interrupt::Interrupt;

/// What is measured how often.
pub(crate) struct Rounds {
    pub(crate) generator: Generator,
    pub(crate) scenarios: Vec<Scenario>,
    /// How often everything is measured.
    pub(crate) times: u32,
    pub(crate) seconds: u32,
    pub(crate) raw: PathBuf,
    pub(crate) interrupt: Interrupt,
}

/// A scenario for a target, with what its rounds have found so far.
struct Pair<'a> {
    scenario: &'a Scenario,
    target: &'a Target,
    /// What the load generator is told, or why it is told nothing.
    arguments: Result<Vec<String>, Outcome>,
    measured: Vec<Measured>,
    failed: Option<String>,
}

impl Rounds {
    /// Measures everything; returns the results and the time it took.
    ///
    /// # Errors
    ///
    /// If somebody interrupts.
    pub(crate) fn run(&self, targets: &[Target]) -> Result<(Vec<TargetResult>, Duration)> {
        let started = Instant::now();
        let mut pairs = Vec::new();
        for scenario in &self.scenarios {
            pairs.extend(targets.iter().map(|target| Pair::new(scenario, target)));
        }
        let bench = Bench {
            generator: &self.generator,
            interrupt: &self.interrupt,
            seconds: self.seconds,
            raw: &self.raw,
        };
        let to_run = pairs.iter().filter(|pair| pair.arguments.is_ok());
        let all = to_run.map(|pair| pair.rounds(self.times)).sum::<u32>();
        let mut number = 0;
        for round in 1..=self.times {
            let takes_part =
                |pair: &&mut Pair<'_>| pair.arguments.is_ok() && round <= pair.rounds(self.times);
            for pair in pairs.iter_mut().filter(takes_part) {
                number += 1;
                let (scenario, target) = (&pair.scenario.name, pair.target.name());
                eprint!("[{number}/{all}] round {round}, {scenario}, {target}: ");
                let said = pair.measure(&bench, round);
                eprintln!("{said}");
                self.interrupt.check()?;
            }
        }
        Ok((
            pairs.into_iter().map(Pair::result).collect(),
            started.elapsed(),
        ))
    }

    /// What readers should know of a scenario.
    pub(crate) fn describe(&self, scenario: &Scenario) -> ScenarioDescription {
        let mut command = vec!["loadgen".to_owned()];
        let many = scenario.counts.map(|[_, many]| many);
        command.extend(fill(&scenario.arguments, self.seconds, many));
        ScenarioDescription {
            name: scenario.name.clone(),
            title: scenario.title.clone(),
            command,
            figures: scenario.figures.clone(),
            goals: scenario.goals.clone(),
        }
    }
}

impl<'a> Pair<'a> {
    fn new(scenario: &'a Scenario, target: &'a Target) -> Self {
        let arguments = if let Some(reason) = target.absence() {
            Err(Outcome::Absent { reason })
        } else if let Some(reason) = target.refusal(&scenario.needs) {
            Err(Outcome::Unsupported { reason })
        } else {
            let arguments = scenario.arguments(target.is_raw());
            arguments.map_err(|reason| Outcome::Unsupported { reason })
        };
        Self {
            scenario,
            target,
            arguments,
            measured: Vec::new(),
            failed: None,
        }
    }

    /// How many of `all` rounds it takes part in.
    fn rounds(&self, all: u32) -> u32 {
        self.scenario.rounds_max.map_or(all, |most| most.min(all))
    }

    /// Measures one round, unless an earlier one failed; returns what came of it.
    fn measure(&mut self, bench: &Bench<'_>, round: u32) -> String {
        let Ok(arguments) = &self.arguments else {
            return "not run".to_owned();
        };
        if self.failed.is_some() {
            return "failed before".to_owned();
        }
        let label = format!("{}-{}-{round}", self.scenario.name, self.target.name());
        match bench.measure(self.target, self.scenario, arguments, &label) {
            Ok(measured) => {
                let first = self.scenario.figures[0];
                let value = measured.figures.get(&first);
                let said = value.map_or("no figure".to_owned(), |value| {
                    format!("{} {}", first.unit().format(*value), first.title())
                });
                self.measured.push(measured);
                said
            }
            Err(error) => {
                let reason = format!("{error:#}");
                let said = format!("failed: {reason}");
                self.failed = Some(reason);
                said
            }
        }
    }

    fn result(self) -> TargetResult {
        let outcome = match (self.arguments, self.failed) {
            (Err(outcome), _) => outcome,
            (Ok(_), Some(reason)) => Outcome::Failed { reason },
            (Ok(_), None) => measured(self.scenario, &self.measured),
        };
        TargetResult {
            scenario: self.scenario.name.clone(),
            target: self.target.name().to_owned(),
            outcome,
        }
    }
}

/// The rounds of one pair, put together.
fn measured(scenario: &Scenario, rounds: &[Measured]) -> Outcome {
    let mut values = BTreeMap::new();
    for figure in &scenario.figures {
        let by_round = rounds
            .iter()
            .map(|round| round.figures.get(figure).copied());
        values.insert(*figure, by_round.collect::<Vec<_>>());
    }
    let first = values.get(&scenario.figures[0]);
    if first.is_none_or(|values| values.iter().all(Option::is_none)) {
        let reason = "the load generator's report does not have the figure".to_owned();
        return Outcome::Failed { reason };
    }
    let warnings = rounds.iter().map(|round| round.warnings.as_slice());
    let warnings = alike(warnings);
    Outcome::Measured { values, warnings }
}

/// The warnings of all rounds, those that differ in their numbers only as one: the first of them with
/// the number of rounds that said it.
fn alike<'a>(rounds: impl Iterator<Item = &'a [String]>) -> BTreeMap<String, u32> {
    // By the words: the first text, the round that said it last, and how many did.
    let mut kinds: BTreeMap<String, (&String, usize, u32)> = BTreeMap::new();
    for (round, warnings) in rounds.enumerate() {
        for warning in warnings {
            let is_number = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
            let words = warning.split(is_number).filter(|part| !part.is_empty());
            let kind = kinds
                .entry(words.collect())
                .or_insert((warning, usize::MAX, 0));
            if kind.1 != round {
                kind.1 = round;
                kind.2 += 1;
            }
        }
    }
    let texts = kinds.into_values();
    texts
        .map(|(text, _, rounds)| (text.clone(), rounds))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_that_differ_in_numbers_only_are_one() {
        let rounds = [
            vec!["late by 1.5 ms".to_owned(), "late by 2 ms".to_owned()],
            vec!["stood still 3 times".to_owned()],
            vec!["late by 1,000 ms".to_owned()],
        ];
        let warnings = alike(rounds.iter().map(Vec::as_slice));
        let expected = [("late by 1.5 ms", 2), ("stood still 3 times", 1)];
        let expected = expected.map(|(text, rounds)| (text.to_owned(), rounds));
        assert_eq!(warnings, BTreeMap::from(expected));
    }
}
