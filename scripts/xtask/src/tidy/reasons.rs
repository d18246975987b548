//! Whoever waives a rule says why: `allow` and `expect` attributes, and calls of `expect`.

use crate::finding::Finding;
use crate::rust_source::RustSource;
use crate::tree::Tree;

/// Words an invariant takes at the least: a subject and what is said of it.
const INVARIANT_WORDS_MIN: usize = 2;

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (file, source) in tree.rust() {
        check_attributes(&file.path, source, findings);
        if !file.is_test() {
            check_expect_calls(&file.path, source, findings);
        }
    }
}

fn check_attributes(path: &str, source: &RustSource, findings: &mut Vec<Finding>) {
    for opening in ["[allow(", "[expect("] {
        for (at, _) in source.code.match_indices(opening) {
            let attribute = &source.code[at..];
            let end = attribute.find(")]").unwrap_or(attribute.len());
            if !attribute[..end].contains("reason") {
                let message = format!("#{opening}...)] needs a reason");
                findings.push(Finding::line(path, line_of(&source.code, at), message));
            }
        }
    }
}

fn check_expect_calls(path: &str, source: &RustSource, findings: &mut Vec<Finding>) {
    let tests_begin = source.tests_begin().unwrap_or(usize::MAX);
    for (at, opening) in source.code.match_indices(".expect(") {
        let line = line_of(&source.code, at);
        let argument = source.code[at + opening.len()..].trim_start();
        if line >= tests_begin || !argument.starts_with('"') {
            continue;
        }
        let argument_line = line_of(&source.code, source.code.len() - argument.len());
        let short = |text: &str| text.split_whitespace().count() < INVARIANT_WORDS_MIN;
        let mut literals = source
            .literals
            .iter()
            .filter(|literal| literal.line == argument_line);
        // Several literals on one line: all must do, which is what a reader would ask as well.
        if literals.any(|literal| short(&literal.text)) {
            let message = "expect states the invariant that makes it impossible to fail";
            findings.push(Finding::line(path, line, message));
        }
    }
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    #[test]
    fn an_attribute_without_a_reason_is_found() {
        let text = "#[allow(dead_code)]\nfn a() {}\n#![expect(\n    clippy::b,\n    reason = \"c\"\n)]\n\
                    #[expect(d)]\nfn e() {}\n";
        let found = findings_of(check, &[("wire/a/src/b.rs", text)]);
        let expected = [
            "wire/a/src/b.rs:1: #[allow(...)] needs a reason",
            "wire/a/src/b.rs:7: #[expect(...)] needs a reason",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_expect_without_an_invariant_is_found() {
        let text = "fn a() { b().expect(\"\") }\nfn c() { d().expect(\"fits: checked above\") }\n\
                    fn e() { f()\n    .expect(\n        \"oops\",\n    ) }\n";
        let found = findings_of(check, &[("wire/a/src/b.rs", text)]);
        let message = "expect states the invariant that makes it impossible to fail";
        assert_eq!(
            found,
            [1, 4].map(|line| format!("wire/a/src/b.rs:{line}: {message}"))
        );
    }

    #[test]
    fn tests_may_expect_as_they_like() {
        let text = "#[cfg(test)]\nmod tests {\n    fn a() { b().expect(\"c\") }\n}\n";
        assert!(findings_of(check, &[("wire/a/src/b.rs", text)]).is_empty());
        assert!(
            findings_of(
                check,
                &[("wire/a/tests/b.rs", "fn a() { b().expect(\"c\") }\n")]
            )
            .is_empty()
        );
    }
}
