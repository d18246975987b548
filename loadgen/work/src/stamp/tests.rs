//! Stamps read as they were written, or not at all.

use proptest::prelude::*;

use super::*;

fn stamps() -> impl Strategy<Value = Stamp> {
    let stream = 0..1_u32 << 24;
    (
        stream,
        any::<u32>(),
        any::<u32>(),
        0..1_u64 << 56,
        any::<u64>(),
    )
        .prop_map(|(stream, sequence, run, intended, sent)| Stamp {
            stream,
            sequence,
            run,
            intended: Instant::from_nanos(intended),
            sent: Some(Instant::from_nanos(sent)),
        })
}

proptest! {
    #[test]
    fn a_stamp_reads_as_it_was_written_and_each_flipped_bit_is_noticed(
        stamp in stamps(),
        size in prop_oneof![16..32_u32, 32..300_u32, Just(256)],
        seed in any::<u64>(),
    ) {
        let filler = Filler::new(seed, 300, &[256]);
        // Another process may know nothing of the size, or have another table.
        let others = [Filler::new(seed, 300, &[]), Filler::new(!seed, 16, &[])];
        let mut payload = Vec::new();
        filler.append(size, &stamp, &mut payload);
        prop_assert_eq!(payload.len(), size as usize);
        let sent = stamp.sent.filter(|_| size >= 32);
        let expected = Some(Stamp { sent, ..stamp });
        prop_assert_eq!(filler.read(&payload, stamp.run), expected);
        for other in &others {
            prop_assert_eq!(other.read(&payload, stamp.run), expected);
        }
        for bit in 0..payload.len() * 8 {
            payload[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(filler.read(&payload, stamp.run), None, "bit {}", bit);
            prop_assert_eq!(others[bit % 2].read(&payload, stamp.run), None, "bit {}", bit);
            payload[bit / 8] ^= 1 << (bit % 8);
        }
        // Cut or grown; sixteen bits of a check let one in 65,536 of these pass.
        if size > 32 {
            prop_assert_eq!(filler.read(&payload[..payload.len() - 1], stamp.run), None);
            payload.push(0);
            prop_assert_eq!(filler.read(&payload, stamp.run), None);
        }
    }
}

#[test]
fn another_run_shows() {
    let stamp = Stamp {
        stream: 1,
        sequence: 2,
        run: 3,
        intended: Instant::from_nanos(4),
        sent: Some(Instant::from_nanos(5)),
    };
    let filler = Filler::new(0, 64, &[]);
    let (mut long, mut short) = (Vec::new(), Vec::new());
    filler.append(64, &stamp, &mut long);
    filler.append(16, &stamp, &mut short);
    assert_eq!(filler.read(&long, 9).map(|stamp| stamp.run), Some(3));
    assert_eq!(filler.read(&short, 9), None);
}

#[test]
fn the_layout_is_what_the_documentation_says() {
    let stamp = Stamp {
        stream: 0x0102,
        sequence: 0x0304,
        run: 0x0506,
        intended: Instant::from_nanos(0x0708),
        sent: Some(Instant::from_nanos(0x090a)),
    };
    let filler = Filler::new(0, 64, &[33]);
    let mut payload = Vec::new();
    filler.append(33, &stamp, &mut payload);
    let expected = [
        2, 1, 0, 0, 4, 3, 0, 0, 6, 5, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0x0a, 9,
    ];
    assert_eq!(payload[4..26], expected);
    payload.clear();
    filler.append(16, &stamp, &mut payload);
    assert_eq!(payload[2..16], [2, 1, 0, 4, 3, 0, 0, 8, 7, 0, 0, 0, 0, 0]);
}

#[test]
fn fillers_of_neighbours_differ() {
    let filler = Filler::new(7, 256, &[256]);
    let fill = |stream, sequence| {
        let stamp = Stamp {
            stream,
            sequence,
            run: 0,
            intended: Instant::ZERO,
            sent: None,
        };
        let mut payload = Vec::new();
        filler.append(256, &stamp, &mut payload);
        payload.split_off(32)
    };
    assert_ne!(fill(0, 0), fill(0, 1));
    assert_ne!(fill(0, 0), fill(1, 0));
    assert_eq!(fill(3, 4), fill(3, 4));
}
