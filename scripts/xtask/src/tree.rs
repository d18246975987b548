//! The files of the repository, in memory.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::manifest::Manifest;
use crate::rust_source::RustSource;

/// Folders that hold no source, wherever they stand.
const IGNORED_ANYWHERE: [&str; 5] = [
    ".git",
    "node_modules",
    "__pycache__",
    ".pytest_cache",
    "artifacts",
];

/// Folders that hold no source when they stand at the root or in a fuzz crate.
const IGNORED_OUTPUT: [&str; 2] = ["target", "data"];

/// One file.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Path from the root, with `/` between the parts.
    pub(crate) path: String,
    /// Length in bytes.
    pub(crate) bytes: u64,
    /// The content, or nothing if it is not text.
    pub(crate) text: Option<String>,
    /// Code and comments told apart, if this is Rust.
    pub(crate) source: Option<RustSource>,
}

impl File {
    fn new(path: String, bytes: u64, text: Option<String>) -> Self {
        let mut file = Self {
            path,
            bytes,
            text,
            source: None,
        };
        if file.is_rust() {
            file.source = file.text.as_deref().map(RustSource::new);
        }
        file
    }

    /// The last part of the path.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Whether the name ends with a dot and `ending`.
    pub(crate) fn has_ending(&self, ending: &str) -> bool {
        self.name()
            .rsplit_once('.')
            .is_some_and(|(_, found)| found == ending)
    }

    /// Whether this is Rust source.
    pub(crate) fn is_rust(&self) -> bool {
        self.has_ending("rs")
    }

    /// Whether the whole file is test or benchmark code.
    pub(crate) fn is_test(&self) -> bool {
        self.path
            .split('/')
            .any(|part| matches!(part, "tests" | "benches" | "fuzz"))
            || self.path.ends_with("tests.rs")
    }
}

/// The repository: all files that belong to it, sorted by path, and the crates among them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    /// Every file.
    pub(crate) files: Vec<File>,
    /// Every crate, that is: every `Cargo.toml` with a package.
    pub(crate) crates: Vec<Manifest>,
}

/// The root of the repository this program was built from.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Tree {
    /// Reads the repository at `root`.
    ///
    /// # Errors
    ///
    /// If a folder or file cannot be read, or a manifest is not TOML.
    pub(crate) fn read(root: &Path) -> anyhow::Result<Self> {
        let mut files = Vec::new();
        read_folder(root, "", &mut files)?;
        Self::new(files)
    }

    /// A tree made of paths and texts, for the tests of the rules.
    #[cfg(test)]
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| {
            File::new(
                (*path).to_owned(),
                text.len() as u64,
                Some((*text).to_owned()),
            )
        });
        Self::new(files.collect()).expect("the manifests of a sample are TOML")
    }

    fn new(mut files: Vec<File>) -> anyhow::Result<Self> {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut crates = Vec::new();
        for file in files.iter().filter(|file| file.name() == "Cargo.toml") {
            crates.extend(Manifest::parse(
                &file.path,
                file.text.as_deref().unwrap_or_default(),
            )?);
        }
        Ok(Self { files, crates })
    }

    /// The file at `path`, if there is one.
    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        let found = self
            .files
            .binary_search_by(|file| file.path.as_str().cmp(path));
        found.ok().map(|index| &self.files[index])
    }

    /// The text of the file at `path`, if there is one.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.file(path)?.text.as_deref()
    }

    /// Whether there is a file at `path`.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.file(path).is_some()
    }

    /// All Rust files, each with its code and comments told apart.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&File, &RustSource)> {
        self.files
            .iter()
            .filter_map(|file| Some((file, file.source.as_ref()?)))
    }

    /// The crate a file belongs to: the one in the nearest folder above it.
    pub(crate) fn crate_of(&self, path: &str) -> Option<&Manifest> {
        let above = |of: &&Manifest| {
            path.strip_prefix(&of.folder)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        self.crates
            .iter()
            .filter(above)
            .max_by_key(|manifest| manifest.folder.len())
    }
}

fn read_folder(root: &Path, below: &str, files: &mut Vec<File>) -> anyhow::Result<()> {
    let folder = root.join(below);
    let entries = fs::read_dir(&folder).with_context(|| format!("list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() {
            name.clone()
        } else {
            format!("{below}/{name}")
        };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !is_ignored(below, &name) {
                read_folder(root, &path, files)?;
            }
        } else if kind.is_file() {
            let content = fs::read(entry.path()).with_context(|| format!("read {path}"))?;
            let bytes = content.len() as u64;
            files.push(File::new(path, bytes, String::from_utf8(content).ok()));
        }
    }
    Ok(())
}

/// `target` as seen from `folder`, from the root of the tree.
pub(crate) fn resolve(folder: &str, target: &str) -> String {
    let mut parts = folder
        .split('/')
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn is_ignored(below: &str, name: &str) -> bool {
    let output = below.is_empty() || below.ends_with("/fuzz");
    IGNORED_ANYWHERE.contains(&name) || output && IGNORED_OUTPUT.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_itself_is_read() {
        let tree = Tree::read(&root()).unwrap();
        assert!(tree.has("Cargo.toml"));
        assert!(tree.has("scripts/xtask/src/main.rs"));
        assert!(!tree.files.iter().any(|file| file.path.starts_with(".git/")));
    }

    #[test]
    fn build_output_is_left_out_at_the_root_only() {
        assert!(is_ignored("", "target"));
        assert!(is_ignored("wire/mqtt/fuzz", "target"));
        assert!(!is_ignored("broker/server/src", "data"));
        assert!(is_ignored("broker/server/tests/js", "node_modules"));
    }

    #[test]
    fn a_file_belongs_to_the_nearest_crate() {
        let package = |name: &str| format!("[package]\nname = \"{name}\"\n");
        let tree = Tree::of(&[
            ("wire/mqtt/Cargo.toml", &package("wire-mqtt")),
            ("wire/mqtt/fuzz/Cargo.toml", &package("wire-mqtt-fuzz")),
        ]);
        let of = |path: &str| tree.crate_of(path).map(|found| found.name.clone());
        assert_eq!(of("wire/mqtt/src/lib.rs").as_deref(), Some("wire-mqtt"));
        assert_eq!(
            of("wire/mqtt/fuzz/fuzz_targets/a.rs").as_deref(),
            Some("wire-mqtt-fuzz")
        );
        assert_eq!(of("wire/mqtt-sn/src/lib.rs"), None);
    }
}
