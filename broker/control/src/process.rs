//! What the kernel says of this process.

use core::time::Duration;
use std::fs;

use crate::ProcessFigures;

/// Memory, open files and processor time; what can't be read is zero.
pub(crate) fn figures() -> ProcessFigures {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    ProcessFigures {
        resident_bytes: resident_bytes(&status).unwrap_or_default(),
        open_files: open_files(),
        cpu: cpu(&stat).unwrap_or_default(),
    }
}

/// Kernels from 6.2 on give the number as the folder's size; counting takes long with many files.
fn open_files() -> u64 {
    match fs::metadata("/proc/self/fd").map_or(0, |folder| folder.len()) {
        0 => fs::read_dir("/proc/self/fd").map_or(0, |entries| entries.count() as u64),
        count => count,
    }
}

/// The line `VmRSS:     1234 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// Fields 14 and 15, in ticks of which Linux always counts 100 a second for user space.
fn cpu(stat: &str) -> Option<Duration> {
    // The second field is the program's name, in brackets, and may hold anything.
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets_and_spaces_confuses_nobody() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 100 0 0";
        assert_eq!(cpu(stat), Some(Duration::from_secs(3)));
    }

    #[test]
    fn resident_memory_is_given_in_bytes() {
        assert_eq!(
            resident_bytes("VmPeak:\t 9 kB\nVmRSS:\t    1234 kB\n"),
            Some(1_263_616)
        );
        assert_eq!(resident_bytes(""), None);
    }

    #[test]
    fn this_process_has_memory_and_files() {
        let figures = figures();
        assert!(
            figures.resident_bytes > 100_000 && figures.open_files >= 3,
            "{figures:?}"
        );
    }
}
