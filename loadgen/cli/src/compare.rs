//! The command `report`.

use std::fs;
use std::io::{self, Write as _};

use anyhow::Context as _;
use loadgen_report::Report;

use crate::command_line::ReportArguments;

/// Shows one report, or compares several.
pub(crate) fn report(of: &ReportArguments) -> anyhow::Result<()> {
    let read = |path: &std::path::PathBuf| {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        Report::from_json(&text).with_context(|| format!("read {}", path.display()))
    };
    let reports = of
        .files
        .iter()
        .map(read)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let (text, html) = match reports.as_slice() {
        [report] => (
            loadgen_report::summary(report),
            of.html.as_ref().map(|_| loadgen_report::html(report)),
        ),
        reports => {
            let comparison = loadgen_report::Comparison::of(reports);
            (
                comparison.text(),
                of.html.as_ref().map(|_| comparison.html()),
            )
        }
    };
    if let (Some(path), Some(html)) = (&of.html, html) {
        fs::write(path, html).with_context(|| format!("write {}", path.display()))?;
    }
    io::stdout()
        .write_all(text.as_bytes())
        .context("write the report")
}
