//! Scenario files: a plan as TOML, written by people.
//!
//! What may stand in one is described in `loadgen/scenarios/README.md`.

mod groups;
mod overrides;
mod scale;
mod shipped;
mod stages;
mod suggestion;
mod written;

use thiserror::Error;

pub use overrides::Overrides;
pub use shipped::SHIPPED;

use crate::scenario::build;
use crate::{Options, Plan, PlanError};
use written::File;

/// Why a text is no scenario file.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FileError {
    /// No TOML, or a key that is unknown, missing or of the wrong kind; says where.
    #[error("{_0}")]
    Toml(String),
    /// Two keys that contradict each other, or one that lacks another.
    #[error("group `{group}`: {rule}")]
    Group {
        /// Which group.
        group: String,
        /// What is wrong.
        rule: &'static str,
    },
    /// A stage that names a group or a verb that does not exist, or that lacks something.
    #[error("stage `{stage}`: {rule}")]
    Stage {
        /// Which stage.
        stage: String,
        /// What is wrong.
        rule: String,
    },
    /// A key of `[run]` that only files without stages have a use for.
    #[error("[run]: the stages of the file say themselves what `{key}` says")]
    Run {
        /// Which key.
        key: &'static str,
    },
    /// Something stands above the file that the file has no place for.
    #[error("{option}: {rule}")]
    Override {
        /// What stands above it, by the name that users give it.
        option: &'static str,
        /// Why it can't.
        rule: &'static str,
    },
    /// The factor is not above zero.
    #[error("the scale must be above zero, not {_0}")]
    Scale(f64),
    /// What it says can't be carried out.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// Reads a scenario file; `scale` multiplies clients and rates, and each remains one at least.
///
/// The file decides what it names, `options` the rest.
///
/// # Errors
///
/// [`FileError`].
pub fn parse(text: &str, options: &Options, scale: f64) -> Result<Plan, FileError> {
    parse_below(text, options, &Overrides::default(), scale)
}

/// The same with `overrides` above the file; they are not scaled.
///
/// # Errors
///
/// [`FileError`], among others [`FileError::Override`] for what the file has no place for.
pub fn parse_below(
    text: &str,
    options: &Options,
    overrides: &Overrides,
    scale: f64,
) -> Result<Plan, FileError> {
    if !scale.is_finite() || scale <= 0.0 {
        return Err(FileError::Scale(scale));
    }
    let file = read(text)?;
    file.check()?;
    let options = &overrides.over(file.run.over(options, scale));
    let groups = file.group.iter().map(|group| group.build(options, scale));
    let mut groups = groups.collect::<Result<Vec<_>, _>>()?;
    overrides.check(&groups, !file.stage.is_empty())?;
    for group in &mut groups {
        overrides.change(group);
    }
    let stages = if file.stage.is_empty() {
        stages::standard(options, &groups)
    } else {
        stages::written(&file.stage, &groups, scale)?
    };
    let scenario = file.scenario.as_deref().unwrap_or("mixed");
    let plan = build::named_plan(&file.name, scenario, options, groups, stages)?;
    Ok(plan)
}

/// The first sentence of a file's description, for lists of files.
///
/// # Errors
///
/// [`FileError::Toml`].
pub fn description(text: &str) -> Result<String, FileError> {
    read(text).map(|file| file.description)
}

fn read(text: &str) -> Result<File, FileError> {
    let file = toml::from_str::<File>(text);
    file.map_err(|error| FileError::Toml(suggestion::explain(&error.to_string())))
}

#[cfg(test)]
mod tests;
