//! What an idle connection costs the generator.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::harness::{Program, Server};
use crate::server;

/// Bytes that a connection may cost.
const BYTES_MAX: u64 = 600;

/// The program's resident memory while it holds this many connections.
fn resident_bytes(server: &Server, connections: u64) -> u64 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let words =
        format!("idle -c {connections} -R 0 --hold 60s --interval 200ms --prometheus {address}");
    let program = Program::start(&words, server.address());
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut text = String::new();
    while !text.contains("stage=\"hold\"") {
        assert!(
            Instant::now() < deadline,
            "not connected in a minute: {text}"
        );
        text.clear();
        if let Ok(mut stream) = TcpStream::connect(address) {
            _ = stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n");
            _ = stream.read_to_string(&mut text);
        }
    }
    let rollup = fs::read_to_string(format!("/proc/{}/smaps_rollup", program.pid())).unwrap();
    let line = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Rss:"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().next().unwrap().parse().unwrap();
    kilobytes * 1024
}

#[test]
fn an_idle_connection_costs_at_most_600_bytes() {
    let server = server();
    let (few, many) = (2_000, 12_000);
    let small = resident_bytes(&server, few);
    let large = resident_bytes(&server, many);
    let each = large.saturating_sub(small) / (many - few);
    println!("{each} bytes per idle connection");
    assert!(each <= BYTES_MAX, "{each} bytes per connection");
}
