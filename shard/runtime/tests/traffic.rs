//! MQTT over real sockets, rings and threads.
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

use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use shard_runtime::Shards;
use shard_uring::ListenerSettings;

use harness::{Client, Running, publish, settings};

fn exchange(running: &Running, clients: usize) {
    let mut all: Vec<Client> = (0..clients).map(|_| running.client()).collect();
    for (number, client) in all.iter_mut().enumerate() {
        client.connect(4, &format!("client-{number}"));
        client.subscribe(&format!("to/{number}"));
    }
    for round in 0..3_u8 {
        for (number, client) in all.iter_mut().enumerate() {
            client.send(&publish(
                &format!("to/{}", (number + 7) % clients),
                &[round; 300],
            ));
        }
        for (number, client) in all.iter_mut().enumerate() {
            client.expect(&publish(&format!("to/{number}"), &[round; 300]));
        }
    }
}

#[test]
fn clients_of_one_shard_reach_each_other() {
    let running = Running::start(&settings(1)).unwrap();
    exchange(&running, 20);
    running.finish();
}

#[test]
fn clients_of_four_shards_reach_each_other() {
    let running = Running::start(&settings(4)).unwrap();
    exchange(&running, 60);
    running.finish();
}

#[test]
fn a_packet_in_pieces_is_one_packet() {
    let running = Running::start(&settings(2)).unwrap();
    let mut client = running.client();
    client.connect(4, "slow");
    client.subscribe("a");
    for byte in publish("a", b"piece by piece") {
        client.send(&[byte]);
    }
    client.expect(&publish("a", b"piece by piece"));
    running.finish();
}

#[test]
fn a_packet_larger_than_the_read_buffer_arrives_whole() {
    let mut settings = settings(2);
    Arc::make_mut(&mut settings.engine)
        .mqtt
        .connect
        .packet_bytes_max = 20 << 20;
    let running = Running::start(&settings).unwrap();
    let (mut publisher, mut subscriber) = (running.client(), running.client());
    subscriber.connect(4, "reads");
    subscriber.subscribe("large");
    publisher.connect(4, "writes");
    let payload: Vec<u8> = (0..9_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let packet = publish("large", &payload);
    let sent = packet.clone();
    let writer = std::thread::spawn(move || publisher.send(&sent));
    subscriber.expect(&packet);
    writer.join().unwrap();
    running.finish();
}

#[test]
fn many_packets_in_one_write_all_arrive_in_order() {
    let running = Running::start(&settings(2)).unwrap();
    let (mut publisher, mut subscriber) = (running.client(), running.client());
    subscriber.connect(4, "reads");
    subscriber.subscribe("many");
    publisher.connect(4, "writes");
    let packets: Vec<u8> = (0..20_000_u32)
        .flat_map(|number| publish("many", &number.to_be_bytes()))
        .collect();
    let sent = packets.clone();
    let writer = std::thread::spawn(move || {
        publisher.send(&sent);
        publisher
    });
    subscriber.expect(&packets);
    drop(writer.join().unwrap());
    running.finish();
}

#[test]
fn last_bytes_reach_a_client_that_has_finished_sending() {
    let running = Running::start(&settings(1)).unwrap();
    let mut client = running.client();
    client.connect(4, "half");
    client.subscribe("a");
    client.send(&publish("a", b"last"));
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.rest(), publish("a", b"last"));
    running.finish();
}

#[test]
fn a_client_that_breaks_the_rules_gets_the_reason_and_hurts_nobody() {
    let running = Running::start(&settings(2)).unwrap();
    let (mut good, mut bad) = (running.client(), running.client());
    good.connect(4, "good");
    bad.connect(5, "bad");
    // A second CONNECT, and much more behind it that nobody will read.
    let mut bytes = b"\x10\x0d\x00\x04MQTT\x05\x02\x00\x00\x00\x00\x00".to_vec();
    bytes.extend(vec![0xff; 200_000]);
    bad.send(&bytes);
    let farewell = bad.rest();
    assert_eq!(farewell[0], 0xe0, "{farewell:02x?}");
    assert_eq!(farewell[2], 0x82, "{farewell:02x?}");
    good.send(&[0xc0, 0]);
    good.expect(&[0xd0, 0]);
    running.finish();
}

#[test]
fn more_than_a_ring_holds_arrives_whole_and_in_order() {
    const PUBLISHERS: u16 = 100;
    const MESSAGES: u16 = 600;
    let running = Running::start(&settings(2)).unwrap();
    let mut subscriber = running.client();
    subscriber.connect(4, "reads");
    subscriber.subscribe("ring");
    let mut publishers = Vec::new();
    for number in 0..PUBLISHERS {
        let mut publisher = running.client();
        publisher.connect(4, &format!("writes-{number}"));
        publishers.push(publisher);
    }
    // Half of them live on the other shard, and what they send at once is many times a ring.
    for (number, publisher) in (0..).zip(&mut publishers) {
        let message = |count: u16| {
            let payload = [u16::to_be_bytes(number), count.to_be_bytes()].concat();
            publish("ring", &payload)
        };
        publisher.send(&(0..MESSAGES).flat_map(message).collect::<Vec<_>>());
    }
    let mut next = [0; PUBLISHERS as usize];
    let mut packet = publish("ring", &[0; 4]);
    for _ in 0..u32::from(PUBLISHERS) * u32::from(MESSAGES) {
        subscriber.stream.read_exact(&mut packet).unwrap();
        let [.., high, low, count_high, count_low] = packet[..] else {
            unreachable!()
        };
        let expected = &mut next[usize::from(u16::from_be_bytes([high, low]))];
        assert_eq!(u16::from_be_bytes([count_high, count_low]), *expected);
        *expected += 1;
    }
    assert_eq!(next, [MESSAGES; PUBLISHERS as usize]);
    running.finish();
}

#[test]
fn every_listener_is_served_by_every_shard() {
    let mut settings = settings(2);
    settings
        .listeners
        .push(ListenerSettings::new("[::1]:0".parse().unwrap()));
    let engine = Arc::make_mut(&mut settings.engine);
    engine.listeners.push(engine.listeners[0].clone());
    let shards = Shards::start(&settings).unwrap();
    for address in shards.addresses() {
        for number in 0..20 {
            let stream = TcpStream::connect(address).unwrap();
            let mut client = Client { stream };
            client.connect(4, &format!("{number}"));
        }
    }
    shards.stop_signal().stop();
    assert_eq!(shards.join(), Ok(()));
}
