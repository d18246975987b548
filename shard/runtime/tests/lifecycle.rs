//! Starting and ending.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests drive real sockets")]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of the harness"
)]

#[path = "harness/lib.rs"]
mod harness;

use std::net::TcpStream;
use std::time::{Duration, Instant};

use harness::{Running, settings, stored};
use shard_runtime::{ShardsSettings, StartError};
use shard_uring::ListenerSettings;

#[test]
fn every_client_is_told_that_the_broker_ends() {
    let mut running = Running::start(&settings(3)).unwrap();
    let mut clients: Vec<_> = (0..30).map(|_| running.client()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.connect(5, &format!("client-{number}"));
    }
    let start = Instant::now();
    running.stop.stop();
    for client in clients {
        let farewell = client.rest();
        assert_eq!(farewell[..1], [0xe0], "a DISCONNECT");
        assert_eq!(farewell[2], 0x8b, "server shutting down");
    }
    running.join();
    assert!(
        start.elapsed() < Duration::from_secs(8),
        "{:?}",
        start.elapsed()
    );
    assert!(TcpStream::connect(running.address).is_err());
}

#[test]
fn clients_that_read_nothing_do_not_hold_the_end_up() {
    let mut running = Running::start(&settings(2)).unwrap();
    let mut clients: Vec<_> = (0..4).map(|_| running.client()).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.connect(4, &format!("client-{number}"));
    }
    let start = Instant::now();
    running.stop.stop();
    running.join();
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    drop(clients);
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut running = Running::start(&settings(2)).unwrap();
    let mut client = running.client();
    client.connect(4, "client");
    running.stop.stop();
    running.stop.halt();
    let start = Instant::now();
    running.join();
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let first = Running::start(&settings(2)).unwrap();
    let mut second = settings(2);
    second.listeners = vec![ListenerSettings::new(first.address)];
    let Err(error) = Running::start(&second) else {
        panic!("the port is taken")
    };
    assert!(matches!(error, StartError::Listen { address, .. } if address == first.address));
    assert!(error.to_string().contains(&first.address.to_string()));
    first.finish();
}

#[test]
fn no_shard_is_not_a_number_of_shards() {
    let error = Running::start(&settings(0)).err().unwrap();
    assert!(matches!(error, StartError::ShardCount(0)));
}

#[test]
fn an_idle_shard_sleeps() {
    let folder = tempfile::tempdir().unwrap();
    for settings in [settings(2), stored(2, folder.path())] {
        sleeps(&settings);
    }
}

fn sleeps(settings: &ShardsSettings) {
    let running = Running::start(settings).unwrap();
    let mut client = running.client();
    client.connect(4, "idle");
    std::thread::sleep(Duration::from_millis(200));
    let before = process_cpu();
    std::thread::sleep(Duration::from_secs(1));
    let spent = process_cpu().saturating_sub(before);
    assert!(
        spent < Duration::from_millis(50),
        "two idle shards used {spent:?} in a second"
    );
    running.finish();
}

fn process_cpu() -> Duration {
    nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .unwrap()
        .into()
}
