//! The whole report, and its JSON form.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::run::Run;
use crate::stage::Stage;

/// The schema that this crate writes and reads. Fields may be added to it, none changes its meaning.
pub const SCHEMA: &str = "skein.loadgen/1";

/// What a run found.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// What was run.
    pub run: Run,
    /// The stages in order.
    pub stages: Vec<Stage>,
    /// What became of the messages, over the whole run.
    pub checks: Checks,
    /// What makes the figures doubtful, in sentences.
    pub warnings: Vec<String>,
    /// The outcome in a word.
    pub verdict: Verdict,
}

/// What became of the messages, over the whole run.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Checks {
    /// Deliveries that the subscriptions promised.
    pub expected: u64,
    /// Deliveries that came, duplicates apart.
    pub delivered: u64,
    /// Deliveries that did not come.
    pub lost: u64,
    /// Deliveries that came again where the QoS forbids it.
    pub duplicates: u64,
    /// Deliveries that came again as QoS 1 allows.
    pub duplicates_allowed: u64,
    /// Deliveries that came after a later message of the same publisher.
    pub reordered: u64,
    /// Deliveries whose checksum was wrong.
    pub corrupt: u64,
    /// Deliveries that nobody asked for, under another topic, or not of this run.
    pub stray: u64,
    /// Deliveries and subscriptions with another QoS than was asked for.
    #[serde(default)]
    pub downgraded: u64,
    /// Connections that ended though the plan did not end them.
    #[serde(default)]
    pub disconnected: u64,
    /// What the broker did that it may not, in sentences with the first examples.
    pub violations: Vec<String>,
}

/// The outcome in a word.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing is wrong with the run.
    #[default]
    Ok,
    /// The generator or the machine was the limit: the figures say little about the broker.
    Spoiled,
    /// The broker broke a promise.
    Violated,
}

/// Why a text is no report. Nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The text is no JSON, or a field is missing or of another type.
    #[error("not a report of loadgen: {0}")]
    Json(#[from] serde_json::Error),
    /// The text is a report in a form that this version does not know.
    #[error("the report has schema {found:?}, this version reads {SCHEMA:?}")]
    Schema {
        /// What stands in the text.
        found: String,
    },
}

impl Report {
    /// A report of `run` without stages, for the caller to fill in.
    #[must_use]
    pub fn new(run: Run) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            run,
            stages: Vec::new(),
            checks: Checks::default(),
            warnings: Vec::new(),
            verdict: Verdict::Ok,
        }
    }

    /// Reads a report; fields it does not know are passed over.
    ///
    /// # Errors
    ///
    /// [`ReadError`] if `text` is no report or has another schema than [`SCHEMA`].
    pub fn from_json(text: &str) -> Result<Self, ReadError> {
        #[derive(Deserialize)]
        struct Head {
            schema: String,
        }
        let Head { schema } = serde_json::from_str(text)?;
        if schema != SCHEMA {
            return Err(ReadError::Schema { found: schema });
        }
        Ok(serde_json::from_str(text)?)
    }

    /// The report as indented JSON with a line feed at the end.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "its types always serialize")]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self)
            .expect("the report has only strings as keys and no failing serializer");
        text.push('\n');
        text
    }

    /// The stages whose figures are results.
    pub fn measured(&self) -> impl Iterator<Item = &Stage> {
        self.stages.iter().filter(|stage| stage.measured)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Spoiled => "spoiled",
            Self::Violated => "violated",
        })
    }
}
