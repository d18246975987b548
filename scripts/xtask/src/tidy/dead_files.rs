//! Every Rust file is part of some crate: reached from a target by `mod` declarations.

use std::collections::BTreeSet;

use crate::finding::Finding;
use crate::manifest::Manifest;
use crate::rust_source::RustSource;
use crate::tree::{File, Tree, resolve};

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    let mut reached = BTreeSet::new();
    let roots = tree
        .crates
        .iter()
        .flat_map(|manifest| roots(tree, manifest));
    let mut waiting = roots.collect::<Vec<_>>();
    while let Some(place) = waiting.pop() {
        let Some(file) = tree.file(&place.path) else {
            continue;
        };
        if !reached.contains(&place) {
            waiting.extend(modules(file, place.is_root));
            reached.insert(place);
        }
    }
    let reached = reached.iter().map(|place| place.path.as_str());
    let reached = reached.collect::<BTreeSet<_>>();
    let files = tree.files.iter().filter(|file| file.is_rust());
    for file in files.filter(|file| !reached.contains(file.path.as_str())) {
        let message = "is part of no crate: no `mod` leads to it";
        findings.push(Finding::file(&file.path, message));
    }
}

/// Where the compiler looks for a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    path: String,
    /// Whether its modules stand beside it instead of in a folder of its name.
    is_root: bool,
}

/// The files from which the compiler starts.
fn roots(tree: &Tree, manifest: &Manifest) -> Vec<Place> {
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
    let root = |path| Place {
        path,
        is_root: true,
    };
    roots.into_iter().map(root).collect()
}

/// The files of the modules that `file` declares, and others that may not exist.
fn modules(file: &File, is_root: bool) -> Vec<Place> {
    let (folder, name) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let below = if is_root {
        folder.to_owned()
    } else {
        format!("{folder}/{}", name.trim_end_matches(".rs"))
    };
    // A file named by a `path` attribute counts as a root: its modules stand beside it.
    let explicit = explicit_paths(file.text.as_deref().unwrap_or_default());
    let mut places = explicit
        .map(|path| Place {
            path: resolve(folder, path),
            is_root: true,
        })
        .collect::<Vec<_>>();
    let words = file.source.iter().flat_map(RustSource::words);
    let words = words.map(|(_, word)| word).collect::<Vec<_>>();
    for pair in words.windows(2).filter(|pair| pair[0] == "mod") {
        let name = pair[1].trim_start_matches("r#");
        places.push(Place {
            path: format!("{below}/{name}.rs"),
            is_root: false,
        });
    }
    places
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
                "mod world;\n#[path = \"../src/../odd.rs\"]\nmod even;\n",
            ),
            ("wire/a/tests/world.rs", ""),
            ("wire/a/odd.rs", "mod odder;\n"),
            ("wire/a/odder.rs", ""),
            ("wire/a/benches/f/main.rs", "mod g;\n"),
            ("wire/a/benches/f/g.rs", ""),
            ("wire/a/benches/f/h.rs", ""),
        ];
        let expected = "wire/a/benches/f/h.rs: is part of no crate: no `mod` leads to it";
        assert_eq!(findings_of(check, &files), [expected]);
    }
}
