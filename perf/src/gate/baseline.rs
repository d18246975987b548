//! The baseline: one table for each figure, and the history of their changes, in one TOML file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use super::date;
use super::figure::Figure;
use super::judge::{Judgement, Row};

/// The only form of the file that is known.
const SCHEMA: u32 = 1;

/// Changes smaller than this part of a value are not worth an entry.
const SAME: f64 = 0.001;

/// What stands at the head of the file.
const HEAD: &str = "\
# What `perf gate` compares with. Values and history are written by
# `perf gate --update --reason \"...\"`; tolerances and limits are yours to change.
#
# value:     what was measured when the baseline was taken
# tolerance: how much more passes, as a part of the value
# slack:     how much more passes beside that, in the figure's unit
# limit:     the budget of the design, which no update moves

";

/// All of it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Baseline {
    schema: u32,
    #[serde(default)]
    pub(crate) figures: BTreeMap<String, Allowed>,
    /// The newest last.
    #[serde(default)]
    pub(crate) history: Vec<Change>,
}

/// What one figure may be.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowed {
    pub(crate) value: f64,
    pub(crate) unit: String,
    /// How much more passes, as a part of the value.
    pub(crate) tolerance: f64,
    /// How much more passes beside that, in the figure's unit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) slack: f64,
    /// The budget; no update moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<f64>,
}

/// One update.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// UTC.
    pub(crate) date: String,
    pub(crate) reason: String,
    /// As it tells its version: another one makes other code.
    pub(crate) compiler: String,
    /// A sentence for each figure that changed.
    pub(crate) changes: Vec<String>,
}

impl Default for Baseline {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            figures: BTreeMap::new(),
            history: Vec::new(),
        }
    }
}

impl Allowed {
    /// The most that passes by the baseline, whatever the limit.
    pub(crate) fn most(&self) -> f64 {
        self.value * (1.0 + self.tolerance) + self.slack
    }

    /// Anything below is so much better that the baseline should follow.
    pub(crate) fn least(&self) -> f64 {
        self.value * (1.0 - self.tolerance) - self.slack
    }
}

impl Baseline {
    /// Reads the file; empty if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or holds what it should not: says what and where.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("read {}", path.display()))
    }

    fn parse(text: &str) -> Result<Self> {
        let baseline: Self = toml::from_str(text)?;
        let schema = baseline.schema;
        ensure!(schema == SCHEMA, "schema {schema} is not known");
        for (name, allowed) in &baseline.figures {
            let sound = |value: f64| value.is_finite() && value >= 0.0;
            let numbers = [allowed.value, allowed.tolerance, allowed.slack];
            let sound = numbers.into_iter().chain(allowed.limit).all(sound);
            ensure!(sound, "{name} has a number that is negative or none");
        }
        Ok(baseline)
    }

    /// Names of figures that are not among `all`.
    pub(crate) fn stale(&self, all: &[Figure]) -> Vec<String> {
        let exists = |name: &str| all.iter().any(|figure| figure.name == name);
        let names = self.figures.keys().filter(|name| !exists(name));
        names.cloned().collect()
    }

    /// Makes what was measured the baseline and takes the `stale` figures out, with an entry in the
    /// history. Tolerances and limits stay. Returns the number of changes; none, no entry.
    ///
    /// # Errors
    ///
    /// If there is no reason, or a figure was not measured or is over its limit; nothing is changed
    /// then.
    pub(crate) fn update(
        &mut self,
        rows: &[Row],
        stale: &[String],
        reason: &str,
        compiler: &str,
    ) -> Result<usize> {
        ensure!(!reason.trim().is_empty(), "an update needs a reason");
        for row in rows {
            let name = &row.name;
            match row.judgement {
                Judgement::Failed => bail!("{name} could not be measured; nothing is updated"),
                Judgement::OverLimit => bail!(
                    "{name} is over its limit; mend it or change the limit by hand, nothing is updated"
                ),
                Judgement::Better | Judgement::New | Judgement::Within | Judgement::Worse => {}
            }
        }
        let mut changes = Vec::new();
        for name in stale {
            self.figures.remove(name);
            changes.push(format!("{name} is gone"));
        }
        for row in rows {
            changes.extend(self.replace(row));
        }
        let count = changes.len();
        if count > 0 {
            self.history.push(Change {
                date: date::today(),
                reason: reason.trim().to_owned(),
                compiler: compiler.to_owned(),
                changes,
            });
        }
        Ok(count)
    }

    /// Takes one value over; says so, unless it is the same.
    fn replace(&mut self, row: &Row) -> Option<String> {
        let value = rounded(row.value?);
        let unit = &row.unit;
        let Some(allowed) = self.figures.get_mut(&row.name) else {
            let allowed = Allowed {
                value,
                unit: unit.clone(),
                tolerance: row.kind.tolerance(),
                slack: row.kind.slack(),
                limit: None,
            };
            self.figures.insert(row.name.clone(), allowed);
            return Some(format!("{}: {value} {unit}", row.name));
        };
        let old = allowed.value;
        if (value - old).abs() <= old * SAME {
            return None;
        }
        allowed.value = value;
        allowed.unit.clone_from(unit);
        let percent = (value - old) / old * 100.0;
        let percent = if old > 0.0 {
            format!(" ({percent:+.1} %)")
        } else {
            String::new()
        };
        Some(format!("{}: {old} -> {value} {unit}{percent}", row.name))
    }

    /// Writes the file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(crate) fn save(&self, path: &Path) -> Result<()> {
        let text = self.text().context("write the baseline")?;
        fs::write(path, text).with_context(|| format!("write {}", path.display()))
    }

    fn text(&self) -> Result<String> {
        Ok(format!("{HEAD}{}", toml::to_string_pretty(self)?))
    }
}

/// To thousandths, which is all that counts are good for.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &f64) -> bool {
    value.abs() < f64::EPSILON
}

#[cfg(test)]
mod tests;
