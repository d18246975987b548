//! The conformance tables against the tags in the code and the tests in the tree.
//!
//! `broker/docs/conformance/v311.toml` and `v5.toml` hold one row for every normative statement of
//! the standards. Each row names the tests that prove it, or says why no test can.

mod page;
mod rows;
mod table;
mod tags;
mod test_index;

use std::fs;

use anyhow::Context as _;

use crate::finding::Finding;
use crate::tree::{self, Tree};

use self::table::Table;
use self::test_index::TestIndex;

/// The page made from the tables.
const PAGE: &str = "broker/docs/conformance/README.md";

/// Checks the tables and prints a summary. With `write`, makes the page anew instead of comparing it.
///
/// # Errors
///
/// If a table is missing or not of the right form, or the page cannot be written.
pub(crate) fn run(tree: &Tree, write: bool) -> anyhow::Result<Vec<Finding>> {
    let tables = Table::read_all(tree)?;
    let text = page::write(&tables);
    print!("{}", page::summary(&tables));
    let mut findings = check(tree, &tables);
    if write {
        fs::write(tree::root().join(PAGE), text).with_context(|| format!("write {PAGE}"))?;
    } else {
        findings.extend(stale_page(tree, &text));
    }
    Ok(findings)
}

fn check(tree: &Tree, tables: &[Table]) -> Vec<Finding> {
    let mut findings = Vec::new();
    rows::check(tree, &TestIndex::new(tree), tables, &mut findings);
    tags::check(tree, tables, &mut findings);
    findings
}

fn stale_page(tree: &Tree, text: &str) -> Option<Finding> {
    let message = "differs from the tables: run `cargo xtask spec --write`";
    (tree.text(PAGE) != Some(text)).then(|| Finding::file(PAGE, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding;

    #[test]
    fn every_statement_is_proved_or_excused() {
        let tree = Tree::read(&tree::root()).unwrap();
        let tables = Table::read_all(&tree).unwrap();
        let findings = check(&tree, &tables);
        let lines = finding::lines(&findings);
        assert!(lines.is_empty(), "cargo xtask spec finds:\n{lines}");
    }

    #[test]
    fn the_public_page_is_up_to_date() {
        let tree = Tree::read(&tree::root()).unwrap();
        let tables = Table::read_all(&tree).unwrap();
        assert_eq!(stale_page(&tree, &page::write(&tables)), None);
    }

    #[test]
    fn a_page_that_differs_is_found() {
        let tree = Tree::of(&[(PAGE, "old")]);
        assert!(stale_page(&tree, "new").is_some());
        assert!(stale_page(&tree, "old").is_none());
    }
}
