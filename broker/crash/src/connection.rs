//! A non-blocking socket to the broker.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// What a broker on a loaded machine may need to accept.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// Bytes read at once.
const READ_BYTES: usize = 1 << 14;

/// A connection, and what it has not taken yet.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    unsent: Vec<u8>,
}

/// The peer has closed, or the connection broke.
#[derive(Debug)]
pub(crate) struct Ended;

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect_timeout(&address, CONNECT_WITHIN).ok()?;
        stream.set_nodelay(true).ok()?;
        stream.set_nonblocking(true).ok()?;
        Some(Self {
            stream,
            unsent: Vec::new(),
        })
    }

    /// Sends `bytes` after those that wait, as far as there is room.
    pub(crate) fn send(&mut self, bytes: &mut Vec<u8>) -> Result<(), Ended> {
        self.unsent.append(bytes);
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Ended),
            }
        }
        Ok(())
    }

    /// What has come, and whether more may come.
    pub(crate) fn receive(&mut self, into: &mut Vec<u8>) -> Result<(), Ended> {
        let mut buffer = [0; READ_BYTES];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(Ended),
                Ok(size) => into.extend_from_slice(buffer.get(..size).unwrap_or(&[])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(Ended),
            }
        }
    }
}
