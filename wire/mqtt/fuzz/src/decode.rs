//! Any bytes as one packet.

use wire_message::{Expiry, Instant, MessageRef, PublisherId};
use wire_mqtt::{Frame, Packet, Publish, Side, VARINT_MAX, Version, forward, frame};

const VERSIONS: [Version; 3] = [Version::V31, Version::V311, Version::V5];

/// Decodes `bytes` as one packet, as they are and with a fitting header, in every version and by
/// both sides; what decodes encodes again, and decodes to the same.
///
/// # Panics
///
/// If a law of the codec does not hold.
pub fn decode(bytes: &[u8]) {
    for version in VERSIONS {
        for side in [Side::Client, Side::Server] {
            decode_as(bytes, version, side);
            if let Some((&first_byte, body)) = bytes.split_first() {
                decode_as(&with_header(first_byte, body), version, side);
            }
        }
    }
}

/// The packet with this first byte and body.
fn with_header(first_byte: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first_byte];
    let mut rest = body.len();
    loop {
        let low = u8::try_from(rest & 0x7f).expect("seven bits fit");
        rest >>= 7;
        packet.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

fn decode_as(bytes: &[u8], version: Version, side: Side) {
    let Ok(packet) = Packet::decode(bytes, version, side) else {
        return;
    };
    let whole = Frame::Whole {
        size: u32::try_from(bytes.len()).expect("a fuzzer's input is short"),
    };
    assert_eq!(frame(bytes, VARINT_MAX), Ok(whole), "what decodes is whole");
    let version = if let Packet::Connect(connect) = &packet {
        connect.version
    } else {
        version
    };
    let mut encoded = Vec::new();
    packet
        .encode(version, &mut encoded)
        .expect("what decodes encodes");
    assert!(encoded.len() <= bytes.len(), "the encoded form is short");
    let encoded_size = u32::try_from(encoded.len()).ok();
    assert_eq!(packet.encoded_size(version).ok(), encoded_size);
    assert_eq!(
        Packet::decode(&encoded, version, side),
        Ok(packet),
        "what was decoded decodes to the same again"
    );
    if let Packet::Publish(publish) = packet {
        deliver(&publish, version);
    }
}

/// Forwards a message, and reads what the receiver gets.
fn deliver(publish: &Publish<'_>, version: Version) {
    let Some(topic) = publish.topic else {
        return;
    };
    let mut scratch = Vec::new();
    let message = MessageRef {
        topic,
        payload: publish.payload,
        properties: publish.properties.forward(&mut scratch),
        qos: publish.qos,
        retain: publish.retain,
        expiry: Expiry::NEVER,
        received_at: Instant::ZERO,
        publisher: PublisherId::BROKER,
    };
    let form = forward::Form {
        packet_id: publish.packet_id,
        subscription_ids: &[1, VARINT_MAX],
        topic_alias: Some((1, true)),
        expiry_remaining_s: Some(9),
        ..forward::Form::new(version, publish.qos)
    };
    let mut out = Vec::new();
    let forwarded = forward::encode(&mut out, &message, &form);
    assert_eq!(out.len(), forward::size(&message, &form));
    assert_eq!(out.len() - forwarded.head as usize, publish.payload.len());
    let delivered = Publish::decode(&out, version, Side::Client).expect("a delivery decodes");
    assert_eq!(delivered.topic, publish.topic);
    assert_eq!(delivered.payload, publish.payload);
    let (came, sent) = (&delivered.properties, &publish.properties);
    assert_eq!(came.user_properties, sent.user_properties);
    assert_eq!(came.correlation_data, sent.correlation_data);
}
