//! Ctrl-C and its like: noted, so that what was started is ended before this program is.

use std::fs;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The exit code of a program that somebody interrupted, as shells have it.
pub(crate) const INTERRUPTED: u8 = 130;

/// Signals after which this program goes, whatever it leaves behind.
const SIGNALS_MAX: u32 = 3;

/// Whether somebody wants this program to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicU32>);

impl Interrupt {
    /// Notes signals from now on. The first asks what runs to end, the second kills it, and a third ends
    /// this program at once.
    ///
    /// # Errors
    ///
    /// If the kernel refuses.
    pub(crate) fn watch() -> Result<Self> {
        let mut watched = vec![SIGINT, SIGTERM];
        let status = fs::read_to_string("/proc/self/status").context("read how signals are set")?;
        // `nohup` has it ignored, and so it shall stay.
        if !is_ignored(&status, SIGHUP) {
            watched.push(SIGHUP);
        }
        let mut signals = Signals::new(watched).context("watch signals")?;
        let interrupt = Self::default();
        let noted = interrupt.clone();
        let note = move || {
            for _ in &mut signals {
                if noted.note() >= SIGNALS_MAX {
                    process::exit(INTERRUPTED.into());
                }
            }
        };
        let thread = thread::Builder::new().name("signals".to_owned());
        thread.spawn(note).context("watch signals")?;
        Ok(interrupt)
    }

    /// Counts one more signal; returns how many there were.
    pub(crate) fn note(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether a signal came.
    pub(crate) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Whether another came, for what takes too long to end.
    pub(crate) fn insists(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }

    /// # Errors
    ///
    /// If a signal came.
    pub(crate) fn check(&self) -> Result<()> {
        if self.came() {
            bail!("interrupted");
        }
        Ok(())
    }
}

/// Whether a process whose `/proc/PID/status` this is ignores the signal.
fn is_ignored(status: &str, signal: i32) -> bool {
    let mut lines = status.lines();
    let mask = lines.find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_signal_asks_and_a_second_insists() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.came() && interrupt.check().is_ok());
        assert_eq!(interrupt.note(), 1);
        assert!(interrupt.came() && !interrupt.insists() && interrupt.check().is_err());
        interrupt.note();
        assert!(interrupt.insists());
    }

    #[test]
    fn a_signal_is_ignored_if_its_bit_is_set() {
        let status = "Name:\tperf\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert!(is_ignored(status, SIGHUP) && !is_ignored(status, SIGINT));
        assert!(!is_ignored("Name:\tperf\n", SIGHUP));
    }
}
