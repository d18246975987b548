//! The few MQTT 3.1.1 packets that the measurements need, as bytes.

/// CONNECT with a clean session.
pub fn connect(client: &str, keep_alive_s: u16) -> Vec<u8> {
    let mut body = b"\x00\x04MQTT\x04\x02".to_vec();
    body.extend(keep_alive_s.to_be_bytes());
    text(&mut body, client);
    packet(0x10, &body)
}

/// SUBSCRIBE to one filter.
pub fn subscribe(id: u16, filter: &str, qos: u8) -> Vec<u8> {
    subscribe_all(id, &[filter.to_owned()], qos)
}

/// SUBSCRIBE to some filters.
pub fn subscribe_all(id: u16, filters: &[String], qos: u8) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    for filter in filters {
        text(&mut body, filter);
        body.push(qos);
    }
    packet(0x82, &body)
}

/// Bytes of the answer to a CONNECT or SUBSCRIBE.
pub fn answer_bytes(packet: &[u8]) -> usize {
    let length = packet[1..]
        .iter()
        .take_while(|byte| **byte & 0x80 != 0)
        .count()
        + 1;
    let mut filters = 0;
    let mut rest = packet.get(1 + length + 2..).unwrap_or_default();
    if packet[0] == 0x10 {
        return CONNACK;
    }
    while let [high, low, ..] = rest {
        filters += 1;
        rest = &rest[2 + usize::from(u16::from_be_bytes([*high, *low])) + 1..];
    }
    2 + 2 + filters
}

/// PUBLISH with a packet id if the QoS is 1.
pub fn publish(topic: &str, qos: u8, payload: usize) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic);
    if qos > 0 {
        body.extend([0, 1]);
    }
    body.resize(body.len() + payload, b'x');
    packet(0x30 | qos << 1, &body)
}

/// PUBACK for the PUBLISH in `packet`, whose topic has `topic` bytes.
pub fn puback(packet: &[u8], topic: usize) -> [u8; 4] {
    let length = 1
        + packet[1..]
            .iter()
            .take_while(|byte| **byte & 0x80 != 0)
            .count()
        + 1;
    let id = length + 2 + topic;
    [0x40, 2, packet[id], packet[id + 1]]
}

/// Bytes of CONNACK, SUBACK with one code, and PUBACK.
pub const CONNACK: usize = 4;
pub const SUBACK: usize = 5;
pub const PUBACK: usize = 4;

fn text(body: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("short texts");
    body.extend(length.to_be_bytes());
    body.extend(text.as_bytes());
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut rest = body.len();
    loop {
        let low = u8::try_from(rest % 128).expect("below 128");
        rest /= 128;
        packet.push(if rest > 0 { low | 0x80 } else { low });
        if rest == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}
