//! What a message carries: who it is, bytes that follow from that, and a sum over all.

use crate::history::MessageId;

/// Opens every payload.
const MAGIC: &[u8; 8] = b"skcrash1";

/// Magic, seed of the round, number of the message, and the sum at the end.
const FRAME_BYTES: usize = 8 + 8 + 4 + 8;

/// The payload of message `id` in the round of `seed`, with `padding` bytes.
pub(crate) fn encode(seed: u64, id: MessageId, padding: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(FRAME_BYTES + padding);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&seed.to_le_bytes());
    bytes.extend_from_slice(&id.0.to_le_bytes());
    let start = seed.wrapping_add(id.0.into());
    bytes.extend((0..padding as u64).map(|at| start.wrapping_mul(at | 1).to_le_bytes()[3]));
    bytes.extend_from_slice(&sum(&bytes).to_le_bytes());
    bytes
}

/// Which message of the round this is; `None` if not a single byte of it can be trusted.
pub(crate) fn decode(seed: u64, bytes: &[u8]) -> Option<MessageId> {
    let (head, stated) = bytes.split_last_chunk::<8>()?;
    let (magic, rest) = head.split_first_chunk::<8>()?;
    let (of, rest) = rest.split_first_chunk::<8>()?;
    let (id, _) = rest.split_first_chunk::<4>()?;
    let whole = magic == MAGIC && sum(head).to_le_bytes() == *stated;
    (whole && *of == seed.to_le_bytes()).then(|| MessageId(u32::from_le_bytes(*id)))
}

/// FNV-1a, 64 bits.
fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_tells_its_message() {
        for padding in [0, 1, 1000] {
            let bytes = encode(5, MessageId(77), padding);
            assert_eq!(bytes.len(), FRAME_BYTES + padding);
            assert_eq!(decode(5, &bytes), Some(MessageId(77)));
        }
    }

    #[test]
    fn a_changed_byte_a_cut_and_another_round_are_seen() {
        let bytes = encode(5, MessageId(77), 20);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(decode(5, &changed), None, "byte {at}");
            assert_eq!(decode(5, &bytes[..at]), None, "cut at {at}");
        }
        assert_eq!(decode(6, &bytes), None);
    }
}
