//! Every bound says what happens at the bound.
//!
//! The rule: in a file named `limits.rs`, the documentation of each named constant has a sentence
//! that begins with `Full:` and says what happens when the limit is reached. Three kinds bound
//! nothing and need none: assertions (`const _: () = ...`), times (of type `Duration`) and
//! thresholds (named `..._MIN`).

use crate::finding::Finding;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (file, _) in tree.rust().filter(|(file, _)| file.name() == "limits.rs") {
        if file.path.ends_with("tidy/limits.rs") {
            continue;
        }
        let mut documentation = String::new();
        for (index, line) in file.text.iter().flat_map(|text| text.lines().enumerate()) {
            let line = line.trim();
            if let Some(text) = line.strip_prefix("///") {
                documentation.push_str(text);
                documentation.push(' ');
            } else if let Some(name) = constant_name(line) {
                if is_bound(name, line) && !says_what_full_means(&documentation) {
                    let message =
                        format!("{name}: say what happens at the limit, as \"Full: ...\"");
                    findings.push(Finding::line(&file.path, index + 1, message));
                }
                documentation.clear();
            } else if !line.starts_with("#[") {
                documentation.clear();
            }
        }
    }
}

/// The name of the constant that `line` declares.
fn constant_name(line: &str) -> Option<&str> {
    let line = line
        .strip_prefix("pub(crate) ")
        .or_else(|| line.strip_prefix("pub "))
        .unwrap_or(line);
    let rest = line.strip_prefix("const ")?;
    rest.split(':')
        .next()
        .map(str::trim)
        .filter(|name| !name.starts_with("fn "))
}

fn is_bound(name: &str, declaration: &str) -> bool {
    name != "_" && !name.ends_with("_MIN") && !declaration.contains(": Duration =")
}

fn says_what_full_means(documentation: &str) -> bool {
    documentation
        .split_once("Full:")
        .is_some_and(|(_, rest)| rest.split_whitespace().count() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    #[test]
    fn a_limit_that_does_not_say_what_full_means_is_found() {
        let text = "/// Entries of a ring. Full: the sender stops reading.\npub const A: usize = 1;\n\
                    /// Entries of a batch.\npub const B: usize = 1;\n\
                    /// Bytes. Full:\npub(crate) const C: usize = 1;\n\
                    pub const D: usize = 1;\nconst _: () = assert!(A == B);\n\
                    const fn e() {}\npub const F_MIN: usize = 1;\npub const G: Duration = X;\n";
        let found = findings_of(check, &[("shard/a/src/limits.rs", text)]);
        let lines = found
            .iter()
            .map(|found| &found[..found.find(": say").unwrap()]);
        let expected = [4, 6, 7].map(|line| format!("shard/a/src/limits.rs:{line}: "));
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(
            lines
                .zip(&expected)
                .all(|(found, place)| found.starts_with(place.as_str()))
        );
    }

    #[test]
    fn the_sentence_may_stand_on_a_later_line_and_before_attributes() {
        let text = "/// Entries of a ring.\n///\n/// Full: the sender stops reading\n/// its clients.\n\
                    #[allow(dead_code, reason = \"x\")]\npub const A: usize = 1;\n";
        assert!(findings_of(check, &[("shard/a/src/limits.rs", text)]).is_empty());
        let text = "pub const A: usize = 1;\n";
        assert!(findings_of(check, &[("shard/a/src/ring.rs", text)]).is_empty());
    }
}
