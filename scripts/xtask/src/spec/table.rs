//! The table of one standard, as its file has it.

use std::fmt;

use anyhow::Context as _;
use serde::Deserialize;

use crate::tree::Tree;

/// A standard by the name its tags carry, the file of its table, and its full name.
const STANDARDS: [(&str, &str, &str); 2] = [
    ("v311", "broker/docs/conformance/v311.toml", "MQTT 3.1.1"),
    ("v5", "broker/docs/conformance/v5.toml", "MQTT 5.0"),
];

/// All statements of one standard.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// The word in tags and test names: `v5` or `v311`.
    pub(super) version: &'static str,
    /// Path of the file from the root.
    pub(super) path: &'static str,
    /// Name of the standard for people.
    pub(super) title: &'static str,
    /// The rows in the order of the file.
    pub(super) statements: Vec<Statement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    statement: Vec<Statement>,
}

/// One row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Statement {
    /// The id without version, such as `3.1.2-22`.
    pub(super) id: String,
    /// Whose duty it is.
    pub(super) side: Side,
    /// The statement in short.
    pub(super) text: String,
    /// What proves it; see [`super::test_index`] for the forms.
    #[serde(default)]
    pub(super) tests: Vec<String>,
    /// Why nothing of ours can prove it.
    pub(super) untestable: Option<String>,
}

/// Whose duty a statement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    /// Whoever sends or receives.
    Both,
    /// The client's alone.
    Client,
    /// The server's alone.
    Server,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Both => "both",
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

impl Table {
    /// Reads the tables of all standards.
    ///
    /// # Errors
    ///
    /// If a table is missing, is not TOML or has an unknown key.
    pub(super) fn read_all(tree: &Tree) -> anyhow::Result<Vec<Self>> {
        STANDARDS
            .into_iter()
            .map(|(version, path, title)| {
                let text = tree.text(path).with_context(|| format!("find {path}"))?;
                let rows: Rows = toml::from_str(text).with_context(|| format!("parse {path}"))?;
                Ok(Self {
                    version,
                    path,
                    title,
                    statements: rows.statement,
                })
            })
            .collect()
    }

    /// Whether the standard has a statement `id`.
    pub(super) fn has(&self, id: &str) -> bool {
        self.statements.iter().any(|statement| statement.id == id)
    }

    /// A table of these rows: id, tests separated by spaces, reason.
    #[cfg(test)]
    pub(super) fn of(version: &'static str, rows: &[(&str, &str, &str)]) -> Self {
        let statements = rows.iter().map(|(id, tests, untestable)| Statement {
            id: (*id).to_owned(),
            side: Side::Server,
            text: "Something holds.".to_owned(),
            tests: tests.split_whitespace().map(str::to_owned).collect(),
            untestable: Some((*untestable).to_owned()).filter(|reason| !reason.is_empty()),
        });
        Self {
            version,
            path: "table.toml",
            title: "MQTT",
            statements: statements.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str =
        "[[statement]]\nid = \"1.5.4-1\"\nside = \"both\"\ntext = \"A.\"\ntests = []\n";

    #[test]
    fn rows_are_read_in_order() {
        let rows = format!(
            "{ROW}{}",
            ROW.replace("4-1", "4-2").replace("both", "server")
        );
        let tree = Tree::of(&[(STANDARDS[0].1, ROW), (STANDARDS[1].1, &rows)]);
        let tables = Table::read_all(&tree).unwrap();
        assert_eq!(tables[1].statements[1].id, "1.5.4-2");
        assert_eq!(tables[1].statements[1].side.to_string(), "server");
        assert!(tables[1].has("1.5.4-2") && !tables[0].has("1.5.4-2"));
    }

    #[test]
    fn an_unknown_key_or_a_missing_table_is_an_error() {
        let wrong = format!("{ROW}reason = \"b\"\n");
        let tree = Tree::of(&[(STANDARDS[0].1, &wrong), (STANDARDS[1].1, ROW)]);
        assert!(Table::read_all(&tree).is_err());
        assert!(Table::read_all(&Tree::of(&[(STANDARDS[0].1, ROW)])).is_err());
    }
}
