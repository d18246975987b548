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

/// What came of all rounds.
pub(crate) struct Found {
    pub(crate) results: Vec<TargetResult>,
    pub(crate) took: Duration,
    /// Whether somebody interrupted before all was measured.
    pub(crate) interrupted: bool,
}

impl Rounds {
    /// Measures everything, or what there is time for until somebody interrupts.
    pub(crate) fn run(&self, targets: &[Target]) -> Found {
        let started = Instant::now();
        let mut pairs = Vec::new();
        for scenario in &self.scenarios {
            pairs.extend(targets.iter().map(|target| Pair::new(scenario, target)));
        }
        let interrupted = self.take_turns(&mut pairs).is_err();
        Found {
            results: pairs.into_iter().map(Pair::result).collect(),
            took: started.elapsed(),
            interrupted,
        }
    }

    /// Every pair once, then all again.
    ///
    /// # Errors
    ///
    /// If somebody interrupts; what was measured until then is there.
    fn take_turns(&self, pairs: &mut [Pair<'_>]) -> Result<()> {
        let bench = Bench {
            generator: &self.generator,
            interrupt: &self.interrupt,
            seconds: self.seconds,
            raw: &self.raw,
        };
        let to_run = pairs.iter().filter(|pair| pair.arguments.is_ok());
        let all = to_run
            .map(|pair| pair.scenario.rounds(self.times))
            .sum::<u32>();
        let mut number = 0;
        for round in 1..=self.times {
            for pair in &mut *pairs {
                if pair.arguments.is_err() || round > pair.scenario.rounds(self.times) {
                    continue;
                }
                self.interrupt.check()?;
                number += 1;
                let (scenario, target) = (&pair.scenario.name, pair.target.name());
                eprint!("[{number}/{all}] round {round}, {scenario}, {target}: ");
                let said = pair.measure(&bench, round);
                eprintln!("{}", said.as_deref().unwrap_or("interrupted"));
                said?;
            }
        }
        Ok(())
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

    /// Measures one round, unless an earlier one failed; returns what came of it.
    ///
    /// # Errors
    ///
    /// If somebody interrupts the measurement, which is then as if it had not begun.
    fn measure(&mut self, bench: &Bench<'_>, round: u32) -> Result<String> {
        let Ok(arguments) = &self.arguments else {
            return Ok("not run".to_owned());
        };
        if self.failed.is_some() {
            return Ok("failed before".to_owned());
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
                Ok(said)
            }
            Err(error) => {
                // Whatever failed then may have failed for it.
                bench.interrupt.check()?;
                let reason = format!("{error:#}");
                let said = format!("failed: {reason}");
                self.failed = Some(reason);
                Ok(said)
            }
        }
    }

    fn result(self) -> TargetResult {
        let outcome = match (self.arguments, self.failed) {
            (Err(outcome), _) => outcome,
            (Ok(_), Some(reason)) => Outcome::Failed { reason },
            (Ok(_), None) if self.measured.is_empty() => Outcome::Unmeasured {
                reason: "interrupted before its first round".to_owned(),
            },
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
    // A median of the rounds that were lucky would hide that others had nothing to show.
    let first = scenario.figures[0];
    let without = values[&first].iter().filter(|value| value.is_none());
    let without = without.count();
    if without > 0 {
        let (figure, all) = (first.title(), rounds.len());
        let reason = format!("{without} of {all} run(s) had no {figure}");
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
    use super::super::figure::Figure;
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

    #[test]
    fn a_round_without_the_first_figure_is_a_failure() {
        let scenario = "title = \"A\"\norder = 1\nsuites = []\narguments = []\n\
                        figures = [\"deliveries-per-second\", \"latency-p50\"]\n";
        let scenario: Scenario = toml::from_str(scenario).expect("it is one");
        let round = |figures: &[(Figure, f64)]| Measured {
            figures: figures.iter().copied().collect(),
            warnings: Vec::new(),
        };
        let whole = round(&[
            (Figure::DeliveriesPerSecond, 3.0),
            (Figure::LatencyP50, 1.0),
        ]);
        let without_latency = round(&[(Figure::DeliveriesPerSecond, 4.0)]);
        let outcome = measured(&scenario, &[whole.clone(), without_latency]);
        assert_eq!(outcome.values(Figure::LatencyP50), [Some(1.0), None]);
        let reason = "1 of 2 run(s) had no deliveries per second".to_owned();
        let outcome = measured(&scenario, &[whole, round(&[])]);
        assert_eq!(outcome, Outcome::Failed { reason });
    }
}
