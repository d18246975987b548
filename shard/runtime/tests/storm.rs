//! Clients that come and go in every way. Alone in its file, because it counts the process's files.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests drive real sockets and threads"
)]
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of the harness"
)]

#[path = "harness/lib.rs"]
mod harness;

use std::net::{Shutdown, SocketAddr};
use std::time::{Duration, Instant};

use harness::{Client, Running, publish, settings};

const THREADS: usize = 8;
const ROUNDS: usize = 150;

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// One client's life; `round` chooses its end.
fn come_and_go(address: SocketAddr, thread: usize, round: usize) {
    let mut client = Client::new(address);
    if round.is_multiple_of(7) {
        // Says nothing, or not enough.
        _ = std::io::Write::write_all(&mut client.stream, &b"\x10\x0c\x00\x04MQ"[..round % 5]);
        return;
    }
    // Every third takes the session of another thread's client over.
    let name = if round.is_multiple_of(3) {
        round
    } else {
        thread * 1000 + round
    };
    client.connect(4, &format!("client-{name}"));
    let packet = publish(&format!("storm/{}", round % 10), &[b'x'; 3000]);
    let mut packets = packet.repeat(20);
    match round % 5 {
        // Leaves in the middle of a packet, with deliveries on their way to it.
        0 => packets.truncate(packets.len() - 100),
        1 => packets.extend([0xe0, 0]),
        2 => packets.extend([0xff; 5000]),
        _ => {}
    }
    // Fails if somebody else has taken the session over by now, or the garbage was noticed.
    _ = std::io::Write::write_all(&mut client.stream, &packets);
    if round % 5 == 3 {
        _ = client.stream.shutdown(Shutdown::Write);
    }
}

#[test]
fn a_storm_of_comings_and_goings_leaves_nothing_behind() {
    let running = Running::start(&settings(3)).unwrap();
    let mut witness = running.client();
    witness.connect(4, "witness");
    let before = open_files();
    let mut listeners = Vec::new();
    for number in 0..THREADS {
        let mut listener = running.client();
        listener.connect(4, &format!("listener-{number}"));
        listener.subscribe("storm/#");
        listeners.push(listener);
    }
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let address = running.address;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    come_and_go(address, thread, round);
                }
            });
        }
    });
    // None of them has read a byte.
    drop(listeners);
    let deadline = Instant::now() + Duration::from_secs(20);
    while open_files() > before {
        let left = open_files() - before;
        assert!(Instant::now() < deadline, "{left} sockets are left");
        std::thread::sleep(Duration::from_millis(20));
    }
    witness.send(&[0xc0, 0]);
    witness.expect(&[0xd0, 0]);
    running.finish();
}
