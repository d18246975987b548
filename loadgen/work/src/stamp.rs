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
//! Times are nanoseconds of the machine's monotonic clock. In the long form the check is 32 bits of a
//! mix of the words of the stamp and the CRC-32C of the filler; in the short one it is 16 bits of
//! the CRC-32C of all that follows it, begun with the run's number. So a message whose bits differ
//! is noticed, and in the short form one of another run, too.
//!
//! The filler is a piece of a table that all processes of a run have in common. That makes both
//! sides cheap: the CRC of the piece is known beforehand, and the receiver compares the filler with
//! the table. A filler from elsewhere is summed.

mod filler;

use wire_message::Instant;

pub use filler::Filler;

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

/// The words of the long form, the check's place empty.
#[inline]
fn words(stamp: &Stamp) -> [u64; 4] {
    [
        u64::from(stamp.stream) << 32,
        (u64::from(stamp.run) << 32) | u64::from(stamp.sequence),
        stamp.intended.as_nanos(),
        stamp.sent.unwrap_or(stamp.intended).as_nanos(),
    ]
}

/// The bytes of the long form.
#[inline]
fn bytes(words: &[u64; 4]) -> [u8; LONG] {
    let mut bytes = [0; LONG];
    for (to, word) in bytes.chunks_exact_mut(8).zip(words) {
        to.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// Reads the long form: the stamp, and its check.
#[inline]
fn parse(head: &[u8; LONG]) -> (Stamp, u32) {
    let (words, _) = head.as_chunks::<8>();
    let word = |at: usize| words.get(at).map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let (first, second) = (word(0), word(1));
    let stamp = Stamp {
        stream: high(first),
        sequence: low(second),
        run: high(second),
        intended: Instant::from_nanos(word(2)),
        sent: Some(Instant::from_nanos(word(3))),
    };
    (stamp, low(first))
}

/// The check of the long form: each bit of the stamp and of the filler's sum changes it.
#[inline]
fn check(words: &[u64; 4], filler_sum: u32) -> u32 {
    // A sum of products with odd factors tells single words apart; mixing spreads what differs.
    let factors = [
        0x9e37_79b9_7f4a_7c15_u64,
        0xbf58_476d_1ce4_e5b9,
        0x94d0_49bb_1331_11eb,
        0xd6e8_feb8_6659_fd93,
    ];
    let mut sum = u64::from(filler_sum).wrapping_mul(0xa076_1d64_78bd_642f);
    for (word, factor) in words.iter().zip(factors) {
        sum = sum.wrapping_add((word ^ word >> 29).wrapping_mul(factor));
    }
    high((sum ^ sum >> 32).wrapping_mul(0xe703_7ed1_a0b4_28db))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the lower half is what is wanted"
)]
const fn low(word: u64) -> u32 {
    word as u32
}

const fn high(word: u64) -> u32 {
    low(word >> 32)
}

/// Writes the short form over the start of `payload`, whose filler must already be there.
fn write_short(payload: &mut [u8], stamp: &Stamp) {
    let head = payload.first_chunk_mut::<SHORT>();
    let head = head.expect("payloads have 16 bytes at least");
    head[2..5].copy_from_slice(&stamp.stream.to_le_bytes()[..3]);
    head[5..9].copy_from_slice(&stamp.sequence.to_le_bytes());
    head[9..16].copy_from_slice(&stamp.intended.as_nanos().to_le_bytes()[..7]);
    let check = fold(crc32c::crc32c_append(stamp.run, &payload[2..]));
    payload[..2].copy_from_slice(&check.to_le_bytes());
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

#[cfg(test)]
mod tests;
