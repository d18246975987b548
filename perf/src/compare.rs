//! `perf compare`: brokers and the bare relay under the same loads, in turns.

mod cells;
mod comparison;
mod figure;
mod generator;
mod goal;
mod html;
mod markdown;
mod measure;
mod notes;
mod rounds;
#[cfg(test)]
mod samples;
mod scenario;
mod statistics;
mod target;
mod verdicts;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use clap::Args;
use shard_uring::raise_open_files;

use crate::adapter::{Folder, find, release_folder};
use crate::interrupt::{INTERRUPTED, Interrupt};
use crate::machine::Machine;

use comparison::{Comparison, SCHEMA};
use generator::Generator;
use rounds::Rounds;
use target::Target;

/// Measures brokers next to each other and next to a bare relay
///
/// Each measurement starts a fresh broker and runs the load generator once. Rounds are interleaved:
/// every broker once with every load, then all again, so that a machine whose speed drifts is as
/// unfair to all. What was seen goes to `report.md`, `report.json` and `report.html`, the load
/// generator's own reports beside them.
///
/// Exit code 0: all was measured; 1: something failed; 2: the command line is wrong; 130: somebody
/// interrupted, and the reports hold what was measured until then.
#[derive(Clone, Debug, Args)]
pub(crate) struct CompareOptions {
    /// Names of brokers, see `perf brokers`
    #[arg(long, value_delimiter = ',', required = true)]
    brokers: Vec<String>,
    /// smoke, standard, full, or names of scenarios
    #[arg(long, default_value = "standard")]
    scenarios: String,
    /// How often everything is measured [default: 1 for smoke, 3 for standard, 5 for full]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: Option<u32>,
    /// Seconds of each measurement [default: 2 for smoke, 3 for standard, 10 for full]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: Option<u32>,
    /// Folder for reports, made if need be [default: perf beside the release build]
    #[arg(long)]
    out: Option<PathBuf>,
    /// The broker that others are also compared with [default: mosquitto if it is measured]
    #[arg(long)]
    baseline: Option<String>,
    /// The load generator [default: the one of the release build]
    #[arg(long)]
    loadgen: Option<PathBuf>,
    /// Measure without the relay
    #[arg(long)]
    no_relay: bool,
    /// Measure though this is a debug build, whose relay is slow
    #[arg(long, hide = true)]
    unoptimised: bool,
}

/// Measures, and writes the reports.
///
/// # Errors
///
/// If nothing can be measured. A measurement that fails is a result, but makes the exit code 1.
pub(crate) fn run(options: &CompareOptions) -> Result<ExitCode> {
    if cfg!(debug_assertions) && !options.unoptimised {
        bail!(
            "this is a debug build, whose relay is slow; use: cargo run --release -p perf -- ..."
        );
    }
    raise_open_files().context("raise the limit of open files")?;
    let targets = targets(options)?;
    let baseline = baseline(options, &targets)?;
    let out = match &options.out {
        Some(out) => out.clone(),
        None => release_folder()?.with_file_name("perf"),
    };
    let rounds = rounds(options, &out)?;
    let comparison = compare(&rounds, &targets, baseline);
    if comparison.interrupted && !comparison.has_results() {
        bail!("interrupted before anything was measured");
    }
    write(&comparison, &out)?;
    println!("{}", markdown::tables(&comparison));
    println!("reports: {}", out.join("report.{md,json,html}").display());
    Ok(if comparison.interrupted {
        ExitCode::from(INTERRUPTED)
    } else if comparison.failures() > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// What is to be done; signals are watched from here on.
fn rounds(options: &CompareOptions, out: &Path) -> Result<Rounds> {
    let generator = match &options.loadgen {
        Some(path) => path.clone(),
        None => release_folder()?.join("loadgen"),
    };
    let generator = Generator::at(generator)?;
    let raw = out.join("raw");
    fs::create_dir_all(&raw).with_context(|| format!("make {}", raw.display()))?;
    let (scenarios, suite) = scenario::choose(&options.scenarios)?;
    let (times, seconds) = suite.effort();
    Ok(Rounds {
        generator,
        scenarios,
        times: options.rounds.unwrap_or(times),
        seconds: options.seconds.unwrap_or(seconds),
        raw,
        interrupt: Interrupt::watch()?,
    })
}

/// Does it, and puts together what readers need to know.
fn compare(rounds: &Rounds, targets: &[Target], baseline: Option<String>) -> Comparison {
    let machine = Machine::describe();
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let found = rounds.run(targets);
    Comparison {
        schema: SCHEMA.to_owned(),
        started_unix_s: started.as_secs(),
        took_s: found.took.as_secs(),
        command: std::env::args().collect(),
        revision: revision(),
        machine,
        rounds: rounds.times,
        seconds: rounds.seconds,
        interrupted: found.interrupted,
        generator_version: rounds.generator.version.clone(),
        baseline,
        targets: targets.iter().map(Target::describe).collect(),
        scenarios: rounds
            .scenarios
            .iter()
            .map(|scenario| rounds.describe(scenario))
            .collect(),
        results: found.results,
    }
}

/// The relay and the brokers asked for, whether they are here or not.
fn targets(options: &CompareOptions) -> Result<Vec<Target>> {
    let folder = Folder::default();
    let mut targets = Vec::new();
    if !options.no_relay {
        targets.push(Target::Relay);
    }
    for (place, name) in options.brokers.iter().enumerate() {
        if options.brokers[..place].contains(name) {
            bail!("{name} is named twice");
        }
        let adapter = folder.load(name)?;
        let found = find(&adapter)?;
        targets.push(Target::Broker(Box::new(adapter), found));
    }
    if !targets
        .iter()
        .any(|target| matches!(target, Target::Broker(_, Some(_))))
    {
        bail!("none of these brokers is installed, see: perf brokers");
    }
    Ok(targets)
}

/// The broker that others are compared with, if there is to be one.
fn baseline(options: &CompareOptions, targets: &[Target]) -> Result<Option<String>> {
    let is_there = |name: &str| targets.iter().any(|target| target.name() == name);
    match &options.baseline {
        Some(name) if is_there(name) => Ok(Some(name.clone())),
        Some(name) => bail!("the baseline {name} is not among the brokers"),
        None => Ok(Some("mosquitto".to_owned()).filter(|name| is_there(name))),
    }
}

/// What git says that this repository is at; programs may have been built from something else.
fn revision() -> Option<String> {
    let mut command = Command::new("git");
    command.args([
        "-C",
        env!("CARGO_MANIFEST_DIR"),
        "describe",
        "--always",
        "--dirty",
        "--abbrev=12",
    ]);
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn write(comparison: &Comparison, out: &Path) -> Result<()> {
    let json = serde_json::to_string_pretty(comparison).context("write report.json")? + "\n";
    let files = [
        ("report.json", json),
        ("report.md", markdown::page(comparison)),
        ("report.html", html::page(comparison)),
    ];
    for (name, text) in files {
        fs::write(out.join(name), text).with_context(|| format!("write {name}"))?;
    }
    Ok(())
}
