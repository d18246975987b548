//! Bytes that the engine has not consumed yet.

/// The front of what a connection sent, up to what has been received: part of a packet, or packets
/// that the engine wants later. Exists only while there are any.
#[derive(Debug, Default)]
pub(crate) struct Unread {
    bytes: Vec<u8>,
    start: usize,
}

impl Unread {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self {
            bytes: bytes.to_vec(),
            start: 0,
        }
    }

    pub(crate) fn from_vec(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Appends `bytes`, making room for the packet at the front, which has `wanted` in all.
    pub(crate) fn append(&mut self, bytes: &[u8], wanted: usize) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        let length = self.bytes.len() + bytes.len();
        if length > self.bytes.capacity() {
            // Doubling bounds the copying; a packet's own claim is believed only as far as it has sent.
            let room = wanted.clamp(length, length * 2);
            self.bytes.reserve_exact(room - self.bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Forgets the first `consumed` bytes.
    pub(crate) fn consume(&mut self, consumed: usize) {
        assert!(
            self.start + consumed <= self.bytes.len(),
            "no more is consumed than there was"
        );
        self.start += consumed;
    }

    pub(crate) fn into_vec(mut self) -> Vec<u8> {
        self.bytes.drain(..self.start);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_consumed_does_not_come_back() {
        let mut unread = Unread::new(b"abcdef");
        unread.consume(2);
        assert_eq!(unread.as_slice(), b"cdef");
        unread.append(b"gh", 100);
        assert_eq!(unread.as_slice(), b"cdefgh");
        unread.consume(6);
        assert!(unread.is_empty());
        assert!(unread.into_vec().is_empty());
    }

    #[test]
    fn a_large_claim_gets_memory_only_as_bytes_arrive() {
        let mut unread = Unread::new(&[0; 10]);
        unread.append(&[0; 10], 256 << 20);
        assert!(unread.bytes.capacity() <= 40, "{}", unread.bytes.capacity());
        unread.append(&[0; 1000], 1024);
        assert_eq!(unread.bytes.capacity(), 1024);
    }
}
