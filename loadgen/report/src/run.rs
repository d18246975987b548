//! What was run: scenario, command, clients and machine.

use serde::{Deserialize, Serialize};

/// What was run, and where.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Run {
    /// Tells this run from all others; messages carry it.
    pub id: String,
    /// The scenario by its name on the command line, or the file's name.
    pub scenario: String,
    /// What the user calls the run; the scenario if he said nothing.
    pub name: String,
    /// The command line, program first. Passwords are left out by whoever fills this in.
    pub command: Vec<String>,
    /// Wall clock at the start, milliseconds since 1970.
    pub started_unix_ms: u64,
    /// Version of the load generator.
    pub version: String,
    /// Seed of everything random.
    pub seed: u64,
    /// Worker threads of each process.
    pub threads: u32,
    /// Processes that made the load.
    pub processes: u32,
    /// The clients, by what they do.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Where the generator ran.
    #[serde(default)]
    pub machine: Machine,
}

/// Clients that do the same.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Group {
    /// Name of the group.
    pub name: String,
    /// Clients in it.
    pub clients: u32,
    /// What they publish, in words with QoS, size and rate; empty if nothing.
    #[serde(default)]
    pub publishes: String,
    /// What they subscribe to, in words; empty if nothing.
    #[serde(default)]
    pub subscribes: String,
}

/// A machine.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Machine {
    /// Model of the processor.
    #[serde(default)]
    pub processor: String,
    /// Cores that the process may use.
    #[serde(default)]
    pub cores: u32,
    /// Memory in bytes.
    #[serde(default)]
    pub memory_bytes: u64,
    /// Release of the kernel.
    #[serde(default)]
    pub kernel: String,
}
