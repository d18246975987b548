//! Each row is whole: an id of its own, a text, and tests that exist or a reason.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::tree::Tree;

use super::table::{Statement, Table};
use super::test_index::TestIndex;

pub(super) fn check(tree: &Tree, index: &TestIndex, tables: &[Table], findings: &mut Vec<Finding>) {
    for table in tables {
        let mut seen = BTreeSet::new();
        for statement in &table.statements {
            let line = line_of(tree, table, statement);
            let mut report = |message: String| {
                findings.push(Finding::line(
                    table.path,
                    line,
                    format!("{}: {message}", statement.id),
                ));
            };
            if !is_id(&statement.id) {
                report("is no statement id".to_owned());
            }
            if !seen.insert(&statement.id) {
                report("stands here twice".to_owned());
            }
            if !statement.text.ends_with('.') {
                report("needs a text, one sentence".to_owned());
            }
            match &statement.untestable {
                Some(_) if !statement.tests.is_empty() => {
                    report("has tests, so it is not untestable".to_owned());
                }
                Some(reason) if reason.split_whitespace().count() < 3 => {
                    report("needs a real reason".to_owned());
                }
                None if statement.tests.is_empty() => {
                    report(format!("has no test and no reason ({})", statement.side));
                }
                Some(_) | None => {}
            }
            for test in statement.tests.iter().filter(|test| !index.has(test)) {
                report(format!("names {test}, which does not exist"));
            }
        }
    }
}

/// Where the row of `statement` begins in its file.
fn line_of(tree: &Tree, table: &Table, statement: &Statement) -> usize {
    let wanted = format!("id = \"{}\"", statement.id);
    let lines = tree.text(table.path).unwrap_or_default().lines();
    lines.take_while(|line| *line != wanted).count() + 1
}

/// Whether `text` has the form `3.1.2-22`.
pub(super) fn is_id(text: &str) -> bool {
    let numbers = |text: &str, count: usize| {
        let parts = text.split('.').collect::<Vec<_>>();
        let digits =
            |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        parts.len() == count && parts.iter().all(digits)
    };
    text.split_once('-')
        .is_some_and(|(section, number)| numbers(section, 3) && numbers(number, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(rows: &[(&str, &str, &str)]) -> Vec<String> {
        let tree = Tree::of(&[
            ("wire/a/Cargo.toml", "[package]\nname = \"wire-a\"\n"),
            ("wire/a/tests/b.rs", "#[test]\nfn c() {}\n"),
        ]);
        let mut findings = Vec::new();
        check(
            &tree,
            &TestIndex::new(&tree),
            &[Table::of("v5", rows)],
            &mut findings,
        );
        findings
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn a_row_with_a_test_or_a_reason_is_right() {
        let rows = [
            ("1.5.4-1", "wire-a::c", ""),
            ("1.5.4-2", "", "the client alone decides"),
        ];
        assert!(findings(&rows).is_empty());
    }

    #[test]
    fn a_row_with_neither_is_found() {
        assert_eq!(
            findings(&[("1.5.4-1", "", "")]),
            ["1.5.4-1: has no test and no reason (server)"]
        );
        assert_eq!(
            findings(&[("1.5.4-1", "", "because")]),
            ["1.5.4-1: needs a real reason"]
        );
    }

    #[test]
    fn a_row_with_both_is_found() {
        let found = findings(&[("1.5.4-1", "wire-a::c", "the client alone decides")]);
        assert_eq!(found, ["1.5.4-1: has tests, so it is not untestable"]);
    }

    #[test]
    fn a_test_that_does_not_exist_is_found() {
        let found = findings(&[("1.5.4-1", "wire-a::c wire-a::d", "")]);
        assert_eq!(found, ["1.5.4-1: names wire-a::d, which does not exist"]);
    }

    #[test]
    fn a_double_or_malformed_id_is_found() {
        let found = findings(&[("1.5.4-1", "wire-a::c", ""), ("1.5.4-1", "wire-a::c", "")]);
        assert_eq!(found, ["1.5.4-1: stands here twice"]);
        for id in ["1.5-1", "1.5.4", "1.5.4-", "1.5.a-1", "1.5.4-1a"] {
            assert_eq!(
                findings(&[(id, "wire-a::c", "")]),
                [format!("{id}: is no statement id")]
            );
        }
    }
}
