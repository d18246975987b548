//! What the rules need to know of a `Cargo.toml`.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;

/// One crate of the repository.
#[derive(Clone, Debug)]
pub(crate) struct Manifest {
    /// Path of the manifest from the root.
    pub(crate) path: String,
    /// Folder of the manifest from the root.
    pub(crate) folder: String,
    /// Name of the package.
    pub(crate) name: String,
    /// `[package.metadata] layer`.
    pub(crate) layer: Option<String>,
    /// Names of all dependencies, those of tests and build scripts included.
    pub(crate) dependencies: Vec<String>,
    /// Whether the workspace's lints are in force.
    pub(crate) has_workspace_lints: bool,
    /// Source files named by `[lib]`, `[[bin]]`, `[[test]]`, `[[bench]]` and `[[example]]`, from the root.
    pub(crate) targets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Raw {
    package: Option<RawPackage>,
    #[serde(default)]
    lints: RawLints,
    #[serde(flatten)]
    tables: RawTables,
    #[serde(default)]
    target: BTreeMap<String, RawTables>,
    lib: Option<RawTarget>,
    #[serde(default)]
    bin: Vec<RawTarget>,
    #[serde(default)]
    test: Vec<RawTarget>,
    #[serde(default)]
    bench: Vec<RawTarget>,
    #[serde(default)]
    example: Vec<RawTarget>,
}

#[derive(Deserialize)]
struct RawPackage {
    name: String,
    #[serde(default)]
    metadata: RawMetadata,
}

#[derive(Default, Deserialize)]
struct RawMetadata {
    layer: Option<String>,
}

#[derive(Default, Deserialize)]
struct RawLints {
    #[serde(default)]
    workspace: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawTables {
    #[serde(default)]
    dependencies: BTreeMap<String, toml::Value>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, toml::Value>,
    #[serde(default)]
    build_dependencies: BTreeMap<String, toml::Value>,
}

#[derive(Deserialize)]
struct RawTarget {
    path: Option<String>,
}

impl Manifest {
    /// Reads the manifest at `path`; nothing if it describes no package.
    ///
    /// # Errors
    ///
    /// If `text` is not a manifest.
    pub(crate) fn parse(path: &str, text: &str) -> anyhow::Result<Option<Self>> {
        let raw: Raw = toml::from_str(text).with_context(|| format!("parse {path}"))?;
        let Some(package) = raw.package else {
            return Ok(None);
        };
        let folder = path
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned();
        let dependencies = [&raw.tables]
            .into_iter()
            .chain(raw.target.values())
            .flat_map(|tables| {
                [
                    &tables.dependencies,
                    &tables.dev_dependencies,
                    &tables.build_dependencies,
                ]
            });
        let targets = raw
            .lib
            .iter()
            .chain(&raw.bin)
            .chain(&raw.test)
            .chain(&raw.bench);
        let targets = targets
            .chain(&raw.example)
            .filter_map(|target| target.path.as_ref());
        Ok(Some(Self {
            path: path.to_owned(),
            name: package.name,
            layer: package.metadata.layer,
            dependencies: dependencies.flat_map(BTreeMap::keys).cloned().collect(),
            has_workspace_lints: raw.lints.workspace,
            targets: targets.map(|target| format!("{folder}/{target}")).collect(),
            folder,
        }))
    }

    /// Whether the crate depends on `name`.
    pub(crate) fn depends_on(&self, name: &str) -> bool {
        self.dependencies
            .iter()
            .any(|dependency| dependency == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_of_dependencies_count() {
        let text = "[package]\nname = \"a-b\"\n[package.metadata]\nlayer = \"io\"\n\
                    [lints]\nworkspace = true\n[dependencies]\nc = \"1\"\n\
                    [dev-dependencies]\nd.workspace = true\n\
                    [target.'cfg(unix)'.dependencies]\ne = \"1\"\n[[bin]]\npath = \"src/f.rs\"\n";
        let manifest = Manifest::parse("a/b/Cargo.toml", text).unwrap().unwrap();
        assert_eq!(manifest.dependencies, ["c", "d", "e"]);
        assert_eq!(manifest.layer.as_deref(), Some("io"));
        assert_eq!(manifest.folder, "a/b");
        assert_eq!(manifest.targets, ["a/b/src/f.rs"]);
        assert!(manifest.has_workspace_lints);
    }

    #[test]
    fn a_workspace_alone_is_no_crate() {
        assert!(
            Manifest::parse("Cargo.toml", "[workspace]\n")
                .unwrap()
                .is_none()
        );
    }
}
