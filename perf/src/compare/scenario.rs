//! What is measured: one file of `perf/scenarios` for each load.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::figure::Figure;
use super::goal::Goal;
use crate::adapter::{Feature, toml_files};

/// One load and what is read off it, as `perf/scenarios/NAME.toml` describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The name of the file.
    #[serde(skip)]
    pub(crate) name: String,
    /// What readers see.
    pub(crate) title: String,
    /// Its place among the others; lower comes first.
    pub(crate) order: u32,
    /// The suites that contain it.
    pub(crate) suites: Vec<Suite>,
    /// What a broker must be able to do.
    #[serde(default)]
    pub(crate) needs: Vec<Feature>,
    /// What the load generator is told; `{seconds}` is the time to measure, `{count}` one of `counts`.
    pub(crate) arguments: Vec<String>,
    /// Few and many of something, each with a fresh broker: figures are then the slope between them.
    pub(crate) counts: Option<[u32; 2]>,
    /// Rounds that it takes part in at most, for what takes long and varies little.
    pub(crate) rounds_max: Option<u32>,
    /// What is read off, the most important first.
    pub(crate) figures: Vec<Figure>,
    /// How it is run against the relay, if not with the same arguments and `--raw`.
    #[serde(default)]
    pub(crate) relay: RelaySettings,
    /// What Skein is to reach.
    #[serde(default)]
    pub(crate) goals: Vec<Goal>,
}

/// How a scenario is run against the relay.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelaySettings {
    /// Other arguments.
    pub(crate) arguments: Option<Vec<String>>,
    /// Why it is not run.
    pub(crate) unsupported: Option<String>,
}

/// A set of scenarios.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Suite {
    /// Everything there is, often.
    Full,
    /// Whether things work at all.
    Smoke,
    /// What comparisons are about, in a quarter of an hour.
    Standard,
}

impl Suite {
    /// The suite of this name, if it is one.
    fn named(name: &str) -> Option<Self> {
        match name {
            "full" => Some(Self::Full),
            "smoke" => Some(Self::Smoke),
            "standard" => Some(Self::Standard),
            _ => None,
        }
    }

    /// Rounds, and seconds measured in each, unless the user says otherwise.
    pub(crate) fn effort(self) -> (u32, u32) {
        match self {
            Self::Full => (5, 10),
            Self::Smoke => (1, 2),
            Self::Standard => (3, 3),
        }
    }
}

/// The scenarios of a suite, or those named, and the suite that sets how long they take.
///
/// # Errors
///
/// If a name is none, or a file is wrong.
pub(crate) fn choose(wanted: &str) -> Result<(Vec<Scenario>, Suite)> {
    let mut all = load(&folder())?;
    if let Some(suite) = Suite::named(wanted) {
        all.retain(|scenario| scenario.suites.contains(&suite));
        return Ok((all, suite));
    }
    let names = wanted.split(',').collect::<Vec<_>>();
    for name in &names {
        if !all.iter().any(|scenario| scenario.name == *name) {
            let known = all.iter().map(|scenario| scenario.name.as_str());
            let known = known.collect::<Vec<_>>().join(", ");
            bail!("{name} is no scenario; there are smoke, standard, full, {known}");
        }
    }
    all.retain(|scenario| names.contains(&scenario.name.as_str()));
    Ok((all, Suite::Standard))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// All scenarios of a folder, in their order.
fn load(folder: &Path) -> Result<Vec<Scenario>> {
    let mut scenarios = Vec::new();
    for (name, path) in toml_files(folder)? {
        let text = fs::read_to_string(&path);
        let scenario = text
            .map_err(Into::into)
            .and_then(|text| parse(&name, &text));
        scenarios.push(scenario.with_context(|| format!("read {}", path.display()))?);
    }
    scenarios.sort_by(|one, other| (one.order, &one.name).cmp(&(other.order, &other.name)));
    Ok(scenarios)
}

/// A scenario from its text.
fn parse(name: &str, text: &str) -> Result<Scenario> {
    let mut scenario: Scenario = toml::from_str(text)?;
    name.clone_into(&mut scenario.name);
    let has_count = scenario
        .arguments
        .iter()
        .any(|text| text.contains("{count}"));
    if has_count != scenario.counts.is_some() {
        bail!("counts and {{count}} in arguments belong together");
    }
    if scenario.counts.is_some_and(|[few, many]| few >= many) {
        bail!("counts: the first must be smaller than the second");
    }
    if scenario.figures.is_empty() {
        bail!("figures: one is needed at least");
    }
    let has_counts = scenario.counts.is_some();
    if (scenario.figures.iter()).any(|figure| figure.is_slope() != has_counts) {
        bail!("figures: those per connection need counts, and others need none");
    }
    if let Some(goal) = scenario
        .goals
        .iter()
        .find(|goal| !scenario.figures.contains(&goal.figure))
    {
        bail!("goals: {:?} is not among the figures", goal.figure);
    }
    let is_unbound = |goal: &&Goal| goal.at_least.is_none() && goal.at_most.is_none();
    if let Some(goal) = scenario.goals.iter().find(is_unbound) {
        bail!("goals: {:?} needs at_least or at_most", goal.figure);
    }
    if scenario.relay.arguments.is_some() && scenario.relay.unsupported.is_some() {
        bail!("relay: either arguments or unsupported");
    }
    Ok(scenario)
}

impl Scenario {
    /// How many of `all` rounds it takes part in.
    pub(crate) fn rounds(&self, all: u32) -> u32 {
        self.rounds_max.map_or(all, |most| most.min(all))
    }

    /// What the load generator is told about the load, or why there is none for the relay.
    pub(crate) fn arguments(&self, raw: bool) -> Result<Vec<String>, String> {
        if !raw {
            return Ok(self.arguments.clone());
        }
        if let Some(reason) = &self.relay.unsupported {
            return Err(reason.clone());
        }
        let mut arguments = self
            .relay
            .arguments
            .as_ref()
            .unwrap_or(&self.arguments)
            .clone();
        arguments.push("--raw".to_owned());
        Ok(arguments)
    }
}

/// Arguments with the placeholders replaced.
pub(crate) fn fill(arguments: &[String], seconds: u32, count: Option<u32>) -> Vec<String> {
    let filled = arguments.iter().map(|text| {
        let text = text.replace("{seconds}", &seconds.to_string());
        count.map_or_else(
            || text.clone(),
            |count| text.replace("{count}", &count.to_string()),
        )
    });
    filled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Folder;

    const LEAST: &str = "title = \"A\"\norder = 1\nsuites = [\"smoke\"]\n\
                         arguments = [\"p2p\", \"-d\", \"{seconds}s\"]\n\
                         figures = [\"deliveries-per-cpu-second\"]\n";

    fn error(text: &str) -> String {
        format!("{:#}", parse("a", text).expect_err("it is wrong"))
    }

    #[test]
    fn every_scenario_of_the_repository_is_right_and_smoke_is_part_of_standard() {
        let all = load(&folder()).expect("they are right");
        let of = |suite| {
            all.iter()
                .filter(move |scenario| scenario.suites.contains(&suite))
        };
        assert_eq!(of(Suite::Smoke).count(), 3);
        assert!(of(Suite::Smoke).all(|scenario| scenario.suites.contains(&Suite::Standard)));
        assert!(of(Suite::Standard).all(|scenario| scenario.suites.contains(&Suite::Full)));
        // A goal next to a broker that does not exist would never be judged.
        let brokers = Folder::default().names().expect("there are adapters");
        let goals = all.iter().flat_map(|scenario| &scenario.goals);
        for broker in goals.filter_map(|goal| goal.to.as_ref()) {
            assert!(brokers.contains(broker), "{broker}");
        }
    }

    #[test]
    fn scenarios_are_chosen_by_suite_or_by_name() {
        let (scenarios, suite) = choose("p2p-qos1,p2p-qos0").expect("they are there");
        let names = scenarios.iter().map(|scenario| scenario.name.as_str());
        assert_eq!(names.collect::<Vec<_>>(), ["p2p-qos0", "p2p-qos1"]);
        assert_eq!(suite, Suite::Standard);
        let error = choose("p2p-qos0,nonsense")
            .expect_err("it is none")
            .to_string();
        assert!(error.starts_with("nonsense is no scenario"), "{error}");
    }

    #[test]
    fn contradictions_are_named() {
        assert!(parse("a", LEAST).is_ok());
        assert!(error(&format!("{LEAST}counts = [1, 2]\n")).contains("belong together"));
        assert!(error(&LEAST.replace("title", "titel")).contains("titel"));
        let slope = LEAST.replace("deliveries-per-cpu-second", "bytes-per-connection");
        assert!(error(&slope).contains("need counts"));
        let goal = "[[goals]]\nfigure = \"latency-p50\"\nat_most = 1.0\nto = \"mosquitto\"\n";
        assert!(error(&format!("{LEAST}{goal}")).contains("not among the figures"));
        let both = "[\"bytes-per-connection\", \"latency-p50\"]";
        let mixed = LEAST.replace("[\"deliveries-per-cpu-second\"]", both);
        let mixed = mixed.replace("{seconds}s", "{count}");
        assert!(error(&format!("{mixed}counts = [1, 2]\n")).contains("others need none"));
        let unbound = "[[goals]]\nfigure = \"deliveries-per-cpu-second\"\n";
        assert!(error(&format!("{LEAST}{unbound}")).contains("needs at_least or at_most"));
    }

    #[test]
    fn the_relay_gets_the_same_bytes_unless_it_cannot() {
        let mut scenario = parse("a", LEAST).expect("it is right");
        let raw = scenario.arguments(true).expect("nothing forbids it");
        assert_eq!(fill(&raw, 3, None), ["p2p", "-d", "3s", "--raw"]);
        scenario.relay.unsupported = Some("no".to_owned());
        assert_eq!(scenario.arguments(true), Err("no".to_owned()));
        assert!(scenario.arguments(false).is_ok());
    }
}
