//! Whether a broker is here, and which version of it.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use regex::Regex;

use super::folder::release_folder;
use super::{Adapter, Values, brokers_cache};

/// A broker that is here.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) program: PathBuf,
    /// What it says of itself; `unknown` if it does not say.
    pub(crate) version: String,
}

/// Looks for the adapter's program; `None` if it is not here.
///
/// `SKEIN_PERF_<NAME>` names another program than the adapter does.
///
/// # Errors
///
/// If its version cannot be asked for, or what `SKEIN_PERF_<NAME>` names is not there.
pub(crate) fn find(adapter: &Adapter) -> Result<Option<Found>> {
    let values = Values::default()
        .with("brokers", brokers_cache()?.display().to_string())
        .with("release", release_folder()?.display().to_string());
    let variable = format!(
        "SKEIN_PERF_{}",
        adapter.name.to_uppercase().replace('-', "_")
    );
    let program = if let Some(path) = env::var_os(&variable) {
        let path = PathBuf::from(path);
        let path = path.canonicalize();
        Some(path.with_context(|| format!("look for what {variable} names"))?)
    } else {
        let candidates = adapter.find.programs.iter().map(|text| values.fill(text));
        candidates.into_iter().find_map(|text| locate(&text))
    };
    let mut files = adapter.find.files.iter().map(|text| values.fill(text));
    let Some(program) = program.filter(|_| files.all(|file| Path::new(&file).exists())) else {
        return Ok(None);
    };
    let values = values.with("program", program.display().to_string());
    let command = adapter.version.command.iter().map(|text| values.fill(text));
    let version = ask(&command.collect::<Vec<_>>(), &adapter.version.pattern)?;
    Ok(Some(Found { program, version }))
}

/// The program at this path, or of this name where programs are.
fn locate(text: &str) -> Option<PathBuf> {
    if text.contains('/') {
        return Some(PathBuf::from(text)).filter(|path| is_program(path));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    // Servers are not on every user's path.
    let more = ["/usr/sbin", "/usr/local/sbin", "/usr/local/bin"].map(PathBuf::from);
    let folders = env::split_paths(&path).chain(more);
    folders
        .map(|folder| folder.join(text))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    let metadata = path.metadata();
    metadata.is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

fn ask(command: &[String], pattern: &str) -> Result<String> {
    let (program, arguments) = command.split_first().context("a command names a program")?;
    let output = Command::new(program).args(arguments).output();
    let output = output.with_context(|| format!("run {program}"))?;
    let mut text = output.stdout;
    text.extend(output.stderr);
    let text = String::from_utf8_lossy(&text).into_owned();
    let captures = Regex::new(pattern)?
        .captures(&text)
        .map(|found| found[1].to_owned());
    Ok(captures.unwrap_or_else(|| "unknown".to_owned()))
}
