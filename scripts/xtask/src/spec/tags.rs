//! Each tag in the code, and each id in a test's name, is that of a statement.
//!
//! A tag is `[v5 3.1.2-22]` or `[v311 3.1.2-24]`, in documentation with backslashes before the
//! brackets, or the string `"v5 3.1.2-22"`. A test's name carries the id as `v5_3_1_2_22_...`.

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
                for id in ids_in_name(test, table.version).filter(|id| !table.has(id)) {
                    let message = format!("{test}: {id} is no statement of {}", table.title);
                    findings.push(Finding::file(&file.path, message));
                }
            }
        }
        for literal in &source.literals {
            let tag = literal.text.split_once(' ').filter(|(_, id)| is_id(id));
            let Some((version, id)) = tag else { continue };
            let table = tables.iter().find(|table| table.version == version);
            if let Some(table) = table.filter(|table| !table.has(id)) {
                let message = format!("\"{version} {id}\" is no statement of {}", table.title);
                findings.push(Finding::line(&file.path, literal.line, message));
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

/// The ids that a test's name begins with: four numbers make one, and further numbers are further
/// ids, or further statements of the same section if they do not come in fours.
fn ids_in_name(name: &str, version: &str) -> impl Iterator<Item = String> {
    let rest = name
        .strip_prefix(version)
        .and_then(|rest| rest.strip_prefix('_'));
    let parts = rest.unwrap_or_default().split('_');
    let is_number = |part: &&str| part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = parts.take_while(is_number).collect::<Vec<_>>();
    let mut ids = Vec::new();
    if let [chapter, section, part, number, more @ ..] = numbers.as_slice() {
        let section = format!("{chapter}.{section}.{part}");
        ids.push(format!("{section}-{number}"));
        if more.len().is_multiple_of(4) {
            let groups = more.chunks_exact(4);
            ids.extend(groups.map(|id| format!("{}.{}.{}-{}", id[0], id[1], id[2], id[3])));
        } else {
            ids.extend(more.iter().map(|number| format!("{section}-{number}")));
        }
    }
    ids.into_iter()
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
    fn a_string_without_a_statement_is_found() {
        assert!(findings("f(\"v5 3.1.2-22\", \"v6 1.1.1-1\", \"v5 is here\")").is_empty());
        let found = findings("f(\"v5 3.1.2-23\")");
        assert_eq!(
            found,
            ["wire/a/src/b.rs:1: \"v5 3.1.2-23\" is no statement of MQTT"]
        );
    }

    #[test]
    fn a_test_named_for_no_statement_is_found() {
        let right =
            "#[test]\nfn v5_3_1_2_22_silence_disconnects() {}\n#[test]\nfn v5_is_fine() {}\n";
        assert!(findings(right).is_empty());
        let found = findings("#[test]\nfn v5_3_1_2_22_11_keep_alive() {}\n");
        assert!(found[0].ends_with("3.1.2-11 is no statement of MQTT"));
        let found = findings("#[test]\nfn v5_3_1_2_22_3_1_2_9_and_10_a() {}\n");
        assert!(found[0].ends_with("3.1.2-9 is no statement of MQTT"));
        let found = findings("#[test]\nfn v5_3_1_2_24_silence_disconnects() {}\n");
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("3.1.2-24 is no statement of MQTT"));
    }
}
