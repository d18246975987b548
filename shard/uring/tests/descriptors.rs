//! Running out of descriptors. Alone in its file, because the limit is the process's.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests drive real sockets")]

#[path = "harness/lib.rs"]
mod harness;

use std::net::TcpStream;

use harness::{LOOPBACK, turn_until};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use shard_uring::{Driver, DriverSettings, Event, ListenerSettings};

#[test]
fn a_listener_without_descriptors_rests_until_it_is_armed_again() {
    let mut driver = Driver::new(DriverSettings::default()).unwrap();
    let (listener, address) = driver.listen(&ListenerSettings::new(LOOPBACK)).unwrap();
    let clients = [
        TcpStream::connect(address).unwrap(),
        TcpStream::connect(address).unwrap(),
    ];
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let used = std::fs::read_dir("/proc/self/fd").unwrap().count() as u64;
    setrlimit(Resource::RLIMIT_NOFILE, used - 1, hard).unwrap();
    turn_until(&mut driver, |_, events| {
        events.iter().any(|event| {
            matches!(event, Event::AcceptFailed { listener: failed, .. } if *failed == listener)
        })
    });
    setrlimit(Resource::RLIMIT_NOFILE, soft, hard).unwrap();
    driver.rearm_listeners();
    let mut accepted = 0;
    turn_until(&mut driver, |_, events| {
        accepted += events
            .iter()
            .filter(|event| matches!(event, Event::Accepted { .. }))
            .count();
        accepted > 0
    });
    drop(clients);
}
