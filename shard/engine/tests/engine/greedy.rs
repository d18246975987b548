//! A client that asks and does not take the answers.

use std::sync::Arc;

use shard_engine::{
    ConnectionKey, Engine, Input, ListenerId, Next, Output, Outputs, Place, Settings,
};
use shard_topics::Epochs;
use store_model::{UnixMillis, WallClock};
use wire_message::{Instant, ShardId};

use crate::harness::SEED;

const NOW: Instant = Instant::from_secs(1_000);
const UNSENT_MAX: u32 = 1_000;
const PACKET_MAX: u32 = 1_024;
/// A CONNECT of 3.1.1 by `c`.
const CONNECT: &[u8] = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x00\x00\x01c";

fn connected() -> (Engine, ConnectionKey, Outputs) {
    let mut settings = Settings::default();
    settings.listeners[0].unsent_bytes_max = UNSENT_MAX;
    settings.mqtt.connect.packet_bytes_max = PACKET_MAX;
    let place = Place {
        shard: ShardId(0),
        shards: 1,
        seed: SEED,
        epochs: Arc::new(Epochs::new(1)),
        clock: WallClock::new(UnixMillis(1_700_000_000_000)),
        store: None,
        chance: 1,
    };
    let mut engine = Engine::new(Arc::new(settings), place, NOW);
    let peer = "127.0.0.1:4000".parse().expect("valid");
    let key = engine.accepted(ListenerId(0), peer, NOW).expect("accepted");
    let mut out = Outputs::default();
    let received = engine.received(key, CONNECT, NOW, &mut out);
    assert_eq!(received.consumed, CONNECT.len());
    (engine, key, out)
}

/// Bytes that the driver was given for the client since the start.
fn sent(engine: &Engine) -> u32 {
    u32::try_from(engine.counters().bytes_sent).expect("a test's answers are few")
}

#[test]
fn answers_that_are_not_taken_stop_the_reading() {
    let (mut engine, key, mut out) = connected();
    let pings = [0xc0, 0].repeat(50);
    let mut next = Next::Again;
    for _ in 0..1_000 {
        next = engine.received(key, &pings, NOW, &mut out).next;
        if next == Next::Paused {
            break;
        }
    }
    assert_eq!(next, Next::Paused);
    out.clear();
    let unsent = sent(&engine);
    assert!(unsent <= 2 * UNSENT_MAX + PACKET_MAX + 2, "{unsent}");
    let input = |bytes| Input::Sent {
        connection: key,
        bytes,
    };
    // Some of it is not enough, or each byte would bring a turn.
    engine.handle_input(input(1_000), NOW, &mut out);
    assert!(out.is_empty());
    engine.handle_input(input(unsent - 1_000), NOW, &mut out);
    let resumed =
        |action: &Output| matches!(action, Output::Resume { connection } if *connection == key);
    assert!(out.actions.iter().any(resumed));
    let received = engine.received(key, &pings, NOW, &mut out);
    assert_eq!((received.consumed, sent(&engine) - unsent), (100, 100));
}
