//! The driver on loopback sockets.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(clippy::disallowed_methods, reason = "tests drive real sockets")]

#[path = "harness/lib.rs"]
mod harness;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use harness::{EchoServer, LOOPBACK, receive_all, turn_until};
use shard_uring::{
    DetachError, Driver, DriverSettings, Event, ListenerSettings, SendPath, SharedBytes, SocketKey,
};

fn driver() -> Driver {
    Driver::new(DriverSettings::default()).unwrap()
}

/// Two ends of one connection, the second attached to `driver` with the tag 7.
fn pair(driver: &mut Driver) -> (TcpStream, SocketKey) {
    let listener = TcpListener::bind(LOOPBACK).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let (server, _) = listener.accept().unwrap();
    let key = driver.attach(OwnedFd::from(server), 7).unwrap();
    (client, key)
}

fn echo_thousand(settings: DriverSettings) {
    let server = EchoServer::start(settings);
    let mut driver = Driver::new(settings).unwrap();
    let message = |tag: u64| format!("message of connection {tag}").into_bytes();
    let mut received = vec![Vec::new(); 1000];
    for tag in 0..1000 {
        driver.connect(server.address, None, tag).unwrap();
    }
    let mut closed = 0;
    turn_until(&mut driver, |driver, events| {
        for event in events.drain(..) {
            match event {
                Event::Connected { socket, tag } => {
                    let bytes = message(tag);
                    driver.outbox(socket, bytes.len()).unwrap().push(&bytes);
                }
                Event::Readable { socket, tag, .. } => {
                    let received = &mut received[usize::try_from(tag).unwrap()];
                    assert!(receive_all(driver, socket, received));
                    if *received == message(tag) {
                        driver.close(socket);
                    }
                }
                Event::Closed { .. } => closed += 1,
                Event::Sent { left, .. } => assert_eq!(left, 0),
                Event::Accepted { .. }
                | Event::AcceptFailed { .. }
                | Event::ConnectFailed { .. }
                | Event::SendFailed { .. }
                | Event::Woken => panic!("{event:?}"),
            }
        }
        closed == 1000
    });
    assert_eq!(driver.sockets(), 0);
    assert_eq!(server.stop(), 1000);
}

#[test]
fn a_thousand_connections_get_their_own_echo() {
    echo_thousand(DriverSettings::default());
}

#[test]
fn a_thousand_connections_get_their_own_echo_by_system_calls() {
    echo_thousand(DriverSettings {
        send_path: SendPath::Call,
        ..DriverSettings::default()
    });
}

#[test]
fn a_ring_that_is_far_too_small_is_slow_and_loses_nothing() {
    echo_thousand(DriverSettings {
        submissions: 4,
        completions: 8,
        ..DriverSettings::default()
    });
}

fn read_to_end(address: SocketAddr) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Copied and shared bytes, far more than a small socket buffer takes at once, arrive whole and in order.
fn short_writes(send_path: SendPath) {
    let mut driver = Driver::new(DriverSettings {
        send_path,
        ..DriverSettings::default()
    })
    .unwrap();
    let settings = ListenerSettings {
        send_buffer_bytes: Some(8 * 1024),
        ..ListenerSettings::new(LOOPBACK)
    };
    let (_, address) = driver.listen(&settings).unwrap();
    let reader = std::thread::spawn(move || read_to_end(address));
    let shared: Arc<Vec<u8>> = Arc::new(
        (0..700_001_u32)
            .map(|n| n.to_le_bytes()[0] ^ 0x5a)
            .collect(),
    );
    let mut expected = Vec::new();
    let (mut sends, mut sent) = (0, 0);
    turn_until(&mut driver, |driver, events| {
        for event in events.drain(..) {
            match event {
                Event::Accepted { socket, .. } => {
                    let key = driver.attach(socket, 1).unwrap();
                    let outbox = driver.outbox(key, 100).unwrap();
                    for round in 0..100_u8 {
                        let copied = vec![round; usize::from(round) * 31];
                        outbox.push(&copied);
                        expected.extend_from_slice(&copied);
                        if round % 33 == 0 {
                            outbox.push_shared(SharedBytes::new(Arc::clone(&shared), |vec| vec));
                            expected.extend_from_slice(&shared);
                        }
                    }
                }
                Event::Sent {
                    socket,
                    bytes,
                    left,
                    ..
                } => {
                    (sends, sent) = (sends + 1, sent + bytes);
                    assert_eq!(sent + left, expected.len());
                    assert!(driver.queued_bytes(socket) <= left);
                    if left == 0 {
                        driver.shut_down(socket);
                    }
                }
                Event::Readable { socket, .. } => driver.close(socket),
                Event::Closed { .. } => return true,
                Event::AcceptFailed { .. }
                | Event::Connected { .. }
                | Event::ConnectFailed { .. }
                | Event::SendFailed { .. }
                | Event::Woken => panic!("{event:?}"),
            }
        }
        false
    });
    assert!(
        sends > 2,
        "the small buffer must cut the bytes, {sends} sends"
    );
    assert!(reader.join().unwrap() == expected);
    assert_eq!(Arc::strong_count(&shared), 1, "sent bytes are let go");
}

#[test]
fn short_writes_continue() {
    short_writes(SendPath::Entry);
}

#[test]
fn short_writes_of_system_calls_continue() {
    short_writes(SendPath::Call);
}

#[test]
fn bytes_queued_during_a_send_follow_it() {
    let mut driver = driver();
    let (mut client, key) = pair(&mut driver);
    driver.outbox(key, 0).unwrap().push(b"one ");
    driver.flush();
    driver.outbox(key, 0).unwrap().push(b"two ");
    driver.flush();
    driver.outbox(key, 0).unwrap().push(b"three");
    let mut sends = 0;
    turn_until(&mut driver, |_, events| {
        sends += events
            .iter()
            .filter(|event| matches!(event, Event::Sent { .. }))
            .count();
        matches!(events.last(), Some(Event::Sent { left: 0, .. }))
    });
    assert_eq!(sends, 2, "all that waits leaves with one send");
    let mut bytes = [0; 13];
    client.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"one two three");
}

#[test]
fn a_socket_closed_during_a_send_is_freed_once_and_its_bytes_first() {
    let mut driver = driver();
    let (mut client, key) = pair(&mut driver);
    let shared = Arc::new(vec![1_u8; 32 << 20]);
    driver
        .outbox(key, 0)
        .unwrap()
        .push_shared(SharedBytes::new(Arc::clone(&shared), |vec| vec));
    // The peer does not read, so the send can't complete.
    turn_until(&mut driver, |_, events| {
        events
            .iter()
            .any(|event| matches!(event, Event::Sent { left: 1.., .. }))
    });
    driver.close(key);
    driver.close(key);
    assert!(driver.outbox(key, 0).is_none(), "the key is void at once");
    let mut closed = 0;
    turn_until(&mut driver, |_, events| {
        for event in events.iter() {
            assert!(matches!(event, Event::Closed { tag: 7, .. }), "{event:?}");
            closed += 1;
        }
        closed > 0
    });
    assert_eq!((closed, driver.sockets()), (1, 0));
    assert_eq!(Arc::strong_count(&shared), 1);
    // The peer sees the end, after what had left already.
    let end = client.read_to_end(&mut Vec::new());
    assert!(end.is_ok_and(|bytes| bytes < 32 << 20));
}

#[test]
fn a_dropped_driver_lets_go_of_its_bytes_and_sockets() {
    let mut driver = driver();
    let (mut client, key) = pair(&mut driver);
    let shared = Arc::new(vec![1_u8; 32 << 20]);
    driver
        .outbox(key, 0)
        .unwrap()
        .push_shared(SharedBytes::new(Arc::clone(&shared), |vec| vec));
    driver.flush();
    drop(driver);
    assert_eq!(Arc::strong_count(&shared), 1);
    assert!(client.read_to_end(&mut Vec::new()).is_ok());
}

#[test]
fn events_of_closed_sockets_never_reach_their_successors() {
    let mut driver = driver();
    let (mut alive, mut tag_next) = (Vec::<(TcpStream, SocketKey, u64)>::new(), 100);
    for round in 0..200_usize {
        let (mut client, key) = pair(&mut driver);
        driver.retag(key, tag_next);
        client.write_all(&tag_next.to_be_bytes()).unwrap();
        alive.push((client, key, tag_next));
        tag_next += 1;
        if round % 3 != 0 {
            // Closed with its poll unsubmitted, armed, or fired, and a send behind it.
            let (_client, key, _) = alive.swap_remove(round % alive.len());
            driver.outbox(key, 0).unwrap().push(b"last words");
            driver.flush();
            driver.close(key);
        }
        if round % 5 == 0 {
            driver.submit().unwrap();
        }
    }
    let mut seen = 0;
    turn_until(&mut driver, |driver, events| {
        for event in events.drain(..) {
            let (Event::Readable { socket, tag, .. } | Event::Sent { socket, tag, .. }) = event
            else {
                continue;
            };
            let Some((_, _, expected)) = alive.iter().find(|(_, key, _)| *key == socket) else {
                // The event came before the close.
                assert!(driver.outbox(socket, 0).is_none());
                continue;
            };
            assert_eq!(tag, *expected);
            let mut bytes = Vec::new();
            receive_all(driver, socket, &mut bytes);
            assert_eq!(bytes, tag.to_be_bytes());
            seen += 1;
        }
        seen == alive.len() && driver.sockets() == alive.len()
    });
}

#[test]
fn the_end_of_the_stream_is_reported_after_its_last_bytes() {
    let mut driver = driver();
    let (mut client, key) = pair(&mut driver);
    client.write_all(b"bye").unwrap();
    drop(client);
    let mut bytes = Vec::new();
    turn_until(&mut driver, |driver, events| {
        events
            .iter()
            .any(|event| matches!(event, Event::Readable { .. }))
            && !receive_all(driver, key, &mut bytes)
    });
    assert_eq!(bytes, b"bye");
}

#[test]
fn a_connection_refused_is_reported_and_can_be_closed() {
    let free = TcpListener::bind(LOOPBACK).unwrap().local_addr().unwrap();
    let mut driver = driver();
    let key = driver.connect(free, Some(LOOPBACK), 3).unwrap();
    turn_until(
        &mut driver,
        |_, events| matches!(events[..], [Event::ConnectFailed { socket, tag: 3, .. }] if socket == key),
    );
    driver.close(key);
    turn_until(&mut driver, |driver, _| driver.sockets() == 0);
}

#[test]
fn a_detached_socket_takes_its_unread_bytes_to_another_driver() {
    let (mut first, mut second) = (driver(), driver());
    let (mut client, key) = pair(&mut first);
    client.write_all(b"unread").unwrap();
    turn_until(&mut first, |_, events| {
        events
            .iter()
            .any(|event| matches!(event, Event::Readable { .. }))
    });
    driver_is_busy_while_bytes_wait(&mut first, key, &mut client);
    let socket = first.detach(key).unwrap();
    assert_eq!(first.detach(key).unwrap_err(), DetachError::Closed);
    let key = second.attach(socket, 9).unwrap();
    let mut bytes = Vec::new();
    turn_until(&mut second, |driver, events| {
        events
            .iter()
            .any(|event| matches!(event, Event::Readable { tag: 9, .. }))
            && receive_all(driver, key, &mut bytes)
    });
    assert_eq!(bytes, b"unread");
    client.write_all(b"more").unwrap();
    turn_until(&mut second, |_, events| !events.is_empty());
    turn_until(&mut first, |driver, events| {
        assert!(events.is_empty(), "{events:?}");
        driver.sockets() == 0
    });
}

fn driver_is_busy_while_bytes_wait(driver: &mut Driver, key: SocketKey, client: &mut TcpStream) {
    driver.outbox(key, 0).unwrap().push(b"x");
    assert_eq!(driver.detach(key).unwrap_err(), DetachError::Busy);
    turn_until(driver, |_, events| {
        events
            .iter()
            .any(|event| matches!(event, Event::Sent { left: 0, .. }))
    });
    client.read_exact(&mut [0]).unwrap();
}

#[test]
fn after_a_failed_send_nothing_is_queued() {
    let mut driver = driver();
    let (client, key) = pair(&mut driver);
    driver.outbox(key, 0).unwrap().push(&vec![1; 32 << 20]);
    turn_until(&mut driver, |_, events| {
        events
            .iter()
            .any(|event| matches!(event, Event::Sent { left: 1.., .. }))
    });
    driver.outbox(key, 0).unwrap().push(b"behind");
    // Gone with bytes unread: a reset.
    drop(client);
    turn_until(&mut driver, |_, events| {
        events
            .iter()
            .any(|event| matches!(event, Event::SendFailed { tag: 7, .. }))
    });
    assert_eq!(driver.queued_bytes(key), 0);
}

#[test]
fn a_reset_breaks_the_connection_where_a_close_ends_it() {
    let end = |leave: fn(&mut Driver, SocketKey)| {
        let mut driver = driver();
        let (mut client, key) = pair(&mut driver);
        leave(&mut driver, key);
        turn_until(&mut driver, |_, events| {
            events
                .drain(..)
                .any(|event| matches!(event, Event::Closed { tag: 7, .. }))
        });
        client.read(&mut [0; 8]).map_err(|error| error.kind())
    };
    assert_eq!(end(Driver::close), Ok(0));
    assert_eq!(end(Driver::reset), Err(ErrorKind::ConnectionReset));
}
