//! The stamp at the start of every payload: whose message it is, which one, and since when.
//!
//! Little endian. In payloads of 32 bytes and more:
//!
//! ```text
//! check u32 | stream u32 | sequence u32 | run u32 | intended u64 | sent u64 | filler
//! ```
//!
//! and in those of 16 to 31 bytes, which have no room for run and time of sending:
//!
//! ```text
//! check u16 | stream u24 | sequence u32 | intended u56 | filler
//! ```
//!
//! Times are nanoseconds of the machine's monotonic clock. The check is the CRC-32C of all that
//! follows it, begun with the run's number; the short form keeps 16 bits of it. So a message whose
//! bits were changed is noticed, and in the short form one of another run, too.

use wire_message::Instant;

use crate::mix::mix;

/// Bytes of a payload from which on the stamp has its long form.
const LONG: usize = 32;

/// Bytes of the short form, and so of the smallest payload.
const SHORT: usize = 16;

/// In the stream's place: the message is a will, and the rest the number of its client.
pub(crate) const WILL: u32 = 1 << 31;

/// What a stamp says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Whose message it is.
    pub stream: u32,
    /// Which of its messages, from 0.
    pub sequence: u32,
    /// The run.
    pub run: u32,
    /// When it was to be sent.
    pub intended: Instant,
    /// When it was sent; not in the short form.
    pub sent: Option<Instant>,
}

/// Writes the stamp over the start of `payload`, whose filler must already be there.
///
/// # Panics
///
/// If `payload` has fewer than 16 bytes.
#[inline]
pub fn write(payload: &mut [u8], stamp: &Stamp) {
    if let Some((head, filler)) = payload.split_first_chunk_mut::<LONG>() {
        let sent = stamp.sent.unwrap_or(stamp.intended).as_nanos();
        head[4..8].copy_from_slice(&stamp.stream.to_le_bytes());
        head[8..12].copy_from_slice(&stamp.sequence.to_le_bytes());
        head[12..16].copy_from_slice(&stamp.run.to_le_bytes());
        head[16..24].copy_from_slice(&stamp.intended.as_nanos().to_le_bytes());
        head[24..32].copy_from_slice(&sent.to_le_bytes());
        let check = crc32c::crc32c_append(stamp.run, &head[4..]);
        let check = crc32c::crc32c_append(check, filler);
        head[..4].copy_from_slice(&check.to_le_bytes());
        return;
    }
    let head = payload.first_chunk_mut::<SHORT>();
    let head = head.expect("payloads have 16 bytes at least");
    head[2..5].copy_from_slice(&stamp.stream.to_le_bytes()[..3]);
    head[5..9].copy_from_slice(&stamp.sequence.to_le_bytes());
    head[9..16].copy_from_slice(&stamp.intended.as_nanos().to_le_bytes()[..7]);
    let check = fold(crc32c::crc32c_append(stamp.run, &payload[2..]));
    payload[..2].copy_from_slice(&check.to_le_bytes());
}

/// Reads the stamp of a message; `None` if it was changed on its way.
///
/// `run` is the reader's: the short form does not say which run it belongs to.
///
/// # Panics
///
/// Never: all indices are below the length that was checked.
#[must_use]
#[inline]
pub fn read(payload: &[u8], run: u32) -> Option<Stamp> {
    let Some(head) = payload.first_chunk::<LONG>() else {
        return read_short(payload, run);
    };
    let number = |at: usize| {
        let bytes = head[at..at + 4].try_into().expect("four bytes");
        u32::from_le_bytes(bytes)
    };
    let time = |at: usize| {
        let bytes = head[at..at + 8].try_into().expect("eight bytes");
        Instant::from_nanos(u64::from_le_bytes(bytes))
    };
    let stamp = Stamp {
        stream: number(4),
        sequence: number(8),
        run: number(12),
        intended: time(16),
        sent: Some(time(24)),
    };
    let check = crc32c::crc32c_append(stamp.run, &payload[4..]);
    (check == number(0)).then_some(stamp)
}

#[cold]
fn read_short(payload: &[u8], run: u32) -> Option<Stamp> {
    let head = payload.first_chunk::<SHORT>()?;
    let check = fold(crc32c::crc32c_append(run, &payload[2..]));
    let &[
        low,
        high,
        s0,
        s1,
        s2,
        q0,
        q1,
        q2,
        q3,
        t0,
        t1,
        t2,
        t3,
        t4,
        t5,
        t6,
    ] = head;
    if check != u16::from_le_bytes([low, high]) {
        return None;
    }
    Some(Stamp {
        stream: u32::from_le_bytes([s0, s1, s2, 0]),
        sequence: u32::from_le_bytes([q0, q1, q2, q3]),
        run,
        intended: Instant::from_nanos(u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, 0])),
        sent: None,
    })
}

/// Sixteen bits of a checksum that change with each single bit of the message.
#[expect(
    clippy::cast_possible_truncation,
    reason = "half of the bits is what is wanted"
)]
const fn fold(check: u32) -> u16 {
    (check ^ check >> 16) as u16
}

/// Bytes that look random, from which each message takes a piece as its filler.
#[derive(Debug)]
pub struct Filler {
    bytes: Box<[u8]>,
}

/// Places at which a filler may begin.
const BEGINNINGS: usize = 4096;

impl Filler {
    /// Filler for payloads of at most `payload_bytes_max`.
    #[must_use]
    pub fn new(seed: u64, payload_bytes_max: u32) -> Self {
        let size = (payload_bytes_max as usize + BEGINNINGS).next_multiple_of(8);
        let words = (0..size as u64 / 8).map(|at| mix(seed ^ mix(at)));
        let bytes = words.flat_map(u64::to_le_bytes).collect();
        Self { bytes }
    }

    /// Appends a payload of `bytes` with its stamp to `out`.
    ///
    /// # Panics
    ///
    /// If `bytes` is below 16 or above what the filler is for.
    #[inline]
    pub fn append(&self, bytes: u32, stamp: &Stamp, out: &mut Vec<u8>) {
        let bytes = bytes as usize;
        // An odd factor, so that neighbours in stream and sequence begin elsewhere.
        let place =
            stamp.stream.wrapping_mul(0x9e37_79b1) ^ stamp.sequence.wrapping_mul(0x85eb_ca6b);
        let place = (place >> 20) as usize % BEGINNINGS;
        let start = out.len();
        out.extend_from_slice(&self.bytes[place..place + bytes]);
        write(&mut out[start..], stamp);
    }
}

#[cfg(test)]
mod tests {
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
            size in prop_oneof![16..32_u32, 32..300_u32],
            seed in any::<u64>(),
        ) {
            let mut payload = Vec::new();
            Filler::new(seed, 300).append(size, &stamp, &mut payload);
            prop_assert_eq!(payload.len(), size as usize);
            let sent = stamp.sent.filter(|_| size >= 32);
            prop_assert_eq!(read(&payload, stamp.run), Some(Stamp { sent, ..stamp }));
            for bit in 0..payload.len() * 8 {
                payload[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(read(&payload, stamp.run), None, "bit {}", bit);
                payload[bit / 8] ^= 1 << (bit % 8);
            }
            // Cut or grown.
            prop_assert_eq!(read(&payload[..payload.len() - 1], stamp.run), None);
            payload.push(0);
            prop_assert_eq!(read(&payload, stamp.run), None);
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
        let filler = Filler::new(0, 64);
        let (mut long, mut short) = (Vec::new(), Vec::new());
        filler.append(64, &stamp, &mut long);
        filler.append(16, &stamp, &mut short);
        assert_eq!(read(&long, 9).map(|stamp| stamp.run), Some(3));
        assert_eq!(read(&short, 9), None);
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
        let mut payload = vec![0; 33];
        write(&mut payload, &stamp);
        let expected = [
            2, 1, 0, 0, 4, 3, 0, 0, 6, 5, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0x0a, 9,
        ];
        assert_eq!(payload[4..26], expected);
        let check = crc32c::crc32c_append(0x0506, &payload[4..]);
        assert_eq!(payload[..4], check.to_le_bytes());
        let mut payload = vec![0; 16];
        write(&mut payload, &stamp);
        assert_eq!(payload[2..16], [2, 1, 0, 4, 3, 0, 0, 8, 7, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn fillers_of_neighbours_differ() {
        let filler = Filler::new(7, 256);
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
}
