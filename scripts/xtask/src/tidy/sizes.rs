//! Files stay short enough to be read in one go.

use crate::finding::Finding;
use crate::rust_source::RustSource;
use crate::tree::{File, Tree};

/// Lines of a file outside its tests.
const LINES_MAX: usize = 400;

/// Lines of a test file, and of any file with its inline tests.
const TEST_LINES_MAX: usize = 600;

/// Endings of the files that people write and read as programs, besides those without an ending.
const PROGRAMS: [&str; 5] = ["rs", "py", "js", "mjs", "sh"];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in &tree.files {
        let Some(text) = file.text.as_deref().filter(|text| is_program(file, text)) else {
            continue;
        };
        let whole = text.lines().count();
        let tests_begin = file.source.as_ref().and_then(RustSource::tests_begin);
        let outside = tests_begin.map_or(whole, |line| line - 1);
        if outside > LINES_MAX && !file.is_test() {
            let message = format!("{outside} lines outside its tests, {LINES_MAX} are allowed");
            findings.push(Finding::file(&file.path, message));
        } else if whole > TEST_LINES_MAX {
            let message = format!("{whole} lines, {TEST_LINES_MAX} are allowed with tests");
            findings.push(Finding::file(&file.path, message));
        }
    }
}

fn is_program(file: &File, text: &str) -> bool {
    match file.name().rsplit_once('.') {
        Some((_, ending)) => PROGRAMS.contains(&ending),
        None => text.starts_with("#!"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    fn lines(count: usize) -> String {
        "a();\n".repeat(count)
    }

    #[test]
    fn a_long_file_is_found() {
        let files = [
            ("wire/a/src/b.rs", lines(401)),
            ("wire/a/src/c.rs", lines(400)),
        ];
        let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
        let expected = "wire/a/src/b.rs: 401 lines outside its tests, 400 are allowed";
        assert_eq!(findings_of(check, &files), [expected]);
    }

    #[test]
    fn tests_have_more_room_but_not_without_end() {
        let inline = |count| {
            format!(
                "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
                lines(390),
                lines(count)
            )
        };
        let (short, long) = (inline(150), inline(250));
        let files = [
            ("wire/a/src/b.rs", short.as_str()),
            ("wire/a/src/c.rs", &long),
        ];
        assert_eq!(findings_of(check, &files).len(), 1);
        let (short, long) = (lines(600), lines(601));
        let files = [
            ("wire/a/tests/b.rs", short.as_str()),
            ("wire/a/src/c/tests.rs", &long),
        ];
        let expected = "wire/a/src/c/tests.rs: 601 lines, 600 are allowed with tests";
        assert_eq!(findings_of(check, &files), [expected]);
    }

    #[test]
    fn scripts_count_but_tables_do_not() {
        let script = format!("#!/usr/bin/env bash\n{}", lines(400));
        let files = [
            ("scripts/run", script.as_str()),
            ("broker/docs/a.toml", &script),
        ];
        assert_eq!(findings_of(check, &files).len(), 1);
    }
}
