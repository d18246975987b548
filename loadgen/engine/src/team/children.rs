//! Workers in child processes: commands go in and notices come out as lines of JSON.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{self, Child, ChildStdin, ChildStdout, Stdio};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::Duration;

use serde::Serialize;

use crate::clock;
use crate::limits::CHILD_END_MAX;
use crate::message::{Command, Notice, Setup};
use crate::run_error::RunError;
use crate::worker_process::WORKER_COMMAND;

/// The child processes. They are killed when this is dropped before [`Children::join`].
pub(crate) struct Children(Vec<Hand>);

struct Hand {
    child: Child,
    /// Closing it ends the child, too.
    commands: Option<ChildStdin>,
}

impl Children {
    pub(crate) fn start(
        setup: &Setup,
        processes: u16,
        notices: &Sender<(u16, Notice)>,
    ) -> Result<Self, RunError> {
        let mut children = Self(Vec::new());
        for number in 0..processes {
            let own = Setup {
                first: number * setup.threads,
                ..setup.clone()
            };
            let (mut hand, output) = spawn().map_err(|error| failed("start it", &error))?;
            hand.write(&own)?;
            children.0.push(hand);
            let (first, notices) = (own.first, notices.clone());
            let listen = move || listen(number, first, output, &notices);
            thread::Builder::new()
                .name(format!("process-{number}"))
                .spawn(listen)
                .map_err(|error| failed("start a thread for it", &error))?;
        }
        Ok(children)
    }

    pub(crate) fn tell(&mut self, command: &Command) -> Result<(), RunError> {
        self.0.iter_mut().try_for_each(|hand| hand.write(command))
    }

    /// Waits for all, and kills those that take too long.
    pub(crate) fn join(mut self) {
        for hand in &mut self.0 {
            hand.commands = None;
        }
        let deadline = clock::now() + CHILD_END_MAX;
        while clock::now() < deadline && self.0.iter_mut().any(Hand::runs) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for hand in &mut self.0 {
            if hand.runs() {
                // It may have ended in between; either way it is waited for.
                _ = hand.child.kill();
                _ = hand.child.wait();
            }
        }
    }
}

impl Hand {
    fn runs(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn write(&mut self, message: &impl Serialize) -> Result<(), RunError> {
        let Some(commands) = &mut self.commands else {
            return Ok(());
        };
        let mut line = serde_json::to_vec(message).expect("messages always serialize");
        line.push(b'\n');
        commands
            .write_all(&line)
            .map_err(|error| failed("tell it something", &error))
    }
}

fn spawn() -> std::io::Result<(Hand, ChildStdout)> {
    // A group of its own: Ctrl-C is for the leader, who then ends its children.
    let mut child = process::Command::new(std::env::current_exe()?)
        .arg(WORKER_COMMAND)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()?;
    let commands = child.stdin.take();
    let output = child.stdout.take().expect("standard output was piped");
    Ok((Hand { child, commands }, output))
}

/// Passes on what a child says, and at last that it says no more.
fn listen(number: u16, first: u16, output: ChildStdout, notices: &Sender<(u16, Notice)>) {
    let mut reason = "it ended before its time".to_owned();
    for line in BufReader::new(output).lines() {
        let notice = line
            .map_err(|error| error.to_string())
            .and_then(|line| serde_json::from_str(&line).map_err(|error| error.to_string()));
        match notice {
            Ok(notice) => _ = notices.send(notice),
            Err(error) => {
                reason = error;
                break;
            }
        }
    }
    // After the run nobody hears this.
    let notice = Notice::Failed(format!("process {number}: {reason}"));
    _ = notices.send((first, notice));
}

fn failed(verb: &str, error: &std::io::Error) -> RunError {
    RunError::Process(format!("{verb}: {error}"))
}
