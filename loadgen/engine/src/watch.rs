//! What other processes use, from `/proc`.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// What the watched processes have used since they were first read; the resident memory is that of now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) cpu_ns: u64,
    pub(crate) voluntary_switches: u64,
    pub(crate) involuntary_switches: u64,
    pub(crate) resident_bytes: u64,
}

/// Processes whose use is read, all threads of each.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    processes: Vec<Process>,
}

#[derive(Debug)]
struct Process {
    pid: u32,
    folder: PathBuf,
    /// When it started, in the kernel's clock ticks: tells it from a later process of its number.
    started: u64,
    has_ended: bool,
    /// By thread, what it showed last. Those that ended keep their last word.
    threads: BTreeMap<u32, Counters>,
    used: Counters,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counters {
    cpu_ns: u64,
    voluntary: u64,
    involuntary: u64,
}

/// How exactly resident memory is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// Page by page, which stops the process for a moment.
    Exact,
    /// The kernel's counter, which may be some pages off per processor.
    Quick,
}

impl Watch {
    /// Watches `pids`.
    ///
    /// # Errors
    ///
    /// The number of a process that can't be read, and why.
    pub(crate) fn new(pids: &[u32]) -> core::result::Result<Self, (u32, Error)> {
        let mut watch = Self::default();
        for &pid in pids {
            let folder = PathBuf::from(format!("/proc/{pid}"));
            let started = start_of(&folder).map_err(|error| (pid, error))?;
            let mut process = Process {
                pid,
                folder,
                started,
                has_ended: false,
                threads: BTreeMap::new(),
                used: Counters::default(),
            };
            process.read_threads().map_err(|error| (pid, error))?;
            process.used = Counters::default();
            watch.processes.push(process);
        }
        Ok(watch)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.processes.is_empty()
    }

    pub(crate) fn pids(&self) -> Vec<u32> {
        self.processes.iter().map(|process| process.pid).collect()
    }

    /// Those that were found to have ended: what they had used by the reading before stands.
    pub(crate) fn ended(&self) -> impl Iterator<Item = u32> + '_ {
        let ended = self.processes.iter().filter(|process| process.has_ended);
        ended.map(|process| process.pid)
    }

    /// What all have used together. One that has ended keeps its last word and has no memory.
    pub(crate) fn read(&mut self, memory: Memory) -> Usage {
        let mut usage = Usage::default();
        for process in &mut self.processes {
            process.has_ended |= start_of(&process.folder).ok() != Some(process.started);
            if !process.has_ended {
                // It may end now; what it has used until the last time stands.
                _ = process.read_threads();
            }
            usage.cpu_ns += process.used.cpu_ns;
            usage.voluntary_switches += process.used.voluntary;
            usage.involuntary_switches += process.used.involuntary;
            if !process.has_ended {
                usage.resident_bytes += process.resident_bytes(memory).unwrap_or(0);
            }
        }
        usage
    }
}

impl Process {
    fn read_threads(&mut self) -> Result<()> {
        for entry in fs::read_dir(self.folder.join("task"))? {
            let entry = entry?;
            let Some(id) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            // A thread may end between the listing and the reading.
            let Ok(now) = Counters::read(&entry.path()) else {
                continue;
            };
            let last = self.threads.insert(id, now).unwrap_or_default();
            self.used.add_change(last, now);
        }
        Ok(())
    }

    fn resident_bytes(&self, memory: Memory) -> Option<u64> {
        let exact = || {
            let text = fs::read_to_string(self.folder.join("smaps_rollup")).ok()?;
            Some(field(&text, "Rss:")? * 1024)
        };
        let quick = || {
            let text = fs::read_to_string(self.folder.join("status")).ok()?;
            Some(field(&text, "VmRSS:")? * 1024)
        };
        match memory {
            Memory::Exact => exact().or_else(quick),
            Memory::Quick => quick(),
        }
    }
}

impl Counters {
    /// Reads those of one thread.
    fn read(folder: &Path) -> Result<Self> {
        let text = fs::read_to_string(folder.join("schedstat"))?;
        let cpu_ns = text.split(' ').next().and_then(|first| first.parse().ok());
        let text = fs::read_to_string(folder.join("status"))?;
        let read = || {
            Some(Self {
                cpu_ns: cpu_ns?,
                voluntary: field(&text, "voluntary_ctxt_switches:")?,
                involuntary: field(&text, "nonvoluntary_ctxt_switches:")?,
            })
        };
        read().ok_or_else(|| Error::new(ErrorKind::InvalidData, "this is no thread's folder"))
    }

    /// Adds what a thread used between two readings. If it went back, the number is a new thread's.
    fn add_change(&mut self, last: Self, now: Self) {
        let last = if now.cpu_ns < last.cpu_ns {
            Self::default()
        } else {
            last
        };
        self.cpu_ns += now.cpu_ns - last.cpu_ns;
        self.voluntary += now.voluntary.saturating_sub(last.voluntary);
        self.involuntary += now.involuntary.saturating_sub(last.involuntary);
    }
}

/// When the process with this folder started, in clock ticks; an error if it has ended.
fn start_of(folder: &Path) -> Result<u64> {
    let text = fs::read_to_string(folder.join("stat"))?;
    // The name in parentheses may hold anything; behind it come the state and further fields.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let mut fields = fields.split_whitespace();
    match fields.next() {
        Some("X" | "Z") => Err(Error::new(ErrorKind::NotFound, "the process has ended")),
        _ => fields
            .nth(18)
            .and_then(|ticks| ticks.parse().ok())
            .ok_or_else(|| Error::new(ErrorKind::InvalidData, "this is no process's folder")),
    }
}

/// The number behind `name` at the start of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn what_this_process_uses_is_seen_in_all_its_threads() {
        let mut watch = Watch::new(&[std::process::id()]).unwrap();
        let before = watch.read(Memory::Exact);
        let burn = || {
            let start = clock::thread_cpu_ns();
            while clock::thread_cpu_ns() - start < 30_000_000 {}
        };
        // The second thread has to be seen while it lives.
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            burn();
            _ = receiver.recv();
        });
        burn();
        let mut after = watch.read(Memory::Quick);
        while after.cpu_ns - before.cpu_ns < 60_000_000 {
            after = watch.read(Memory::Quick);
        }
        drop(sender);
        thread.join().unwrap();
        assert!(watch.read(Memory::Quick).cpu_ns >= after.cpu_ns);
        assert!(before.resident_bytes > 100_000 && after.resident_bytes > 100_000);
    }

    #[test]
    fn a_process_that_is_not_there_is_an_error() {
        // Above the largest number that Linux gives to processes.
        let error = Watch::new(&[u32::MAX]).unwrap_err();
        assert_eq!(error.0, u32::MAX);
    }

    #[test]
    fn a_process_that_ends_keeps_its_last_word_and_is_named() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let own = std::process::id();
        let mut watch = Watch::new(&[own, child.id()]).unwrap();
        let before = watch.read(Memory::Quick);
        assert_eq!(watch.ended().count(), 0);
        child.kill().unwrap();
        // Before and after somebody has asked how it ended.
        while watch.ended().next().is_none() {
            watch.read(Memory::Quick);
        }
        assert!(Watch::new(&[child.id()]).is_err());
        child.wait().unwrap();
        let after = watch.read(Memory::Quick);
        assert_eq!(watch.ended().collect::<Vec<_>>(), [child.id()]);
        assert!(after.cpu_ns >= before.cpu_ns && after.resident_bytes > 100_000);
    }

    #[test]
    fn a_number_used_again_counts_from_zero() {
        let counters = |cpu_ns| Counters {
            cpu_ns,
            ..Counters::default()
        };
        let mut used = Counters::default();
        used.add_change(counters(0), counters(100));
        used.add_change(counters(100), counters(130));
        used.add_change(counters(130), counters(7));
        assert_eq!(used.cpu_ns, 137);
    }
}
