//! Every Rust file is part of some crate: reached from a target by `mod` declarations.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::manifest::Manifest;
use crate::rust_source::RustSource;
use crate::tree::{File, Tree};

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let mut reached = BTreeSet::new();
    let mut waiting = tree
        .crates
        .iter()
        .flat_map(|manifest| roots(tree, manifest))
        .collect::<Vec<_>>();
    while let Some((path, is_root)) = waiting.pop() {
        let Some(file) = tree.file(&path) else {
            continue;
        };
        if reached.insert(path.clone()) {
            waiting.extend(
                modules(tree, file, is_root)
                    .into_iter()
                    .map(|path| (path, false)),
            );
        }
    }
    for file in tree
        .files
        .iter()
        .filter(|file| file.is_rust() && !reached.contains(&file.path))
    {
        findings.push(Finding::file(
            &file.path,
            "is part of no crate: no `mod` leads to it",
        ));
    }
}

/// The files from which the compiler starts, and that they are such.
fn roots(tree: &Tree, manifest: &Manifest) -> Vec<(String, bool)> {
    let folder = &manifest.folder;
    let mut roots = ["src/lib.rs", "src/main.rs", "build.rs"]
        .map(|file| format!("{folder}/{file}"))
        .to_vec();
    roots.extend(manifest.targets.iter().cloned());
    for part in ["src/bin", "tests", "benches", "examples"] {
        let below = format!("{folder}/{part}/");
        roots.extend(tree.files.iter().map(|file| &file.path).filter_map(|path| {
            let rest = path.strip_prefix(&below)?;
            let is_target =
                !rest.contains('/') || rest.ends_with("/main.rs") && rest.matches('/').count() == 1;
            is_target.then(|| path.clone())
        }));
    }
    roots.into_iter().map(|path| (path, true)).collect()
}

/// The files of the modules that `file` declares.
fn modules(tree: &Tree, file: &File, is_root: bool) -> Vec<String> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let below = if is_root {
        folder.to_owned()
    } else {
        format!("{folder}/{}", name.trim_end_matches(".rs"))
    };
    let mut paths = explicit_paths(file.text.as_deref().unwrap_or_default())
        .map(|path| format!("{folder}/{path}"))
        .collect::<Vec<_>>();
    let words = file.source.iter().flat_map(RustSource::words);
    let words = words.map(|(_, word)| word).collect::<Vec<_>>();
    for pair in words.windows(2).filter(|pair| pair[0] == "mod") {
        let name = pair[1].trim_start_matches("r#");
        paths.extend([
            format!("{below}/{name}.rs"),
            format!("{below}/{name}/mod.rs"),
        ]);
    }
    paths.retain(|path| tree.has(path));
    paths
}

/// The values of `#[path = "..."]` attributes and of `include!("...")`.
fn explicit_paths(text: &str) -> impl Iterator<Item = &str> {
    ["#[path = \"", "include!(\""]
        .into_iter()
        .flat_map(move |opening| {
            text.match_indices(opening)
                .filter_map(move |(at, _)| text[at + opening.len()..].split('"').next())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    const MANIFEST: (&str, &str) = (
        "wire/a/Cargo.toml",
        "[package]\nname = \"wire-a\"\n[[bin]]\npath = \"targets/t.rs\"\n",
    );

    #[test]
    fn a_file_no_module_leads_to_is_found() {
        let files = [
            MANIFEST,
            ("wire/a/src/lib.rs", "mod b;\n// mod d;\n"),
            ("wire/a/src/b.rs", "pub(crate) mod c;\n"),
            ("wire/a/src/b/c.rs", ""),
            ("wire/a/src/c.rs", ""),
            ("wire/a/src/d.rs", ""),
        ];
        let expected = ["c", "d"]
            .map(|name| format!("wire/a/src/{name}.rs: is part of no crate: no `mod` leads to it"));
        assert_eq!(findings_of(check, &files), expected);
    }

    #[test]
    fn tests_benches_and_named_targets_are_roots() {
        let files = [
            MANIFEST,
            ("wire/a/targets/t.rs", ""),
            (
                "wire/a/tests/e.rs",
                "mod world;\n#[path = \"odd.rs\"]\nmod even;\n",
            ),
            ("wire/a/tests/world.rs", ""),
            ("wire/a/tests/odd.rs", ""),
            ("wire/a/benches/f/main.rs", "mod g;\n"),
            ("wire/a/benches/f/g.rs", ""),
            ("wire/a/benches/f/h.rs", ""),
        ];
        let expected = "wire/a/benches/f/h.rs: is part of no crate: no `mod` leads to it";
        assert_eq!(findings_of(check, &files), [expected]);
    }
}
