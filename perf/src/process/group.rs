//! A program that is run to its end, and killed with all that it started if that takes too long.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// A program that runs to its end, in a process group of its own: Ctrl-C reaches this program only.
/// Killed with that group when dropped.
pub(crate) struct Group(Child);

impl Group {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// If there is no such program.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        command.process_group(0).spawn().map(Self)
    }

    /// How it ended, if it did.
    ///
    /// # Errors
    ///
    /// If the kernel does not say.
    pub(crate) fn status(&mut self) -> io::Result<Option<ExitStatus>> {
        self.0.try_wait()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Once it was waited for, its number may be another's.
        if matches!(self.0.try_wait(), Ok(None)) {
            if let Ok(pid) = i32::try_from(self.0.id()) {
                _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
            }
            _ = self.0.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::process::Stdio;

    use super::*;

    #[test]
    fn a_group_that_is_dropped_takes_its_children_with_it() {
        let (mut reader, writer) = io::pipe().expect("there are pipes");
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 60 & echo started; wait"]);
        let group = Group::start(command.stdout(writer)).expect("there is a shell");
        // The command holds an end of the pipe as well.
        drop(command);
        let mut line = [0; 8];
        reader.read_exact(&mut line).expect("the shell speaks");
        drop(group);
        // Ends once the last one that could write is gone.
        let left = reader.read_to_end(&mut Vec::new());
        assert_eq!(left.expect("pipes end"), 0);
    }

    #[test]
    fn how_a_program_ended_is_told() {
        let mut command = Command::new("sh");
        let command = command.args(["-c", "exit 3"]).stdin(Stdio::null());
        let mut group = Group::start(command).expect("there is a shell");
        let status = loop {
            if let Some(status) = group.status().expect("the kernel says") {
                break status;
            }
            std::thread::yield_now();
        };
        assert_eq!(status.code(), Some(3));
    }
}
