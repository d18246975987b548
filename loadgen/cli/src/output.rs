//! Where the results go.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use loadgen_report::{HdrLogs, Report};

use crate::command_line::OutputOptions;

/// Checks that the results can be written, before they are made.
pub(crate) fn prepare(of: &OutputOptions) -> anyhow::Result<()> {
    if let Some(folder) = &of.hdr {
        fs::create_dir_all(folder).with_context(|| format!("make folder {}", folder.display()))?;
    }
    for path in [&of.json, &of.html].into_iter().flatten() {
        if !is_standard(path) {
            fs::write(path, "").with_context(|| format!("write {}", path.display()))?;
        }
    }
    Ok(())
}

/// Hands out the results.
pub(crate) fn write(of: &OutputOptions, report: &Report, logs: &HdrLogs) -> anyhow::Result<()> {
    if let Some(folder) = &of.hdr {
        for (name, text) in logs.files() {
            write_file(&folder.join(name), text)?;
        }
    }
    if let Some(path) = &of.html {
        write_file(path, &loadgen_report::html(report))?;
    }
    let mut text = loadgen_report::summary(report);
    if let Some(path) = &of.json {
        let json = report.to_json();
        if is_standard(path) {
            text = json;
        } else {
            write_file(path, &json)?;
        }
    }
    let silent = of.quiet && !of.json.as_deref().is_some_and(is_standard);
    if silent {
        return Ok(());
    }
    io::stdout()
        .write_all(text.as_bytes())
        .context("write the results")
}

fn is_standard(path: &Path) -> bool {
    path == Path::new("-")
}

fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("write {}", path.display()))
}
