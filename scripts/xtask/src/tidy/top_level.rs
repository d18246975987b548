//! The top level holds the folders of the house and nothing else, and no file is a blob.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::tree::Tree;

/// Everything that may stand at the top, names with a leading dot apart.
const ALLOWED: [&str; 13] = [
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "README.md",
    "broker",
    "cluster-link",
    "loadgen",
    "perf",
    "rust-toolchain.toml",
    "scripts",
    "shard",
    "store",
    "wire",
];

/// Bytes a file may have; source above that is generated, and data belongs elsewhere.
const FILE_BYTES_MAX: u64 = 100_000;

/// Lock files are as long as they are.
const BLOBS_ALLOWED: [&str; 2] = ["Cargo.lock", "package-lock.json"];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let names = tree
        .files
        .iter()
        .filter_map(|file| file.path.split('/').next());
    for name in names.collect::<BTreeSet<_>>() {
        if !name.starts_with('.') && !ALLOWED.contains(&name) {
            findings.push(Finding::file(name, "does not belong to the top level"));
        }
    }
    for file in &tree.files {
        if file.bytes > FILE_BYTES_MAX && !BLOBS_ALLOWED.contains(&file.name()) {
            let message = format!("has {} bytes, {FILE_BYTES_MAX} are allowed", file.bytes);
            findings.push(Finding::file(&file.path, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    #[test]
    fn a_new_folder_at_the_top_is_found() {
        let files = [("utils/a.rs", ""), ("wire/a.rs", ""), (".ci/run", "")];
        assert_eq!(
            findings_of(check, &files),
            ["utils: does not belong to the top level"]
        );
    }

    #[test]
    fn a_blob_is_found() {
        let long = "x".repeat(100_001);
        let files = [
            ("perf/trace.txt", long.as_str()),
            ("Cargo.lock", long.as_str()),
        ];
        let found = findings_of(check, &files);
        assert_eq!(
            found,
            ["perf/trace.txt: has 100001 bytes, 100000 are allowed"]
        );
    }
}
