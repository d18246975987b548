//! Several drivers, each on its thread.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests drive real sockets")]

#[path = "harness/lib.rs"]
mod harness;

use std::net::TcpStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use harness::{LOOPBACK, turn_until};
use shard_uring::{Driver, DriverSettings, Event, ListenerSettings, WakePath};

fn woken(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event, Event::Woken))
}

#[test]
fn another_thread_wakes_a_sleeping_driver_again_and_again() {
    let mut driver = Driver::new(DriverSettings::default()).unwrap();
    let waker = driver.waker();
    let (go, next) = mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        while next.recv().is_ok() {
            waker.wake();
        }
    });
    for _ in 0..1000 {
        go.send(()).unwrap();
        let start = Instant::now();
        turn_until(&mut driver, |_, events| woken(events));
        assert!(start.elapsed() < Duration::from_secs(10));
    }
    drop(go);
    thread.join().unwrap();
}

fn drivers_wake_each_other(wake_path: WakePath) {
    let settings = DriverSettings {
        wake_path,
        ..DriverSettings::default()
    };
    let (to_second, from_first) = mpsc::channel();
    let (to_first, from_second) = mpsc::channel();
    let run = move |sends: mpsc::Sender<_>, receives: mpsc::Receiver<_>, starts: bool| {
        let mut driver = Driver::new(settings).unwrap();
        sends.send(driver.waker()).unwrap();
        let peer = driver.add_peer(receives.recv().unwrap());
        let mut wakes = 0;
        if starts {
            driver.wake_peer(peer);
        }
        turn_until(&mut driver, |driver, events| {
            if woken(events) {
                wakes += 1;
                driver.wake_peer(peer);
            }
            wakes == 500
        });
    };
    std::thread::scope(|scope| {
        scope.spawn(move || run(to_second, from_second, true));
        scope.spawn(move || run(to_first, from_first, false));
    });
}

#[test]
fn drivers_wake_each_other_by_ring_message() {
    drivers_wake_each_other(WakePath::RingMessage);
}

#[test]
fn drivers_wake_each_other_by_event_descriptor() {
    drivers_wake_each_other(WakePath::EventDescriptor);
}

#[test]
fn drivers_share_a_port_and_lose_no_connection() {
    const DRIVERS: usize = 3;
    let first = std::net::TcpListener::bind(LOOPBACK).unwrap();
    let address = first.local_addr().unwrap();
    drop(first);
    let accepted: [AtomicUsize; DRIVERS] = Default::default();
    let listening = Barrier::new(DRIVERS + 1);
    std::thread::scope(|scope| {
        for mine in &accepted {
            let (accepted, listening) = (&accepted, &listening);
            scope.spawn(move || {
                let mut driver = Driver::new(DriverSettings::default()).unwrap();
                driver.listen(&ListenerSettings::new(address)).unwrap();
                driver.submit().unwrap();
                listening.wait();
                turn_until(&mut driver, |_, events| {
                    mine.fetch_add(events.len(), Ordering::Relaxed);
                    accepted
                        .iter()
                        .map(|one| one.load(Ordering::Relaxed))
                        .sum::<usize>()
                        == 300
                });
            });
        }
        listening.wait();
        let clients: Vec<_> = (0..300)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        drop(clients);
    });
    let accepted = accepted.map(AtomicUsize::into_inner);
    assert!(
        accepted.iter().all(|count| *count > 30),
        "badly spread: {accepted:?}"
    );
}

#[test]
fn a_closed_listener_accepts_nothing_more() {
    let mut driver = Driver::new(DriverSettings::default()).unwrap();
    let (listener, address) = driver.listen(&ListenerSettings::new(LOOPBACK)).unwrap();
    driver.submit().unwrap();
    driver.close_listener(listener);
    driver
        .submit_and_wait(Some(Duration::from_millis(1)))
        .unwrap();
    assert!(TcpStream::connect(address).is_err());
    let mut events = Vec::new();
    driver.reap(&mut events);
    assert!(events.is_empty(), "{events:?}");
}
