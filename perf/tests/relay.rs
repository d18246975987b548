//! The relay as its clients see it: bytes in at sources, out at sinks, over loopback.
#![allow(clippy::disallowed_methods, reason = "drives sockets and a process")]

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A relay of its own for each test; killed when dropped.
struct Relay {
    child: Child,
    address: String,
}

impl Relay {
    fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_perf"))
            .arg("relay")
            .stdout(Stdio::piped())
            .spawn()
            .expect("perf starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it was asked for");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it prints its address");
        Self {
            child,
            address: line.trim().to_owned(),
        }
    }

    /// A connection that has sent its header.
    fn connect(&self, role: u8, channel: u32, acknowledge_every: u32) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).expect("the relay listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .expect("sockets have timeouts");
        let mut header = b"RLY1".to_vec();
        header.extend([role, 0, 0, 0]);
        header.extend(channel.to_le_bytes());
        header.extend(acknowledge_every.to_le_bytes());
        stream.write_all(&header).expect("the relay reads");
        stream
    }

    fn sink(&self, channel: u32) -> TcpStream {
        registered(self.connect(0, channel, 0))
    }

    fn source(&self, channel: u32, acknowledge_every: u32) -> TcpStream {
        registered(self.connect(1, channel, acknowledge_every))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn registered(mut stream: TcpStream) -> TcpStream {
    assert_eq!(read(&mut stream, 1), [6]);
    stream
}

fn read(stream: &mut TcpStream, bytes: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes];
    stream.read_exact(&mut buffer).expect("bytes come in time");
    buffer
}

/// A PUBLISH packet whose payload is `byte` over and over.
fn frame(byte: u8, payload: usize) -> Vec<u8> {
    let body = payload + 3;
    let mut frame = vec![0x30];
    let low = u8::try_from(body % 128).expect("below 128");
    let high = u8::try_from(body / 128).expect("short frames");
    frame.extend(if high > 0 {
        vec![low | 0x80, high]
    } else {
        vec![low]
    });
    frame.extend([0, 1, b't']);
    frame.resize(frame.len() + payload, byte);
    frame
}

#[test]
fn pairs_are_apart_and_acknowledged_after_each_message() {
    let relay = Relay::start();
    let mut sinks = [relay.sink(0), relay.sink(1)];
    let mut sources = [relay.source(0, 0), relay.source(1, 10)];
    sources[0].write_all(b"zero").expect("the relay reads");
    sources[1].write_all(&[1; 25]).expect("the relay reads");
    assert_eq!(read(&mut sinks[0], 4), b"zero");
    assert_eq!(read(&mut sinks[1], 25), [1; 25]);
    assert_eq!(read(&mut sources[1], 8), [0x40, 2, 0, 1, 0x40, 2, 0, 1]);
    sources[1].write_all(&[2; 5]).expect("the relay reads");
    assert_eq!(read(&mut sources[1], 4), [0x40, 2, 0, 1]);
    sources[0].set_nonblocking(true).expect("sockets can be");
    let nothing = sources[0]
        .read(&mut [0; 1])
        .expect_err("none was asked for");
    assert_eq!(nothing.kind(), ErrorKind::WouldBlock);
}

#[test]
fn every_sink_of_a_channel_gets_every_byte_in_order() {
    let relay = Relay::start();
    let mut sinks = (0..20).map(|_| relay.sink(0)).collect::<Vec<_>>();
    let mut source = relay.source(0, 0);
    let bytes = (0..100_000_u32)
        .flat_map(u32::to_le_bytes)
        .collect::<Vec<_>>();
    source.write_all(&bytes).expect("the relay reads");
    for sink in &mut sinks {
        assert!(read(sink, bytes.len()) == bytes);
    }
}

#[test]
fn frames_of_many_sources_arrive_whole_however_they_were_cut() {
    let relay = Relay::start();
    let mut sink = relay.sink(0);
    let mut sources = (0..8).map(|_| relay.source(0, 0)).collect::<Vec<_>>();
    let frames = (0..8).map(|source| frame(source, 150 * usize::from(source)));
    let frames = frames.collect::<Vec<_>>();
    for piece in 0..3 {
        for (source, frame) in sources.iter_mut().zip(&frames) {
            let third = frame.len() / 3;
            let end = if piece == 2 {
                frame.len()
            } else {
                third * (piece + 1)
            };
            source
                .write_all(&frame[third * piece..end])
                .expect("the relay reads");
        }
    }
    let all = read(&mut sink, frames.iter().map(Vec::len).sum());
    let mut rest = all.as_slice();
    let mut left = frames;
    while !left.is_empty() {
        let found = left.iter().position(|frame| rest.starts_with(frame));
        let frame = left.remove(found.expect("a whole frame comes next"));
        rest = &rest[frame.len()..];
    }
}

#[test]
fn a_sink_that_does_not_read_stops_its_source_and_no_other() {
    let relay = Relay::start();
    let mut slow = relay.sink(0);
    let mut source = relay.source(0, 0);
    source
        .set_write_timeout(Some(Duration::from_millis(300)))
        .expect("sockets have timeouts");
    let chunk = vec![7; 64 * 1024];
    let limit = Instant::now() + Duration::from_secs(20);
    let mut written = 0;
    // The kernel's buffers on both ways and a mebibyte of the relay's own: some ten.
    while let Ok(bytes) = source.write(&chunk) {
        written += bytes;
        assert!(written < 200 << 20, "nothing holds the source back");
        assert!(Instant::now() < limit, "the source is not stopped in time");
    }
    let mut other = relay.sink(1);
    relay.source(1, 0).write_all(b"x").expect("the relay reads");
    assert_eq!(read(&mut other, 1), b"x");
    // Once the sink reads again, everything arrives.
    assert!(read(&mut slow, written).iter().all(|byte| *byte == 7));
    source.write_all(b"end").expect("the relay reads again");
    assert_eq!(read(&mut slow, 3), b"end");
}

#[test]
fn connections_that_are_none_of_ours_are_closed() {
    let relay = Relay::start();
    for header in [*b"GET / HTTP/1.1\r\n", *b"RLY1\x02\0\0\0\0\0\0\0\0\0\0\0"] {
        let mut stream = TcpStream::connect(&relay.address).expect("the relay listens");
        stream.write_all(&header).expect("the relay reads");
        let mut rest = Vec::new();
        // Closed or reset, but not served.
        _ = stream.read_to_end(&mut rest);
        assert_eq!(rest, []);
    }
    assert_eq!(read(&mut relay.connect(0, 7, 0), 1), [6]);
}

#[test]
fn places_of_closed_connections_are_used_again() {
    let relay = Relay::start();
    for round in 0..50_u8 {
        let mut sink = relay.sink(3);
        let mut source = relay.source(3, 0);
        source.write_all(&[round]).expect("the relay reads");
        assert_eq!(read(&mut sink, 1), [round]);
    }
}
