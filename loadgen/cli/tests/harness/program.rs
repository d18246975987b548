//! The program `loadgen`, run to its end.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

/// The program while it runs; killed when this is dropped.
pub struct Program(Option<Child>);

/// What it left.
pub struct Finished {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub output: String,
    /// Standard error.
    pub errors: String,
}

/// Runs the program to its end; `words` are separated by blanks.
pub fn loadgen(words: &str, broker: SocketAddr) -> Finished {
    Program::start(words, broker).finish()
}

/// A folder of its own for whoever asks; left behind only by tests that fail.
pub fn scratch(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let own = format!("loadgen-{name}-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(own);
    fs::create_dir_all(&folder).unwrap();
    folder
}

impl Program {
    /// Starts it against `broker`.
    pub fn start(words: &str, broker: SocketAddr) -> Self {
        let target = format!("{words} --host {broker}");
        Self::start_words(&target)
    }

    /// Starts it with nothing but these words.
    pub fn start_words(words: &str) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_loadgen"))
            .args(words.split_whitespace())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self(Some(child.unwrap()))
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Finished {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        Finished {
            code: output.status.code().unwrap_or(-1),
            output: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended by itself.
            _ = child.kill();
            _ = child.wait();
        }
    }
}

impl Finished {
    /// The report on standard output, if the exit code is `code`.
    #[track_caller]
    pub fn report(&self, code: i32) -> Value {
        assert_eq!(self.code, code, "{}{}", self.errors, self.output);
        serde_json::from_str(&self.output).unwrap()
    }
}
