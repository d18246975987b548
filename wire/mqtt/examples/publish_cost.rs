//! Decodes or encodes one PUBLISH again and again, to be counted from outside, as `perf gate` does.
//!
//! Prints how many came out right:
//! `publish_cost decode|decode5|properties|encode|encode5|nothing COUNT`.
#![expect(clippy::print_stdout, reason = "a program, not a library")]

use std::hint::black_box;

use wire_message::{Expiry, Instant, MessageRef, PublisherId, Qos, TopicRef};
use wire_mqtt::{Frame, Publish, PublishProperties, Side, Version, forward, frame};

const TOPIC: &str = "fleet/bus/0421/speed";

fn packet(version: Version, properties: PublishProperties<'_>) -> Vec<u8> {
    let topic = TopicRef::new(TOPIC).expect("a valid topic");
    let mut publish = Publish::new(topic, &[0x55; 256]);
    publish.properties = properties;
    let mut packet = Vec::new();
    wire_mqtt::Packet::Publish(publish)
        .encode(version, &mut packet)
        .expect("a valid packet");
    packet
}

fn decode(packet: &[u8], version: Version, count: u32) -> usize {
    let right = (0..count).filter(|_| {
        let input = black_box(packet);
        let Ok(Frame::Whole { size }) = frame(input, 1 << 20) else {
            return false;
        };
        let packet = input.get(..size as usize).unwrap_or_default();
        black_box(&Publish::decode(packet, version, Side::Server)).is_ok()
    });
    right.count()
}

fn encode(version: Version, count: u32) -> usize {
    let message = MessageRef {
        topic: TopicRef::new(TOPIC).expect("a valid topic"),
        payload: &[0x55; 256],
        properties: &[],
        qos: Qos::AtMostOnce,
        retain: false,
        expiry: Expiry::NEVER,
        received_at: Instant::ZERO,
        publisher: PublisherId(1),
    };
    let form = forward::Form::new(version, Qos::AtMostOnce);
    let mut out = Vec::with_capacity(1024);
    let right = (0..count).filter(|_| {
        out.clear();
        let message = black_box(&message);
        let _ = black_box(forward::encode(&mut out, message, black_box(&form)));
        black_box(&out).len() > message.payload.len()
    });
    right.count()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count = arguments.next().and_then(|text| text.parse().ok());
    let count = count.unwrap_or(1000);
    let typical = PublishProperties {
        expiry_interval_s: Some(60),
        content_type: Some("application/json"),
        user_properties: wire_mqtt::UserProperties::new(&[("trace", "0123456789abcdef")]),
        ..PublishProperties::default()
    };
    let right = match what.as_str() {
        "decode" => decode(&packet(Version::V311, typical), Version::V311, count),
        "decode5" => decode(
            &packet(Version::V5, PublishProperties::default()),
            Version::V5,
            count,
        ),
        "properties" => decode(&packet(Version::V5, typical), Version::V5, count),
        "encode" => encode(Version::V311, count),
        "encode5" => encode(Version::V5, count),
        _ => 0,
    };
    println!("{right} packets");
}
