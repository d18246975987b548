//! Packets of clients, mostly sound, from a few names, so that clients meet.

use super::script::Script;

const CLIENTS: [&str; 6] = ["a", "b", "c", "d", "e", ""];
const TOPICS: [&str; 10] = [
    "t",
    "t/a",
    "t/a/b",
    "u",
    "$x/a",
    "$delayed/1/t/a",
    "$delayed/x/t",
    "$SYS/a",
    "t//b",
    "",
];
const FILTERS: [&str; 16] = [
    "t",
    "t/+",
    "t/#",
    "#",
    "+/a",
    "t/a/b",
    "u",
    "$x/#",
    "$share/g/t/#",
    "$share/g/u",
    "$share/h/#",
    "$exclusive/t",
    "t/#/b",
    "$share//t",
    "$SYS/#",
    "",
];

/// A CONNECT and the version it names.
pub(crate) fn connect(script: &mut Script<'_>) -> Vec<u8> {
    let (choice, id) = (script.byte(), CLIENTS[script.below(CLIENTS.len())]);
    let level = [3, 4, 5, 5][usize::from(choice & 3)];
    let is_five = level == 5;
    let (clean, will) = (choice & 4 != 0, choice & 8 != 0);
    let mut body = Vec::new();
    text(&mut body, if level == 3 { "MQIsdp" } else { "MQTT" });
    let flags = u8::from(clean) << 1
        | if will {
            0x04 | (choice >> 4 & 1) << 3 | choice & 0x20
        } else {
            0
        };
    body.extend([level, flags]);
    body.extend((script.short() & 0x0f).to_be_bytes());
    if is_five {
        let mut properties = vec![0x11];
        properties.extend(u32::from(script.byte()).to_be_bytes());
        if choice & 0x40 != 0 {
            properties.extend([0x21, 0, script.byte() | 1, 0x22, 0, script.byte()]);
        }
        if choice & 0x80 != 0 {
            properties.extend([0x27, 0, 0, 0, script.byte() | 1, 0x17, script.byte() & 1]);
        }
        block(&mut body, &properties);
    }
    text(&mut body, id);
    if will {
        if is_five {
            block(&mut body, &[0x18, 0, 0, 0, script.byte() & 7]);
        }
        text(&mut body, TOPICS[script.below(5)]);
        text(&mut body, "gone");
    }
    packet(0x10, &body)
}

/// Any packet after CONNECT, for 5.0 or an older version.
pub(crate) fn any(script: &mut Script<'_>, is_five: bool) -> Vec<u8> {
    match script.below(12) {
        0..=3 => publish(script, is_five),
        4 | 5 => subscribe(script, is_five),
        6 => unsubscribe(script, is_five),
        7 => acknowledge(0x40, script),
        8 => acknowledge(0x50, script),
        9 => acknowledge(0x62, script),
        10 => acknowledge(0x70, script),
        _ => match script.below(4) {
            0 => disconnect(script, is_five),
            1 => vec![0xf0, 0],
            _ => vec![0xc0, 0],
        },
    }
}

fn publish(script: &mut Script<'_>, is_five: bool) -> Vec<u8> {
    let choice = script.byte();
    let qos = [0, 1, 2, 1][usize::from(choice & 3)];
    let dup = if qos > 0 { choice & 8 } else { 0 };
    let mut body = Vec::new();
    text(&mut body, TOPICS[script.below(TOPICS.len())]);
    if qos > 0 {
        body.extend((u16::from(script.byte()) % 12).to_be_bytes());
    }
    if is_five {
        let mut properties = Vec::new();
        if choice & 0x10 != 0 {
            properties.extend([0x23, 0, script.byte() % 4]);
        }
        if choice & 0x20 != 0 {
            properties.extend([0x02, 0, 0, 0, script.byte()]);
        }
        if choice & 0x40 != 0 {
            properties.extend([0x26, 0, 1, b'k', 0, 1, b'v']);
        }
        block(&mut body, &properties);
    }
    // From time to time so large that receivers share it.
    let size = if choice & 0x80 != 0 {
        usize::from(script.byte()) * 40
    } else {
        script.below(8)
    };
    body.extend(core::iter::repeat_n(b'x', size));
    packet(0x30 | dup | qos << 1 | choice >> 2 & 1, &body)
}

fn subscribe(script: &mut Script<'_>, is_five: bool) -> Vec<u8> {
    let choice = script.byte();
    let mut body = vec![0, choice & 0x0f];
    if is_five {
        let properties = [0x0b, script.byte()];
        block(
            &mut body,
            if choice & 0x10 != 0 { &properties } else { &[] },
        );
    }
    for _ in 0..=choice >> 5 & 3 {
        text(&mut body, FILTERS[script.below(FILTERS.len())]);
        let options = script.byte();
        body.push(if is_five { options & 0x3f } else { options & 3 });
    }
    packet(0x82, &body)
}

fn unsubscribe(script: &mut Script<'_>, is_five: bool) -> Vec<u8> {
    let choice = script.byte();
    let mut body = vec![0, choice & 0x0f];
    if is_five {
        body.push(0);
    }
    for _ in 0..=choice >> 5 & 3 {
        text(&mut body, FILTERS[script.below(FILTERS.len())]);
    }
    packet(0xa2, &body)
}

fn acknowledge(first: u8, script: &mut Script<'_>) -> Vec<u8> {
    let id = script.byte() % 40;
    match script.below(4) {
        0 => packet(first, &[0, id, 0x92, 0]),
        1 => packet(first, &[0, id, 0x80]),
        _ => packet(first, &[0, id]),
    }
}

fn disconnect(script: &mut Script<'_>, is_five: bool) -> Vec<u8> {
    match script.below(3) {
        0 if is_five => packet(0xe0, &[0x04, 0]),
        1 if is_five => packet(0xe0, &[0, 5, 0x11, 0, 0, 0, script.byte()]),
        _ => vec![0xe0, 0],
    }
}

fn text(to: &mut Vec<u8>, text: &str) {
    let size = u16::try_from(text.len()).expect("names are short");
    to.extend(size.to_be_bytes());
    to.extend(text.as_bytes());
}

/// Properties with their length.
fn block(to: &mut Vec<u8>, properties: &[u8]) {
    to.push(u8::try_from(properties.len()).expect("few properties"));
    to.extend(properties);
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut whole = vec![first];
    let mut size = body.len();
    loop {
        let low = u8::try_from(size & 0x7f).expect("masked");
        size >>= 7;
        whole.push(if size > 0 { low | 0x80 } else { low });
        if size == 0 {
            break;
        }
    }
    whole.extend(body);
    whole
}
