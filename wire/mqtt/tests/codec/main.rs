//! The codec from outside: golden packets, laws, and the statements of the standards.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connect;
mod golden;
mod header;
mod laws;
mod lists;
mod old;
mod properties;
mod publish;
mod reasons;
mod strategies;
mod text;
mod twins;

use wire_mqtt::{DecodeError, Packet, Side, Version};

const ALL: [Version; 3] = [Version::V31, Version::V311, Version::V5];
const SINCE_311: [Version; 2] = [Version::V311, Version::V5];

/// A packet: a first byte, and a body of less than 128 bytes.
fn packet(first_byte: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    let size = u8::try_from(body.len()).unwrap();
    assert!(size < 128, "the length takes one byte");
    [&[first_byte, size], &body[..]].concat()
}

/// What is wrong with a packet that a client sent.
fn from_client(packet: &[u8], version: Version) -> Option<DecodeError> {
    Packet::decode(packet, version, Side::Server).err()
}

/// What is wrong with a packet that a server sent.
fn from_server(packet: &[u8], version: Version) -> Option<DecodeError> {
    Packet::decode(packet, version, Side::Client).err()
}
