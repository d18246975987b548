//! The naive broker of `loadgen/work`'s tests behind real sockets.

#[path = "../../../work/tests/crew/broker.rs"]
mod broker;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use loadgen_work::ClientNumber;
use shard_uring::{
    Driver, DriverSettings, Event, ListenerSettings, ReceiveError, SocketKey, Waker,
};
use wire_mqtt::{Frame, frame};

use broker::Broker;

/// First byte of DISCONNECT, after which a broker closes.
const DISCONNECT: u8 = 0xe0;

/// A thread with the broker; ends when this is dropped.
pub struct BrokerInMemory {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl BrokerInMemory {
    pub(super) fn start() -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let (ready, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut driver = Driver::new(DriverSettings::default()).unwrap();
            let settings = ListenerSettings::new(([127, 0, 0, 1], 0).into());
            let (_, address) = driver.listen(&settings).unwrap();
            ready.send((address, driver.waker())).unwrap();
            let mut served = Served {
                driver,
                broker: Broker::new(),
                sockets: BTreeMap::new(),
                next: 0,
                buffer: vec![0; 64 * 1024],
            };
            while !stopped.load(Ordering::Relaxed) {
                served.turn();
            }
        });
        let (address, waker) = started.recv().unwrap();
        Self {
            address,
            stop,
            waker,
            thread: Some(thread),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for BrokerInMemory {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "the broker panicked");
        }
    }
}

struct Served {
    driver: Driver,
    broker: Broker,
    sockets: BTreeMap<ClientNumber, Peer>,
    next: u32,
    buffer: Vec<u8>,
}

struct Peer {
    socket: SocketKey,
    /// Bytes of a packet that has not arrived whole.
    pending: Vec<u8>,
}

impl Served {
    fn turn(&mut self) {
        let mut events = Vec::new();
        self.driver.reap(&mut events);
        for event in events {
            match event {
                Event::Accepted { socket, .. } => self.accept(socket),
                Event::Readable { tag, .. } => self.read(tag),
                Event::SendFailed { tag, .. } => self.close(tag),
                Event::AcceptFailed { .. }
                | Event::Closed { .. }
                | Event::ConnectFailed { .. }
                | Event::Connected { .. }
                | Event::Sent { .. }
                | Event::Woken => {}
            }
        }
        self.driver.flush();
        let rest = Some(Duration::from_secs(1));
        self.driver.submit_and_wait(rest).unwrap();
    }

    fn accept(&mut self, socket: std::os::fd::OwnedFd) {
        let client = ClientNumber(self.next);
        self.next += 1;
        let Ok(socket) = self.driver.attach(socket, client.0.into()) else {
            return;
        };
        let pending = Vec::new();
        self.sockets.insert(client, Peer { socket, pending });
        self.broker.open(client);
    }

    fn read(&mut self, tag: u64) {
        let client = ClientNumber(u32::try_from(tag).unwrap());
        while let Some(peer) = self.sockets.get_mut(&client) {
            match self.driver.receive(peer.socket, &mut self.buffer) {
                Ok(bytes) => {
                    let bytes = self.buffer[..bytes].to_vec();
                    let says_goodbye = peer.take(&bytes);
                    self.broker.receive(client, &bytes);
                    self.send();
                    if says_goodbye {
                        self.close(tag);
                    }
                }
                Err(ReceiveError::Empty) => return,
                Err(ReceiveError::Finished | ReceiveError::Broken(_)) => self.close(tag),
            }
        }
    }

    fn close(&mut self, tag: u64) {
        let client = ClientNumber(u32::try_from(tag).unwrap());
        if let Some(peer) = self.sockets.remove(&client) {
            self.driver.close(peer.socket);
            self.broker.close(client);
            self.send();
        }
    }

    fn send(&mut self) {
        for (client, bytes) in core::mem::take(&mut self.broker.out) {
            if let Some(peer) = self.sockets.get(&client)
                && let Some(outbox) = self.driver.outbox(peer.socket, bytes.len())
            {
                outbox.push(&bytes);
            }
        }
    }
}

impl Peer {
    /// Whether DISCONNECT is among the packets that are complete now.
    fn take(&mut self, bytes: &[u8]) -> bool {
        self.pending.extend_from_slice(bytes);
        let mut rest = self.pending.as_slice();
        let mut says_goodbye = false;
        while let Ok(Frame::Whole { size }) = frame(rest, u32::MAX) {
            says_goodbye |= rest[0] == DISCONNECT;
            rest = &rest[size as usize..];
        }
        self.pending = rest.to_vec();
        says_goodbye
    }
}
