//! What the tests of this crate share: a loop with a deadline, and an echo server in a thread.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests drive real sockets")]
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use shard_uring::{
    Driver, DriverSettings, Event, ListenerSettings, ReceiveError, SocketKey, Waker,
};

pub const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Turns `driver` until `step` says that it is done.
///
/// # Panics
///
/// After 20 seconds.
pub fn turn_until(driver: &mut Driver, mut step: impl FnMut(&mut Driver, &mut Vec<Event>) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut events = Vec::new();
    loop {
        driver.reap(&mut events);
        let done = step(driver, &mut events);
        events.clear();
        driver.flush();
        if done {
            driver.submit().expect("the ring works");
            return;
        }
        assert!(Instant::now() < deadline, "nothing for 20 seconds");
        driver
            .submit_and_wait(Some(Duration::from_millis(20)))
            .expect("the ring works");
    }
}

/// Receives all that has arrived; `false` at the end of the stream.
pub fn receive_all(driver: &mut Driver, socket: SocketKey, into: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 16 * 1024];
    loop {
        match driver.receive(socket, &mut buffer) {
            Ok(bytes) => into.extend_from_slice(&buffer[..bytes]),
            Err(ReceiveError::Empty) => return true,
            Err(ReceiveError::Finished | ReceiveError::Broken(_)) => return false,
        }
    }
}

/// A thread that sends back what it gets.
pub struct EchoServer {
    pub address: SocketAddr,
    stop: Arc<AtomicBool>,
    waker: Waker,
    thread: Option<JoinHandle<usize>>,
}

impl EchoServer {
    pub fn start(settings: DriverSettings) -> Self {
        let (ready, started) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut driver = Driver::new(settings).unwrap();
            let (_, address) = driver.listen(&ListenerSettings::new(LOOPBACK)).unwrap();
            ready.send((address, driver.waker())).unwrap();
            let mut accepted = 0;
            let mut events = Vec::new();
            while !stopped.load(Ordering::Relaxed) {
                driver.submit_and_wait(None).unwrap();
                driver.reap(&mut events);
                for event in events.drain(..) {
                    accepted += usize::from(matches!(event, Event::Accepted { .. }));
                    echo(&mut driver, event);
                }
                driver.flush();
            }
            accepted
        });
        let (address, waker) = started.recv().unwrap();
        Self {
            address,
            stop,
            waker,
            thread: Some(thread),
        }
    }

    /// Ends the thread; returns how many connections it accepted.
    pub fn stop(mut self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.waker.wake();
        self.thread.take().unwrap().join().unwrap()
    }
}

fn echo(driver: &mut Driver, event: Event) {
    match event {
        Event::Accepted { socket, .. } => _ = driver.attach(socket, 0).unwrap(),
        Event::Readable { socket, .. } => {
            let mut bytes = Vec::new();
            let open = receive_all(driver, socket, &mut bytes);
            if !bytes.is_empty() {
                driver.outbox(socket, bytes.len()).unwrap().push(&bytes);
            }
            if !open {
                driver.close(socket);
            }
        }
        Event::SendFailed { socket, .. } => driver.close(socket),
        Event::AcceptFailed { error, .. } => panic!("accept failed: {error}"),
        Event::Closed { .. }
        | Event::Connected { .. }
        | Event::ConnectFailed { .. }
        | Event::Sent { .. }
        | Event::Woken => {}
    }
}
