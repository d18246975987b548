//! A program that is run to its end, and not longer than it may take.

use std::fs::File;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::interrupt::Interrupt;
use crate::process::Group;

/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Bytes at the end of its errors that are shown when it fails.
const ERRORS_SHOWN: usize = 2_000;

/// Runs `command` and returns what it wrote to standard output.
///
/// # Errors
///
/// If it cannot be started, fails, takes longer than `time`, or somebody wants this program to end;
/// it is ended then.
pub(crate) fn run(command: &mut Command, time: Duration, interrupt: &Interrupt) -> Result<String> {
    let folder = TempDir::with_prefix("skein-perf-").context("make a folder")?;
    let path = |name: &str| folder.path().join(name);
    let name = command.get_program().to_string_lossy().into_owned();
    command
        .stdin(Stdio::null())
        .stdout(File::create(path("out")).context("make a file")?)
        .stderr(File::create(path("errors")).context("make a file")?);
    let mut program = Group::start(command).with_context(|| format!("run {name}"))?;
    let deadline = Instant::now() + time;
    let status = loop {
        if let Some(status) = program.status().context("wait for a program")? {
            break status;
        }
        interrupt.check()?;
        if Instant::now() > deadline {
            bail!("{name} takes longer than {} s", time.as_secs());
        }
        thread::sleep(LOOK_EVERY);
    };
    let read = |name: &str| {
        let bytes = std::fs::read(path(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    if !status.success() {
        let errors = read("errors");
        let start = errors.len().saturating_sub(ERRORS_SHOWN);
        let start = (start..=errors.len()).find(|at| errors.is_char_boundary(*at));
        let shown = errors[start.unwrap_or(0)..].trim();
        bail!("{name} failed with {status}: {shown}");
    }
    Ok(read("out"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(line: &str, time: Duration) -> Result<String> {
        let interrupt = Interrupt::default();
        run(Command::new("sh").args(["-c", line]), time, &interrupt)
    }

    #[test]
    fn output_comes_back_and_failure_says_why() {
        let time = Duration::from_secs(20);
        assert_eq!(shell("echo one", time).unwrap(), "one\n");
        let error = shell("echo two >&2; exit 3", time).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("exit status: 3: two"), "{text}");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let error = shell("exec sleep 60", Duration::from_millis(50)).unwrap_err();
        assert!(format!("{error:#}").contains("takes longer"), "{error:#}");
    }
}
