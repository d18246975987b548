//! The bytes that wait to leave one socket, in order.

use crate::SharedBytes;
use crate::limits::{OUTBOX_START_BYTES, PIECES_PER_SEND_MAX, SPLICES_KEPT};

/// Bytes to send: copied ones, with shared ones spliced in where they belong.
pub struct Outbox {
    copied: Vec<u8>,
    splices: Vec<Splice>,
    spliced_bytes: usize,
    /// Bytes the kernel has taken.
    sent: usize,
    gather: Option<Box<Gather>>,
}

/// Shared bytes that follow the first `at` copied ones.
struct Splice {
    at: usize,
    bytes: SharedBytes,
}

/// What a vectored send points at; it must not move while the send is in flight.
struct Gather {
    header: libc::msghdr,
    pieces: Vec<libc::iovec>,
}

/// What remains to be sent, as the kernel wants it.
pub(crate) enum Remaining {
    /// One piece: address and length.
    Contiguous(*const u8, usize),
    /// Many pieces.
    Vectored(*const libc::msghdr),
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            copied: Vec::with_capacity(OUTBOX_START_BYTES),
            splices: Vec::new(),
            spliced_bytes: 0,
            sent: 0,
            gather: None,
        }
    }

    /// Appends a copy of `bytes`; returns the place of the first one for [`Self::patch`].
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        let place = self.copied.len();
        self.copied.extend_from_slice(bytes);
        place
    }

    /// Appends all `bytes` and leaves their vector empty: without copying if nothing waits here, because
    /// then the two exchange their memory.
    pub fn push_vec(&mut self, bytes: &mut Vec<u8>) {
        if self.copied.is_empty() && self.splices.is_empty() {
            core::mem::swap(&mut self.copied, bytes);
        } else {
            self.copied.append(bytes);
        }
    }

    /// Appends `bytes` without copying them.
    pub fn push_shared(&mut self, bytes: SharedBytes) {
        self.spliced_bytes += bytes.as_slice().len();
        self.splices.push(Splice {
            at: self.copied.len(),
            bytes,
        });
    }

    /// Overwrites two copied bytes at `place`.
    ///
    /// # Panics
    ///
    /// If `place` and the byte after it have not been pushed.
    pub fn patch(&mut self, place: usize, bytes: [u8; 2]) {
        self.copied[place..place + 2].copy_from_slice(&bytes);
    }

    /// Bytes not yet taken by the kernel.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.copied.len() + self.spliced_bytes - self.sent
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes() == 0
    }

    /// Makes room for `bytes` more copied ones.
    pub fn reserve(&mut self, bytes: usize) {
        self.copied.reserve(bytes);
    }

    pub(crate) fn capacity(&self) -> usize {
        self.copied.capacity()
    }

    pub(crate) fn clear(&mut self) {
        self.copied.clear();
        self.splices.clear();
        self.splices.shrink_to(SPLICES_KEPT);
        self.spliced_bytes = 0;
        self.sent = 0;
        // Rare and large next to the rest: an outbox in the pool is a buffer and nothing else.
        self.gather = None;
    }

    /// Records that the kernel took `bytes` more.
    pub(crate) fn advance(&mut self, bytes: usize) {
        assert!(
            bytes <= self.bytes(),
            "the kernel sends no more than it was given"
        );
        self.sent += bytes;
    }

    /// What is left, for one send. The addresses hold until the outbox is changed or dropped.
    pub(crate) fn remaining(&mut self) -> Remaining {
        if self.splices.is_empty() {
            let rest = &self.copied[self.sent..];
            return Remaining::Contiguous(rest.as_ptr(), rest.len());
        }
        let mut pieces = self
            .gather
            .take()
            .map_or_else(Vec::new, |gather| gather.pieces);
        pieces.clear();
        self.each_piece(|piece| {
            if pieces.len() < PIECES_PER_SEND_MAX {
                let base = piece.as_ptr().cast_mut().cast();
                pieces.push(libc::iovec {
                    iov_base: base,
                    iov_len: piece.len(),
                });
            }
        });
        // SAFETY: all zeroes is a valid `msghdr`: null pointers with zero lengths.
        let header: libc::msghdr = unsafe { core::mem::zeroed() };
        let gather = self.gather.insert(Box::new(Gather { header, pieces }));
        gather.header.msg_iov = gather.pieces.as_mut_ptr();
        gather.header.msg_iovlen = gather.pieces.len();
        Remaining::Vectored(&raw const gather.header)
    }

    /// Shows `each` the pieces that are left, in order, none of them empty.
    fn each_piece<'a>(&'a self, mut each: impl FnMut(&'a [u8])) {
        let mut skip = self.sent;
        let mut show = |piece: &'a [u8]| {
            let skipped = skip.min(piece.len());
            skip -= skipped;
            if skipped < piece.len() {
                each(&piece[skipped..]);
            }
        };
        let mut copied = 0;
        for splice in &self.splices {
            show(&self.copied[copied..splice.at]);
            show(splice.bytes.as_slice());
            copied = splice.at;
        }
        show(&self.copied[copied..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn pieces(outbox: &Outbox) -> Vec<Vec<u8>> {
        let mut pieces = Vec::new();
        outbox.each_piece(|piece| pieces.push(piece.to_vec()));
        pieces
    }

    #[test]
    fn shared_bytes_stand_between_the_copied_ones_they_were_pushed_between() {
        let mut outbox = Outbox::new();
        outbox.push(b"ab");
        outbox.push_shared(SharedBytes::new(Arc::new(b"SHARED".to_vec()), |vec| vec));
        let place = outbox.push(b"cd");
        outbox.patch(place, *b"xy");
        assert_eq!(outbox.bytes(), 10);
        assert_eq!(pieces(&outbox), [&b"ab"[..], b"SHARED", b"xy"]);
        outbox.advance(3);
        assert_eq!(pieces(&outbox), [&b"HARED"[..], b"xy"]);
        outbox.advance(5);
        assert_eq!(pieces(&outbox), [&b"xy"[..]]);
        outbox.advance(2);
        assert!(outbox.is_empty() && pieces(&outbox).is_empty());
    }

    #[test]
    fn a_vector_is_taken_over_or_copied_behind_what_waits() {
        let mut outbox = Outbox::new();
        let mut bytes = b"first".to_vec();
        let memory = bytes.as_ptr();
        outbox.push_vec(&mut bytes);
        assert!(bytes.is_empty() && bytes.capacity() > 0);
        assert_eq!(pieces(&outbox), [&b"first"[..]]);
        assert_eq!(outbox.copied.as_ptr(), memory);
        bytes.extend_from_slice(b" second");
        outbox.push_vec(&mut bytes);
        assert!(bytes.is_empty());
        assert_eq!(pieces(&outbox), [&b"first second"[..]]);
    }

    #[test]
    fn a_cleared_outbox_keeps_its_buffer_and_nothing_else() {
        let mut outbox = Outbox::new();
        outbox.push(&[1; 2000]);
        outbox.push_shared(SharedBytes::new(Arc::new([0_u8; 8]), |array| array));
        let capacity = outbox.capacity();
        outbox.clear();
        assert!(outbox.is_empty() && outbox.splices.is_empty());
        assert_eq!(outbox.capacity(), capacity);
    }
}
