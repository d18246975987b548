//! The machine that figures were measured on, as far as it changes them.

use std::fs;
use std::process::Command;
use std::thread;

use nix::sys::resource::{Resource, getrlimit};
use serde::{Deserialize, Serialize};

/// What stands for something that this machine does not have or tell.
const NOT_HERE: &str = "not here";

/// A description for readers; nothing is computed from it.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    /// Cores that this process may use.
    pub(crate) cores: usize,
    pub(crate) memory_bytes: u64,
    pub(crate) kernel: String,
    pub(crate) system: String,
    pub(crate) virtualization: String,
    pub(crate) clock_source: String,
    pub(crate) governor: String,
    pub(crate) transparent_huge_pages: String,
    /// Most files that one process may open.
    pub(crate) open_files_max: u64,
    pub(crate) accept_backlog_max: String,
    /// Packets that may wait on one processor before the kernel drops them, on loopback too.
    #[serde(default)]
    pub(crate) device_backlog_max: String,
    pub(crate) port_range: String,
    /// Runnable processes on average over the last minute, before anything was measured.
    pub(crate) load_before: f64,
}

/// Prints the description.
pub(crate) fn print() {
    for (name, value) in Machine::describe().lines() {
        println!("{name:24} {value}");
    }
}

impl Machine {
    /// Describes this machine now.
    pub(crate) fn describe() -> Self {
        let system = |text: String| {
            Some(
                field(&text, "PRETTY_NAME", '=')?
                    .trim_matches('"')
                    .to_owned(),
            )
        };
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib =
            field(&memory, "MemTotal", ':').and_then(|text| text.split(' ').next()?.parse().ok());
        let load = read("/proc/loadavg")
            .split(' ')
            .next()
            .and_then(|text| text.parse().ok());
        Self {
            processor: processor(),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: kib.unwrap_or(0_u64) * 1024,
            kernel: read("/proc/sys/kernel/osrelease"),
            system: fs::read_to_string("/etc/os-release")
                .ok()
                .and_then(system)
                .unwrap_or_else(|| NOT_HERE.to_owned()),
            virtualization: virtualization(),
            clock_source: read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            transparent_huge_pages: chosen(&read("/sys/kernel/mm/transparent_hugepage/enabled")),
            open_files_max: getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(_, hard)| hard),
            accept_backlog_max: read("/proc/sys/net/core/somaxconn"),
            device_backlog_max: read("/proc/sys/net/core/netdev_max_backlog"),
            port_range: read("/proc/sys/net/ipv4/ip_local_port_range").replace('\t', " to "),
            load_before: load.unwrap_or(0.0),
        }
    }

    /// Names and values, in the order in which people want to know them.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let memory = self.memory_bytes as f64 / f64::from(1 << 30);
        vec![
            ("processor", self.processor.clone()),
            ("cores", self.cores.to_string()),
            ("memory", format!("{memory:.1} GiB")),
            ("kernel", self.kernel.clone()),
            ("system", self.system.clone()),
            ("virtualization", self.virtualization.clone()),
            ("clock source", self.clock_source.clone()),
            ("governor", self.governor.clone()),
            (
                "transparent huge pages",
                self.transparent_huge_pages.clone(),
            ),
            ("open files at most", self.open_files_max.to_string()),
            ("accept backlog at most", self.accept_backlog_max.clone()),
            ("packets that may wait", self.device_backlog_max.clone()),
            ("ports for clients", self.port_range.clone()),
            ("load before", format!("{:.2}", self.load_before)),
        ]
    }
}

/// What a file holds, without the line's end.
fn read(path: &str) -> String {
    let text = fs::read_to_string(path).map(|text| text.trim().to_owned());
    text.unwrap_or_else(|_| NOT_HERE.to_owned())
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = field(&text, "model name", ':');
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), str::to_owned)
}

/// What `systemd-detect-virt` says, or whether the processor says that it is virtual.
fn virtualization() -> String {
    let output = Command::new("systemd-detect-virt").arg("--vm").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    if let Ok(said) = said
        && !["", "none"].contains(&said.as_str())
    {
        return said;
    }
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let is_virtual = text.split_whitespace().any(|word| word == "hypervisor");
    if is_virtual {
        "a virtual machine"
    } else {
        NOT_HERE
    }
    .to_owned()
}

/// The value of the first line `name: value`.
fn field<'a>(text: &'a str, name: &str, separator: char) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(separator));
    let (_, value) = lines.find(|(key, _)| key.trim() == name)?;
    Some(value.trim())
}

/// The word in brackets of a list such as `always [madvise] never`.
fn chosen(list: &str) -> String {
    let inside = list
        .split_once('[')
        .and_then(|(_, rest)| rest.split_once(']'));
    inside.map_or(list, |(word, _)| word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_processor_memory_and_a_kernel() {
        let machine = Machine::describe();
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20);
        assert!(machine.kernel.contains('.'), "{}", machine.kernel);
        assert!(machine.lines().iter().all(|(_, value)| !value.is_empty()));
    }

    #[test]
    fn values_are_found_by_their_whole_names() {
        let text = "MemTotalX:  1 kB\nMemTotal:   2 kB\n";
        assert_eq!(field(text, "MemTotal", ':'), Some("2 kB"));
        assert_eq!(field(text, "Mem", ':'), None);
        assert_eq!(chosen("always [madvise] never"), "madvise");
        assert_eq!(chosen("never"), "never");
    }
}
