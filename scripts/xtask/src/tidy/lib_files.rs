//! A `lib.rs` is a crate's table of contents: documentation, modules and re-exports only.

use crate::finding::Finding;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (file, source) in tree
        .rust()
        .filter(|(file, _)| file.path.ends_with("src/lib.rs"))
    {
        let mut inside_use = false;
        for (index, line) in source.code.lines().enumerate() {
            let line = line.trim();
            let begins = inside_use || is_content(line);
            if !begins {
                let message = "lib.rs holds documentation, modules and re-exports only";
                findings.push(Finding::line(&file.path, index + 1, message));
                break;
            }
            let opens_use = is_use(line) || line.starts_with('#');
            inside_use = (inside_use || opens_use) && !line.ends_with(';') && !line.ends_with(']');
        }
    }
}

/// Whether `line`, without comments, may stand in a `lib.rs`.
fn is_content(line: &str) -> bool {
    let module = line
        .strip_prefix("pub ")
        .unwrap_or(line)
        .starts_with("mod ")
        && line.ends_with(';');
    line.is_empty() || line.starts_with('#') || module || is_use(line)
}

fn is_use(line: &str) -> bool {
    let visible = line
        .strip_prefix("pub ")
        .or_else(|| line.strip_prefix("pub(crate) "));
    visible.unwrap_or(line).starts_with("use ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    #[test]
    fn modules_and_re_exports_are_right() {
        let text = "//! A crate.\n#![allow(\n    clippy::x,\n    reason = \"y\"\n)]\n\nmod a; // here\n\
                    pub mod b;\n#[cfg(test)]\nmod tests;\n\npub use a::{\n    C,\n    D,\n};\n";
        assert!(findings_of(check, &[("wire/a/src/lib.rs", text)]).is_empty());
    }

    #[test]
    fn anything_else_is_found() {
        for text in [
            "mod a;\nfn b() {}\n",
            "mod a {\n}\n",
            "pub use a::B;\npub const C: u8 = 1;\n",
        ] {
            let found = findings_of(check, &[("wire/a/src/lib.rs", text)]);
            assert_eq!(found.len(), 1, "{text}");
        }
        assert!(findings_of(check, &[("wire/a/src/b.rs", "fn b() {}\n")]).is_empty());
    }
}
