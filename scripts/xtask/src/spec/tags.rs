//! Each tag in the code, and each id in a test's name, is that of a statement.
//!
//! A tag is `[v5 3.1.2-22]` or `[v311 3.1.2-24]`, in documentation with backslashes before the
//! brackets. A test's name carries the id as `v5_3_1_2_22_...`.

use crate::finding::Finding;
use crate::tree::Tree;

use super::rows::is_id;
use super::table::Table;
use super::test_index::rust_tests;

/// Files that speak of tags rather than carry them.
const EXEMPT: &str = "scripts/xtask/";

pub(super) fn check(tree: &Tree, tables: &[Table], findings: &mut Vec<Finding>) {
    for (file, source) in tree
        .rust()
        .filter(|(file, _)| !file.path.starts_with(EXEMPT))
    {
        for (index, line) in file.text.iter().flat_map(|text| text.lines().enumerate()) {
            for table in tables {
                for id in tags(line, table.version).filter(|id| !table.has(id)) {
                    let message = format!(
                        "[{} {id}] is no statement of {}",
                        table.version, table.title
                    );
                    findings.push(Finding::line(&file.path, index + 1, message));
                }
            }
        }
        for test in rust_tests(source) {
            for table in tables {
                if let Some(id) = id_in_name(test, table.version).filter(|id| !table.has(id)) {
                    let message = format!("{test}: {id} is no statement of {}", table.title);
                    findings.push(Finding::file(&file.path, message));
                }
            }
        }
    }
}

/// The ids in the tags of `version` on this line. A tag may hold several, separated by commas;
/// what has no number after a dash is a section, which is no statement.
fn tags<'a>(line: &'a str, version: &str) -> impl Iterator<Item = &'a str> {
    let opening = format!("[{version} ");
    let starts = line
        .match_indices(&opening)
        .map(|(at, found)| at + found.len());
    let contents = starts
        .map(|at| line[at..].split(']').next().unwrap_or_default())
        .collect::<Vec<_>>();
    let ids = contents.into_iter().flat_map(|content| content.split(','));
    ids.map(|id| id.trim().trim_end_matches('\\'))
        .filter(|id| id.contains('-'))
}

/// The id that a test's name begins with.
fn id_in_name(name: &str, version: &str) -> Option<String> {
    let rest = name.strip_prefix(version)?.strip_prefix('_')?;
    let parts = rest.splitn(5, '_').take(4).collect::<Vec<_>>();
    let &[chapter, section, part, number] = parts.as_slice() else {
        return None;
    };
    let id = format!("{chapter}.{section}.{part}-{number}");
    is_id(&id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(code: &str) -> Vec<String> {
        let tree = Tree::of(&[("wire/a/src/b.rs", code)]);
        let tables = [
            Table::of("v5", &[("3.1.2-22", "", "")]),
            Table::of("v311", &[("3.1.2-24", "", "")]),
        ];
        let mut findings = Vec::new();
        check(&tree, &tables, &mut findings);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn tags_of_statements_are_right() {
        let code = "// [v5 3.1.2-22]: a\n/// \\[v311 3.1.2-24\\]\n// [v5 4.13]\n";
        assert!(findings(code).is_empty());
    }

    #[test]
    fn a_tag_without_a_statement_is_found() {
        let found =
            findings("// [v5 3.1.2-24]\n/// \\[v311 3.1.2-22\\]\n// [v5 3.1.2-22, 9.9.9-1]\n");
        assert_eq!(
            found,
            [
                "wire/a/src/b.rs:1: [v5 3.1.2-24] is no statement of MQTT",
                "wire/a/src/b.rs:2: [v311 3.1.2-22] is no statement of MQTT",
                "wire/a/src/b.rs:3: [v5 9.9.9-1] is no statement of MQTT",
            ]
        );
    }

    #[test]
    fn a_test_named_for_no_statement_is_found() {
        let right =
            "#[test]\nfn v5_3_1_2_22_silence_disconnects() {}\n#[test]\nfn v5_is_fine() {}\n";
        assert!(findings(right).is_empty());
        let found = findings("#[test]\nfn v5_3_1_2_24_silence_disconnects() {}\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("3.1.2-24 is no statement of MQTT"));
    }
}
