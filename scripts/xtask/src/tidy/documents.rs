//! A stranger finds his way: each module says what it is, each folder and crate has a page.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::tree::Tree;

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for (file, source) in tree.rust() {
        let first = source
            .comments
            .first()
            .map_or("", |comment| comment.text.as_str());
        let documented = first.starts_with("//!") && first.trim_start_matches("//!").trim() != "";
        // Attributes and the like may not stand before it either: the sentence opens the file.
        let opens = source
            .comments
            .first()
            .is_some_and(|comment| comment.line == 1);
        if !documented || !opens {
            let message = "must open with a `//!` sentence that says what it is";
            findings.push(Finding::file(&file.path, message));
        }
    }
    let mut folders = BTreeSet::new();
    for file in &tree.files {
        let top = file.path.split_once('/').map(|(top, _)| top);
        folders.extend(top.filter(|top| !top.starts_with('.')));
    }
    folders.extend(tree.crates.iter().map(|manifest| manifest.folder.as_str()));
    for folder in folders
        .into_iter()
        .filter(|folder| !folder.ends_with("/fuzz"))
    {
        if !tree.has(&format!("{folder}/README.md")) {
            findings.push(Finding::file(folder, "needs a README.md"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    #[test]
    fn a_module_without_its_sentence_is_found() {
        let files = [
            ("wire/README.md", ""),
            ("wire/a.rs", "//! What it is.\n"),
            ("wire/b.rs", "/// Not it.\nfn b() {}\n"),
            ("wire/c.rs", "//!\n"),
            ("wire/d.rs", "#![allow(x)]\n//! Too late.\n"),
        ];
        let found = findings_of(check, &files);
        let expected =
            |name| format!("wire/{name}.rs: must open with a `//!` sentence that says what it is");
        assert_eq!(found, [expected("b"), expected("c"), expected("d")]);
    }

    #[test]
    fn a_folder_or_crate_without_a_page_is_found() {
        let files = [
            ("wire/README.md", ""),
            ("wire/mqtt/Cargo.toml", "[package]\nname = \"wire-mqtt\"\n"),
            (
                "wire/mqtt/fuzz/Cargo.toml",
                "[package]\nname = \"wire-mqtt-fuzz\"\n",
            ),
            ("shard/a.toml", ""),
            (".ci/run", ""),
        ];
        let found = findings_of(check, &files);
        assert_eq!(
            found,
            ["shard: needs a README.md", "wire/mqtt: needs a README.md"]
        );
    }
}
