//! What an operator reads when the broker starts.

use std::path::Path;

use broker_config::Config;
use broker_control::Node;
use shard_uring::OpenFiles;
use tracing::{info, warn};

/// Who starts, on what.
pub(crate) fn starting(node: &Node, file: Option<&Path>, cores: &[usize]) {
    let file = file.map_or_else(
        || "none, defaults hold".to_owned(),
        |path| path.display().to_string(),
    );
    info!(
        version = node.version,
        kernel = node.kernel,
        node = node.name,
        config = file,
        "Skein starts"
    );
    info!(shards = cores.len(), cores = ?cores, "Shards start, one thread each");
}

/// What the machine allows.
pub(crate) fn limits(open_files: OpenFiles, config: &Config) {
    let OpenFiles { limit, connections } = open_files;
    info!(
        open_files = limit,
        connections, "Limit on open files, and connections that fit below it"
    );
    let wanted = config
        .listening()
        .filter_map(|(_, listener)| listener.max_connections.finite());
    let wanted: u64 = wanted.map(u64::from).sum();
    if wanted > connections {
        warn!(
            wanted,
            connections,
            "Listeners are to take more connections than the limit on open files allows; raise it with ulimit -n or LimitNOFILE="
        );
    }
}

/// Where clients connect, and who can.
pub(crate) fn listeners(node: &Node, config: &Config) {
    for (bound, (name, _)) in node.listeners.iter().zip(config.listening()) {
        info!(name = bound.name, address = %bound.address, port = bound.address.port(), "Listener is open");
        if bound.address.ip().is_loopback() {
            let set = format!(
                "listeners.tcp.{name}.bind = \"0.0.0.0:{}\"",
                bound.address.port()
            );
            info!(
                name = bound.name,
                to_open_it_set = set,
                "Listener is bound to loopback because there is no access control"
            );
        } else {
            warn!(
                name = bound.name,
                "Listener is open to the network and there is no access control: anybody who reaches it may publish and subscribe to everything"
            );
        }
    }
    if node.listeners.is_empty() {
        warn!("No listener is enabled: no client can connect");
    }
}
