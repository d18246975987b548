//! Any bytes as a stream, cut anywhere.

use wire_mqtt::{DecodeError, Frame, frame};

use crate::decode::decode;

/// What a reader finds in a stream: the sizes of its packets, then perhaps a fault.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    sizes: Vec<u32>,
    fault: Option<DecodeError>,
}

/// Takes the packets off the start of `input`; the number of bytes taken.
fn take(input: &[u8], found: &mut Found) -> usize {
    let mut taken = 0;
    while found.fault.is_none() {
        let rest = input.get(taken..).unwrap_or_default();
        match frame(rest, 1 << 20) {
            Ok(Frame::Whole { size }) => {
                found.sizes.push(size);
                taken += size as usize;
            }
            Ok(Frame::More { wanted }) => {
                assert!(wanted as usize > rest.len(), "it wants more than there is");
                return taken;
            }
            Err(fault) => found.fault = Some(fault),
        }
    }
    taken
}

/// Reads a stream whole and in pieces whose size its first byte gives; both find the same.
///
/// # Panics
///
/// If a law of the codec does not hold.
pub fn stream(bytes: &[u8]) {
    let Some((&cut, stream)) = bytes.split_first() else {
        return;
    };
    let mut whole = Found::default();
    take(stream, &mut whole);
    let (mut pieces, mut pending) = (Found::default(), Vec::new());
    for piece in stream.chunks(usize::from(cut).max(1)) {
        pending.extend_from_slice(piece);
        let taken = take(&pending, &mut pieces);
        pending.drain(..taken);
    }
    assert_eq!(whole, pieces, "cuts change nothing");
    let mut start = 0;
    for size in whole.sizes {
        let end = start + size as usize;
        decode(stream.get(start..end).unwrap_or_default());
        start = end;
    }
}
