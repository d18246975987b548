//! The sockets that shards listen on.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use shard_uring::ListenerSettings;

use crate::start_error::StartError;

/// Sees whether all listeners could be opened.
pub(crate) fn check_listeners(listeners: &[ListenerSettings]) -> Result<(), StartError> {
    for settings in listeners {
        probe(settings)?;
    }
    Ok(())
}

/// For each shard the sockets of all listeners, and the listeners' addresses.
pub(crate) fn open_listeners(
    listeners: &[ListenerSettings],
    shards: usize,
) -> Result<(Vec<Vec<OwnedFd>>, Vec<SocketAddr>), StartError> {
    let mut sockets: Vec<Vec<_>> = (0..shards).map(|_| Vec::new()).collect();
    let mut addresses = Vec::new();
    for settings in listeners {
        let address = probe(settings)?;
        let refused = |source| StartError::Listen { address, source };
        let shared = ListenerSettings {
            address,
            reuse_port: true,
            ..settings.clone()
        };
        for sockets in &mut sockets {
            sockets.push(shared.open().map_err(refused)?.0);
        }
        addresses.push(address);
    }
    Ok((sockets, addresses))
}

/// The address of a listener that nobody has. A shared port can be taken twice by the same user without
/// anybody noticing; an unshared one can't.
fn probe(settings: &ListenerSettings) -> Result<SocketAddr, StartError> {
    let address = settings.address;
    let alone = ListenerSettings {
        reuse_port: false,
        ..settings.clone()
    };
    match alone.open() {
        Ok((_socket, address)) => Ok(address),
        Err(source) => Err(StartError::Listen { address, source }),
    }
}
