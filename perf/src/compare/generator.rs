//! The load generator as a program that is run once for each measurement.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use loadgen_report::Report;

use crate::interrupt::Interrupt;
use crate::process::{Group, Running};

/// Time beyond the measured one that a run may take: connecting, warming up, draining.
///
/// More than the minute after which the load generator itself gives clients up, so that it can say so.
const TIME_BEYOND: Duration = Duration::from_secs(90);

/// How often a run is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Exit code of a run that found violations: its report is whole.
const VIOLATIONS: i32 = 2;

/// The load generator.
pub(crate) struct Generator {
    program: PathBuf,
    pub(crate) version: String,
}

/// What a run needs to know besides its load.
pub(crate) struct Aim<'a> {
    pub(crate) broker: &'a mut Running,
    pub(crate) address: SocketAddr,
    pub(crate) seconds: u32,
    /// Where its report goes.
    pub(crate) json: &'a Path,
}

impl Generator {
    /// The load generator at this path.
    ///
    /// # Errors
    ///
    /// If it is not there or does not tell its version.
    pub(crate) fn at(program: PathBuf) -> Result<Self> {
        let output = Command::new(&program).arg("--version").output();
        let output = output.with_context(|| {
            let path = program.display();
            format!("run {path}, which cargo build --release -p loadgen-cli makes")
        })?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if !output.status.success() || version.is_empty() {
            bail!("{} does not tell its version", program.display());
        }
        Ok(Self { program, version })
    }

    /// Runs one load and reads its report.
    ///
    /// # Errors
    ///
    /// If the run cannot be made, takes too long, the broker ends, or somebody interrupts.
    pub(crate) fn run(
        &self,
        load: &[String],
        aim: &mut Aim<'_>,
        interrupt: &Interrupt,
    ) -> Result<Report> {
        let log_path = aim.json.with_extension("log");
        let log =
            File::create(&log_path).with_context(|| format!("make {}", log_path.display()))?;
        _ = fs::remove_file(aim.json);
        let mut command = Command::new(&self.program);
        command
            .args(load)
            .arg("--host")
            .arg(aim.address.ip().to_string())
            .arg("--port")
            .arg(aim.address.port().to_string())
            .arg("--quiet")
            .arg("--json")
            .arg(aim.json);
        for pid in aim.broker.pids() {
            command.arg("--broker-pid").arg(pid.to_string());
        }
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("make a log")?)
            .stderr(log);
        let mut child = Group::start(&mut command).context("run the load generator")?;
        let deadline = Instant::now() + Duration::from_secs(aim.seconds.into()) + TIME_BEYOND;
        let status = loop {
            if let Some(status) = child.status().context("wait for the load generator")? {
                break status;
            }
            let stop = if interrupt.came() {
                Some("interrupted".to_owned())
            } else if Instant::now() > deadline {
                Some("the load generator does not come to an end".to_owned())
            } else {
                let end = aim.broker.ended();
                end.map(|end| format!("it {end} under load:\n{}", aim.broker.log_end()))
            };
            if let Some(reason) = stop {
                bail!(reason);
            }
            thread::sleep(LOOK_EVERY);
        };
        if !(status.success() || status.code() == Some(VIOLATIONS)) {
            bail!("the load generator {status}: {}", last_line(&log_path));
        }
        let text = fs::read_to_string(aim.json).context("read the load generator's report")?;
        Report::from_json(&text).context("read the load generator's report")
    }
}

/// The last line that says something.
fn last_line(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    line.map_or_else(
        || "it has said nothing".to_owned(),
        |line| line.trim().to_owned(),
    )
}
