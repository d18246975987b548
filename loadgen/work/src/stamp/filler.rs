//! Payloads: a stamp, and a piece of a table behind it.

use super::{LONG, Stamp, check, parse, read_short, words, write_short};
use crate::mix::mix;

/// Places of the table at which a filler may begin.
const BEGINNINGS: usize = 1024;

/// Writes and reads payloads.
#[derive(Debug)]
pub struct Filler {
    table: Box<[u8]>,
    /// For the sizes that come most.
    prepared: Vec<Prepared>,
}

/// What is known beforehand of payloads of one size.
#[derive(Debug)]
struct Prepared {
    /// Bytes of a payload.
    bytes: usize,
    /// Sums of the fillers, by where they begin.
    sums: Box<[u32]>,
}

impl Filler {
    /// For payloads of at most `payload_bytes_max`; `sizes` are those that come most.
    ///
    /// All processes of a run must have the same `seed`.
    #[must_use]
    pub fn new(seed: u64, payload_bytes_max: u32, sizes: &[u32]) -> Self {
        let size = (payload_bytes_max as usize + BEGINNINGS).next_multiple_of(8);
        let words = (0..size as u64 / 8).map(|at| mix(seed ^ mix(at)));
        let table = words.flat_map(u64::to_le_bytes).collect::<Box<[u8]>>();
        let mut sizes = sizes.iter().map(|&size| size as usize).collect::<Vec<_>>();
        sizes.retain(|&size| size > LONG);
        sizes.sort_unstable();
        sizes.dedup();
        let prepared = sizes.into_iter().map(|bytes| {
            let filler = bytes - LONG;
            let sums = (0..BEGINNINGS).map(|place| crc32c::crc32c(&table[place..place + filler]));
            Prepared {
                bytes,
                sums: sums.collect(),
            }
        });
        let prepared = prepared.collect();
        Self { table, prepared }
    }

    /// Appends a payload of `bytes` with its stamp to `out`.
    ///
    /// # Panics
    ///
    /// If `bytes` is below 16 or above what the filler is for.
    #[inline]
    pub fn append(&self, bytes: u32, stamp: &Stamp, out: &mut Vec<u8>) {
        let bytes = bytes as usize;
        if bytes < LONG {
            self.append_short(bytes, stamp, out);
            return;
        }
        let place = place(stamp);
        let filler = &self.table[place..place + bytes - LONG];
        let mut words = words(stamp);
        words[0] |= u64::from(check(&words, self.sum(bytes, place, filler)));
        out.extend_from_slice(&super::bytes(&words));
        out.extend_from_slice(filler);
    }

    #[cold]
    fn append_short(&self, bytes: usize, stamp: &Stamp, out: &mut Vec<u8>) {
        let (start, place) = (out.len(), place(stamp));
        out.extend_from_slice(&self.table[place..place + bytes]);
        write_short(&mut out[start..], stamp);
    }

    /// Reads the stamp of a message; `None` if its bytes are not those that were sent.
    ///
    /// `run` is the reader's: the short form does not say which run it belongs to.
    #[must_use]
    #[inline]
    pub fn read(&self, payload: &[u8], run: u32) -> Option<Stamp> {
        let Some((head, filler)) = payload.split_first_chunk::<LONG>() else {
            return read_short(payload, run);
        };
        let (stamp, given) = parse(head);
        let place = place(&stamp);
        let own = self.table.get(place..place + filler.len());
        let sum = if own == Some(filler) {
            self.sum(payload.len(), place, filler)
        } else {
            crc32c::crc32c(filler)
        };
        (check(&words(&stamp), sum) == given).then_some(stamp)
    }

    /// The sum of the piece of the table at `place`, in a payload of `bytes`.
    #[inline]
    fn sum(&self, bytes: usize, place: usize, filler: &[u8]) -> u32 {
        let mut prepared = self.prepared.iter();
        match prepared.find(|prepared| prepared.bytes == bytes) {
            Some(prepared) => prepared.sums[place],
            None => crc32c::crc32c(filler),
        }
    }
}

/// Where the filler of a message begins in the table.
#[inline]
fn place(stamp: &Stamp) -> usize {
    // Odd factors, so that neighbours in stream and sequence begin elsewhere.
    let stream = stamp.stream.wrapping_mul(0x9e37_79b1);
    let mixed = stream ^ stamp.sequence.wrapping_mul(0x85eb_ca6b);
    (mixed >> 20) as usize % BEGINNINGS
}
