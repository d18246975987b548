//! Names say what a thing is: a crate is named for its path, and no name is a rag-bag.

use crate::finding::Finding;
use crate::tree::Tree;

/// Words that say nothing, as part of any name.
const BANNED_WORDS: [&str; 9] = [
    "util", "utils", "helper", "helpers", "manager", "common", "misc", "types", "stuff",
];

/// Names with `get_` that every reader knows from the standard library.
const STANDARD_GETTERS: [&str; 3] = ["get_mut", "get_or_insert_with", "get_many_mut"];

/// Keywords after which a name is declared.
const DECLARATIONS: [&str; 7] = ["mod", "struct", "enum", "trait", "type", "fn", "union"];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for manifest in &tree.crates {
        let expected = manifest.folder.replace('/', "-");
        if manifest.name != expected {
            let message = format!("package {} must be named {expected}", manifest.name);
            findings.push(Finding::file(&manifest.path, message));
        }
    }
    for file in &tree.files {
        if file.name() == "mod.rs" {
            findings.push(Finding::file(
                &file.path,
                "use foo.rs beside foo/ instead of mod.rs",
            ));
        }
        for part in file.path.split('/') {
            if let Some(word) = banned_word(part) {
                findings.push(Finding::file(&file.path, format!("`{word}` names nothing")));
            }
        }
    }
    for (file, source) in tree.rust() {
        let words = source.words().collect::<Vec<_>>();
        for pair in words.windows(2) {
            let ((_, keyword), (line, name)) = (pair[0], pair[1]);
            if !DECLARATIONS.contains(&keyword) {
                continue;
            }
            if let Some(word) = banned_word(name) {
                let message = format!("`{word}` in `{name}` names nothing");
                findings.push(Finding::line(&file.path, line, message));
            }
            if keyword == "fn" && name.starts_with("get_") && !STANDARD_GETTERS.contains(&name) {
                let message = format!("`{name}`: say what it is, without get_");
                findings.push(Finding::line(&file.path, line, message));
            }
        }
    }
}

/// The banned word in `name`, which may be written in any case.
fn banned_word(name: &str) -> Option<&'static str> {
    let mut spaced = String::new();
    for c in name.chars() {
        if c.is_uppercase() || !c.is_alphanumeric() {
            spaced.push(' ');
        }
        spaced.extend(c.to_lowercase());
    }
    let words = |word: &&&str| {
        spaced
            .split(|c: char| !c.is_alphanumeric())
            .any(|part| part == **word)
    };
    BANNED_WORDS.iter().find(words).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    #[test]
    fn a_crate_not_named_for_its_path_is_found() {
        let files = [("wire/mqtt/Cargo.toml", "[package]\nname = \"mqtt\"\n")];
        let expected = "wire/mqtt/Cargo.toml: package mqtt must be named wire-mqtt";
        assert_eq!(findings_of(check, &files), [expected]);
    }

    #[test]
    fn banned_file_names_are_found() {
        let files = [("wire/mqtt/src/utils.rs", ""), ("shard/a/src/b/mod.rs", "")];
        let found = findings_of(check, &files);
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with("instead of mod.rs"));
        assert_eq!(found[1], "wire/mqtt/src/utils.rs: `utils` names nothing");
    }

    #[test]
    fn banned_words_in_declared_names_are_found() {
        let code = "struct SessionManager;\nfn parse_helper() {}\nfn get_topic() {}\n\
                    fn imposed_types_of() {}\n";
        let found = findings_of(check, &[("wire/a/src/b.rs", code)]);
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(
            found[0],
            "wire/a/src/b.rs:1: `manager` in `SessionManager` names nothing"
        );
    }

    #[test]
    fn longer_words_uses_and_standard_names_are_free() {
        let code =
            "use x::types;\nfn get_mut() {}\nfn commonality() {}\nfn utility() {}\n// helper\n";
        assert!(findings_of(check, &[("wire/a/src/b.rs", code)]).is_empty());
    }
}
