//! Ports that nobody listens on.

use std::net::TcpListener;

use anyhow::{Context, Result};

/// Four different ports of the loopback interface that were free just now.
///
/// # Errors
///
/// If the kernel has none.
pub(super) fn free() -> Result<[u16; 4]> {
    let mut ports = [0; 4];
    // Held together, so that they differ.
    let mut held = Vec::new();
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0").context("find a free port")?;
        *port = listener.local_addr().context("find a free port")?.port();
        held.push(listener);
    }
    Ok(ports)
}
