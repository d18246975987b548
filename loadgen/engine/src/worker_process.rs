//! The life of a child process: set up by the first line on standard input, led by the others.

use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use loadgen_plan::Audience;

use crate::message::{Command, Notice, Setup};
use crate::run_error::RunError;
use crate::team::Threads;

/// The argument that makes the program a child process of a run.
pub const WORKER_COMMAND: &str = "worker";

/// Runs the workers of a child process until its parent says that it is over, or is gone.
///
/// # Errors
///
/// [`RunError`] if there is no parent that speaks the language; all else the parent is told.
pub fn serve_parent() -> Result<(), RunError> {
    let mut lines = io::stdin().lock().lines();
    let mut line = || lines.next().and_then(Result::ok);
    let first = line().unwrap_or_default();
    let setup = serde_json::from_str::<Setup>(&first);
    let setup = setup.map_err(|error| RunError::Process(format!("read the setup: {error}")))?;
    let (sender, notices) = channel();
    let talk = thread::Builder::new().name("notices".to_owned());
    let talker = talk.spawn(move || {
        for notice in notices {
            if say(&notice).is_err() {
                return;
            }
        }
    });
    let talker = talker.map_err(|error| RunError::Process(error.to_string()))?;
    let start = || {
        let audience = Arc::new(Audience::new(&setup.plan, setup.run)?);
        Threads::start(&setup, &audience, &sender)
    };
    let threads = match start() {
        Ok(threads) => threads,
        Err(error) => {
            _ = sender.send((setup.first, Notice::Failed(error.to_string())));
            drop(sender);
            _ = talker.join();
            return Ok(());
        }
    };
    drop(sender);
    // A parent that is gone says no more, which means the same as `End`.
    while let Some(command) = line().and_then(|line| serde_json::from_str(&line).ok()) {
        threads.tell(&command);
        if matches!(command, Command::End) {
            break;
        }
    }
    threads.tell(&Command::End);
    threads.join();
    _ = talker.join();
    Ok(())
}

fn say(notice: &(u16, Notice)) -> io::Result<()> {
    let mut line = serde_json::to_vec(notice).expect("notices always serialize");
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}
