//! The programs that are measured, built by cargo as users build them.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// A program of this workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Program {
    pub(crate) package: &'static str,
    pub(crate) target: Target,
}

/// Which of the package's programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Bench(&'static str),
    Bin(&'static str),
    Example(&'static str),
}

/// Where the programs built so far are.
#[derive(Debug, Default)]
pub(crate) struct Programs(BTreeMap<Program, PathBuf>);

/// A line of what cargo says of its work.
#[derive(Deserialize)]
struct Line {
    reason: String,
    target: Option<LineTarget>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct LineTarget {
    name: String,
}

impl Programs {
    /// Builds a program with the release profile, unless that was done before.
    ///
    /// Each in a call of its own: features that packages share would else depend on what else is
    /// measured, and with them the figures.
    ///
    /// # Errors
    ///
    /// If it does not compile; the compiler has said why.
    pub(crate) fn build(&mut self, program: Program) -> Result<()> {
        if self.0.contains_key(&program) {
            return Ok(());
        }
        let Program { package, target } = program;
        let (verb, kind, name) = match target {
            Target::Bench(name) => (["bench", "--no-run"], "--bench", name),
            Target::Bin(name) => (["build", "--release"], "--bin", name),
            Target::Example(name) => (["build", "--release"], "--example", name),
        };
        eprintln!("perf: building {name} of {package}");
        let output = Command::new(tool("CARGO", "cargo"))
            .args(verb)
            .args(["--locked", "--quiet", "--package", package, kind, name])
            .arg("--message-format=json-render-diagnostics")
            .current_dir(root())
            // An incremental build is split finely, and slower for it.
            .env("CARGO_INCREMENTAL", "0")
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("run cargo")?;
        ensure!(
            output.status.success(),
            "{name} of {package} does not build, see above"
        );
        let said = String::from_utf8_lossy(&output.stdout);
        let Some(path) = executable(&said, name) else {
            bail!("cargo does not say where {name} of {package} is");
        };
        self.0.insert(program, path);
        Ok(())
    }

    /// Where a program is.
    ///
    /// # Errors
    ///
    /// If it was not built.
    pub(crate) fn path(&self, program: Program) -> Result<&Path> {
        let path = self.0.get(&program).map(PathBuf::as_path);
        path.with_context(|| format!("{program:?} was not built"))
    }
}

/// The compiler's version, `rustc 1.95.0 (59807616e 2026-04-14)`.
///
/// # Errors
///
/// If there is none.
pub(crate) fn compiler() -> Result<String> {
    let output = Command::new(tool("RUSTC", "rustc"))
        .arg("--version")
        .current_dir(root())
        .output()
        .context("run rustc")?;
    ensure!(output.status.success(), "rustc does not tell its version");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The tool that cargo names to programs that it runs, else the one on the path.
fn tool(variable: &str, name: &str) -> OsString {
    env::var_os(variable).unwrap_or_else(|| name.into())
}

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The program of this name among the lines that cargo said.
fn executable(said: &str, name: &str) -> Option<PathBuf> {
    let lines = said
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    let mut built = lines.filter(|line: &Line| {
        let is_named = line
            .target
            .as_ref()
            .is_some_and(|target| target.name == name);
        line.reason == "compiler-artifact" && is_named
    });
    built.find_map(|line| line.executable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_libraries_and_others() {
        let said = r#"{"reason":"compiler-artifact","target":{"name":"cost"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/a/other-1"}
{"reason":"build-script-executed","package_id":"x"}
{"reason":"compiler-artifact","target":{"name":"cost"},"executable":"/a/cost-1"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(said, "cost"), Some("/a/cost-1".into()));
        assert_eq!(executable(said, "none"), None);
    }

    #[test]
    fn the_compiler_tells_its_version() {
        assert!(compiler().unwrap().starts_with("rustc "));
    }
}
