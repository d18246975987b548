//! A TCP relay between generator and broker that loses, swaps and spoils some of the messages on their
//! way to subscribers.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use wire_mqtt::{Frame, frame};

/// What the relay does to one in `every` messages of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Sends it on with a flipped bit near its end, in the payload.
    Corrupt,
    /// Sends it on twice.
    Double,
    /// Keeps it.
    Drop,
    /// Sends it on behind the next one.
    Swap,
}

/// A relay; its threads end with their connections, and the listener with the test.
pub struct Relay {
    address: SocketAddr,
    harmed: Arc<AtomicU64>,
}

impl Relay {
    /// A relay to `broker` that does `harm` to one in `every` messages, at random by `seed`.
    pub fn start(broker: SocketAddr, harm: Harm, every: u64, seed: u64) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let harmed = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&harmed);
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                let client = client.unwrap();
                let server = TcpStream::connect(broker).unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                thread::spawn(move || carry(from, to));
                let mangler = Mangler {
                    harm,
                    every,
                    state: seed ^ (number as u64) << 32,
                    pending: Vec::new(),
                    held: Vec::new(),
                    harmed: Arc::clone(&counter),
                };
                thread::spawn(move || mangler.carry(server, client));
            }
        });
        Self { address, harmed }
    }

    /// Messages that have come to harm: for a swap, those sent on behind a later one.
    pub fn harmed(&self) -> u64 {
        self.harmed.load(Ordering::Relaxed)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(bytes @ 1..) = from.read(&mut buffer) {
        if to.write_all(&buffer[..bytes]).is_err() {
            break;
        }
    }
    // The other side may have gone first.
    _ = to.shutdown(Shutdown::Write);
}

struct Mangler {
    harm: Harm,
    every: u64,
    state: u64,
    pending: Vec<u8>,
    held: Vec<u8>,
    harmed: Arc<AtomicU64>,
}

impl Mangler {
    fn carry(mut self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 64 * 1024];
        let mut out = Vec::new();
        while let Ok(bytes @ 1..) = from.read(&mut buffer) {
            self.pending.extend_from_slice(&buffer[..bytes]);
            out.clear();
            self.mangle(&mut out);
            if to.write_all(&out).is_err() {
                break;
            }
        }
        _ = to.write_all(&self.held);
        _ = to.shutdown(Shutdown::Write);
    }

    fn mangle(&mut self, out: &mut Vec<u8>) {
        let pending = core::mem::take(&mut self.pending);
        let mut rest = pending.as_slice();
        while let Ok(Frame::Whole { size }) = frame(rest, u32::MAX) {
            let (packet, behind) = rest.split_at(size as usize);
            rest = behind;
            if packet[0] >> 4 == 3 && self.is_chosen() {
                self.harm(packet, out);
            } else {
                out.extend_from_slice(packet);
                let is_overtaken = !self.held.is_empty() && packet[0] >> 4 == 3;
                self.count(is_overtaken);
                out.append(&mut self.held);
            }
        }
        self.pending = rest.to_vec();
    }

    fn count(&self, is_harmed: bool) {
        self.harmed.fetch_add(is_harmed.into(), Ordering::Relaxed);
    }

    fn harm(&mut self, packet: &[u8], out: &mut Vec<u8>) {
        // One that is held may yet be overtaken by nothing.
        self.count(self.harm != Harm::Swap || !self.held.is_empty());
        match self.harm {
            Harm::Corrupt => {
                out.extend_from_slice(packet);
                let at = out.len() - 3;
                out[at] ^= 0x10;
            }
            Harm::Double => {
                out.extend_from_slice(packet);
                out.extend_from_slice(packet);
            }
            Harm::Drop => {}
            Harm::Swap if self.held.is_empty() => self.held.extend_from_slice(packet),
            Harm::Swap => {
                out.extend_from_slice(packet);
                out.append(&mut self.held);
            }
        }
    }

    /// One in `every`, at random (xorshift).
    fn is_chosen(&mut self) -> bool {
        self.state |= 1;
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 20).is_multiple_of(self.every)
    }
}
