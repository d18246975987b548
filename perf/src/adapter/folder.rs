//! The folder of adapters.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use regex::Regex;

use super::{Adapter, placeholders};

/// Where adapters are.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Default for Folder {
    fn default() -> Self {
        Self(Path::new(env!("CARGO_MANIFEST_DIR")).join("brokers"))
    }
}

impl From<PathBuf> for Folder {
    fn from(path: PathBuf) -> Self {
        Self(path)
    }
}

impl Folder {
    /// Names of all brokers, in alphabetical order.
    ///
    /// # Errors
    ///
    /// If the folder cannot be read.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        Ok(toml_files(&self.0)?.into_keys().collect())
    }

    /// Reads the adapter of this name and checks it.
    ///
    /// # Errors
    ///
    /// If there is none, or something in it is wrong: says what and where.
    pub(crate) fn load(&self, name: &str) -> Result<Adapter> {
        let path = self.0.join(format!("{name}.toml"));
        if !path.is_file() {
            let names = self.names()?.join(", ");
            bail!("there is no broker {name} here, only: {names}");
        }
        let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
        parse(name, &text).with_context(|| format!("read {}", path.display()))
    }
}

/// The files of a folder that end in `.toml`, by what stands before that.
///
/// # Errors
///
/// If the folder cannot be read.
pub(crate) fn toml_files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    let entries = fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "toml")
            && let Some(name) = path.file_stem().and_then(|stem| stem.to_str())
        {
            files.insert(name.to_owned(), path);
        }
    }
    Ok(files)
}

/// An adapter from its text.
pub(super) fn parse(name: &str, text: &str) -> Result<Adapter> {
    let mut adapter: Adapter = toml::from_str(text)?;
    name.clone_into(&mut adapter.name);
    for (place, text) in adapter.texts() {
        placeholders::check(text).context(place)?;
    }
    if adapter.start.command.is_empty() || adapter.version.command.is_empty() {
        bail!("start.command and version.command name a program at least");
    }
    for file in adapter.files.keys() {
        if file.contains('/') || file.starts_with('.') {
            bail!("files.{file}: a plain name is needed, it stands in {{data}}");
        }
    }
    let pattern = Regex::new(&adapter.version.pattern).context("version.pattern")?;
    if pattern.captures_len() != 2 {
        bail!("version.pattern: one group is needed, the version");
    }
    let port = adapter.start.mqtt5_port.as_deref();
    if port.is_some_and(|port| !["{port2}", "{port3}", "{port4}"].contains(&port)) {
        bail!("start.mqtt5_port: one of {{port2}}, {{port3}} and {{port4}} is needed");
    }
    Ok(adapter)
}

/// Where `perf/brokers/install` puts what it installs.
///
/// # Errors
///
/// If this user has no home.
pub(crate) fn brokers_cache() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache
        .or_else(home)
        .context("neither HOME nor XDG_CACHE_HOME is set")?;
    Ok(cache.join("skein/brokers"))
}

/// Where optimised programs are built, next to wherever this one was.
///
/// # Errors
///
/// If this program does not know where it is.
pub(crate) fn release_folder() -> Result<PathBuf> {
    let own = env::current_exe().context("find this program")?;
    let target = own.ancestors().nth(2).unwrap_or(&own);
    Ok(target.join("release"))
}
