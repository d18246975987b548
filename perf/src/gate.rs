//! `perf gate`: figures that noise cannot blur, against the baseline in `perf/baseline.toml`.
//!
//! Counts, not times: they are the same on a busy machine. `catalogue.rs` lists what is measured,
//! `callgrind.rs`, `memory.rs` and `system_calls.rs` measure it, `judge.rs` compares.

mod baseline;
mod build;
mod callgrind;
mod catalogue;
mod crowd;
mod date;
mod figure;
mod judge;
mod memory;
mod pairs;
mod server;
mod source;
mod system_calls;
mod table;
mod watched;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use regex::Regex;
use serde::Serialize;

use crate::interrupt::Interrupt;

use baseline::Baseline;
use build::Programs;
use figure::Figure;
use judge::{Judgement, Row};
use source::{Plant, Source};

/// Exit code when a figure is worse than it may be; 2 is a wrong command line.
const WORSE: u8 = 3;

/// Measures figures that noise cannot blur and compares them with the baseline
///
/// Builds what it measures: programs that do one thing as often as they are told, counted under
/// valgrind, and the release broker. Exit code 0: all figures are within what the baseline allows;
/// 1: something could not be measured; 2: the command line is wrong; 3: a figure is worse than the
/// baseline allows, over its limit, or new.
#[derive(Clone, Debug, Args)]
pub(crate) struct GateOptions {
    /// Only figures whose name this regular expression matches; may be given again
    #[arg(long, value_name = "PATTERN")]
    only: Vec<Regex>,
    /// Make what was measured the baseline
    #[arg(long, requires = "reason")]
    update: bool,
    /// Why the baseline changes, for its history
    #[arg(long, requires = "update", value_name = "TEXT")]
    reason: Option<String>,
    /// Write what was measured to this file, too
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// The baseline, if not perf/baseline.toml
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Only list the figures
    #[arg(long)]
    list: bool,
    /// Have counted programs do more than they should, to see the gate fail
    #[arg(long, hide = true, conflicts_with = "update")]
    plant: Option<Plant>,
}

/// What `--json` writes.
#[derive(Debug, Serialize)]
struct Document<'a> {
    schema: &'static str,
    compiler: &'a str,
    passed: bool,
    figures: &'a [Row],
}

/// Measures, compares, prints, and updates the baseline if asked to.
///
/// # Errors
///
/// If the baseline cannot be read or names what is no figure, nothing is selected, something cannot
/// be built, or an update is refused.
pub(crate) fn run(options: &GateOptions) -> Result<ExitCode> {
    let sources = catalogue::sources();
    let all: Vec<Figure> = sources.iter().flat_map(Source::figures).collect();
    let chosen =
        |name: &str| options.only.is_empty() || options.only.iter().any(|only| only.is_match(name));
    if options.list {
        for figure in all.iter().filter(|figure| chosen(&figure.name)) {
            println!("{:44} {}", figure.name, figure.unit);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let reason = options.reason.as_deref().unwrap_or_default().trim();
    ensure!(
        !options.update || !reason.is_empty(),
        "an update needs a reason"
    );
    ensure!(
        all.iter().any(|figure| chosen(&figure.name)),
        "no figure matches; `perf gate --list` names all"
    );
    let path = options.baseline.clone().unwrap_or_else(default_baseline);
    let mut baseline = Baseline::load(&path)?;
    let stale = baseline.stale(&all);
    if !options.update && !stale.is_empty() {
        bail!(
            "{} has figures that do not exist: {}; perf gate --update takes them out",
            path.display(),
            stale.join(", ")
        );
    }
    let compiler = build::compiler()?;
    let measured = measure(&sources, &chosen, options.plant)?;
    let rows: Vec<Row> = measured
        .into_iter()
        .map(|(figure, value)| judge::judge(figure, value, &baseline))
        .collect();
    let passed = rows.iter().all(Row::passes);
    if let Some(json) = &options.json {
        write_json(json, &compiler, passed, &rows)?;
    }
    print!("{}", table::render(&rows));
    if options.update {
        let changes = baseline.update(&rows, &stale, reason, &compiler)?;
        baseline.save(&path)?;
        println!("{} changes in {}", changes, path.display());
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", table::conclusion(&rows, &baseline, &compiler));
    let could_not = rows.iter().any(|row| row.judgement == Judgement::Failed);
    Ok(match (passed, could_not) {
        (true, _) => ExitCode::SUCCESS,
        (false, true) => ExitCode::FAILURE,
        (false, false) => ExitCode::from(WORSE),
    })
}

/// Values of the chosen figures, or why there is none, in the order of the catalogue.
fn measure(
    sources: &[Source],
    chosen: &dyn Fn(&str) -> bool,
    plant: Option<Plant>,
) -> Result<Vec<(Figure, Result<f64>)>> {
    let interrupt = Interrupt::watch()?;
    let needed = |source: &&Source| source.figures().iter().any(|figure| chosen(&figure.name));
    let sources: Vec<&Source> = sources.iter().filter(needed).collect();
    let mut programs = Programs::default();
    for source in &sources {
        programs.build(source.program())?;
        interrupt.check()?;
    }
    let started = Instant::now();
    let mut measured = Vec::new();
    for source in sources {
        eprintln!("perf: measuring {}", source.name);
        let values = source.measure(&programs, plant, &interrupt);
        interrupt.check()?;
        let values: BTreeMap<String, f64> = match values {
            Ok(values) => values,
            Err(error) => {
                let message = format!("{error:#}");
                let failed = source.figures().into_iter();
                let failed = failed.map(|figure| (figure, Err(anyhow::anyhow!("{message}"))));
                measured.extend(failed.filter(|(figure, _)| chosen(&figure.name)));
                continue;
            }
        };
        for figure in source.figures() {
            let value = values.get(&figure.name).copied();
            let value = value.context("its source does not measure it");
            if chosen(&figure.name) {
                measured.push((figure, value));
            }
        }
    }
    eprintln!("perf: measured in {} s", started.elapsed().as_secs());
    Ok(measured)
}

fn default_baseline() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("baseline.toml")
}

fn write_json(path: &Path, compiler: &str, passed: bool, figures: &[Row]) -> Result<()> {
    let document = Document {
        schema: "skein.perf-gate/1",
        compiler,
        passed,
        figures,
    };
    let text = serde_json::to_string_pretty(&document).context("write JSON")?;
    fs::write(path, text + "\n").with_context(|| format!("write {}", path.display()))
}
