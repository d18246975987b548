//! A description of the machine.

use std::fs;

use loadgen_report::Machine;

/// Describes this machine, from `/proc`.
#[must_use]
pub fn describe_machine() -> Machine {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Machine {
        processor: value(&read("/proc/cpuinfo"), "model name").to_owned(),
        cores: u32::try_from(cores).unwrap_or(u32::MAX),
        memory_bytes: kibibytes(value(&read("/proc/meminfo"), "MemTotal")) * 1024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
    }
}

/// What stands behind the first `name` and a colon.
fn value<'a>(text: &'a str, name: &str) -> &'a str {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    lines
        .filter(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim())
        .next()
        .unwrap_or_default()
}

fn kibibytes(text: &str) -> u64 {
    let number = text.split_whitespace().next();
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_cores_memory_and_a_kernel() {
        let machine = describe_machine();
        assert!(machine.cores > 0 && machine.memory_bytes > 1 << 20);
        assert!(!machine.kernel.is_empty());
    }

    #[test]
    fn the_first_processor_names_the_model() {
        let text = "processor\t: 0\nmodel name\t: A B @ 2\nprocessor\t: 1\nmodel name\t: C\n";
        assert_eq!(value(text, "model name"), "A B @ 2");
        assert_eq!(kibibytes("16384 kB"), 16384);
    }
}
