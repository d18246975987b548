//! The sockets that shards listen on.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::thread;
use std::time::{Duration, Instant};

use shard_uring::ListenerSettings;

use crate::start_error::StartError;

/// How long a port may be taken: the kernel ends the ring of a process that was killed, and with it
/// its listening sockets, a moment after the process.
const PATIENCE: Duration = Duration::from_secs(1);

/// When to look again.
const AGAIN: Duration = Duration::from_millis(20);

/// Sees whether all listeners could be opened, without letting anybody in.
pub(crate) fn check_listeners(listeners: &[ListenerSettings]) -> Result<(), StartError> {
    for settings in listeners {
        let address = settings.address;
        let checked = patiently(|| settings.check());
        checked.map_err(|source| StartError::Listen { address, source })?;
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
    match patiently(|| alone.open()) {
        Ok((_socket, address)) => Ok(address),
        Err(source) => Err(StartError::Listen { address, source }),
    }
}

/// Tries again while the address is taken, for a while.
fn patiently<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    let begun = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_taken(&error) && begun.elapsed() < PATIENCE => thread::sleep(AGAIN),
            outcome => return outcome,
        }
    }
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}
