//! Whether the machine has files and ports for all connections of a plan.

use std::fs;

use loadgen_plan::Plan;

use crate::run_error::RunError;

/// Ports that Linux gives to outgoing connections if it says nothing else.
const USUAL_PORTS: u64 = 28_232;

/// Checks that `processes` can hold all connections of `plan`, and raises the limit on open files.
///
/// # Errors
///
/// [`RunError::OpenFiles`] or [`RunError::Ports`], with what to do about it.
pub(crate) fn check(plan: &Plan, processes: u16) -> Result<(), RunError> {
    let files = shard_uring::raise_open_files();
    let files = files.map_err(|error| RunError::Machine(error.to_string()))?;
    let clients = u64::from(plan.clients());
    check_files(clients, processes, files.connections, files.limit)?;
    let brokers = plan.target.brokers.len().max(1) as u64;
    let sources = plan.target.sources.map_or(1, |range| range.len().into());
    check_ports(clients, brokers, sources, ports())
}

fn check_files(clients: u64, processes: u16, room: u64, limit: u64) -> Result<(), RunError> {
    let connections = clients.div_ceil(u64::from(processes.max(1)));
    if connections <= room {
        return Ok(());
    }
    Err(RunError::OpenFiles {
        connections,
        limit,
        processes: clients.div_ceil(room.max(1)),
    })
}

fn check_ports(clients: u64, brokers: u64, sources: u64, ports: u64) -> Result<(), RunError> {
    // A port serves once for each pair of addresses; clients take both in turn.
    let addresses = clients.div_ceil(brokers * ports);
    if addresses <= sources {
        return Ok(());
    }
    let last = (0x7f00_0100 + addresses).min(0x7fff_fffe);
    let last = std::net::Ipv4Addr::from(u32::try_from(last).unwrap_or(0x7f00_0101));
    Err(RunError::Ports {
        connections: clients,
        addresses,
        ports,
        example: format!("127.0.1.1-{last}"),
    })
}

/// Ports that the kernel gives to outgoing connections of one address.
fn ports() -> u64 {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
    let parse = |text: String| {
        let mut ends = text.split_whitespace().map(str::parse::<u64>);
        let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
        (last + 1).checked_sub(first)
    };
    text.ok().and_then(parse).unwrap_or(USUAL_PORTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_files_are_refused_with_the_processes_that_would_do() {
        assert!(check_files(19_744, 1, 19_744, 20_000).is_ok());
        assert!(check_files(19_745, 2, 19_744, 20_000).is_ok());
        let error = check_files(50_000, 2, 19_744, 20_000).unwrap_err();
        assert!(error.to_string().contains("--processes 3"), "{error}");
    }

    #[test]
    fn too_few_ports_are_refused_with_a_range_that_would_do() {
        assert!(check_ports(28_232, 1, 1, 28_232).is_ok());
        assert!(check_ports(56_464, 2, 1, 28_232).is_ok());
        let error = check_ports(100_000, 1, 3, 28_232).unwrap_err();
        assert!(
            error.to_string().contains("--source 127.0.1.1-127.0.1.4"),
            "{error}"
        );
        assert!(check_ports(100_000, 1, 4, 28_232).is_ok());
        assert!(ports() > 0);
    }
}
