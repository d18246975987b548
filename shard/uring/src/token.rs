//! The number that travels through the kernel with each operation.

/// What a completion completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Operation {
    Accept = 1,
    Cancel,
    Close,
    Connect,
    Poll,
    Send,
    /// The index is the peer's.
    WakePeer,
    /// Another thread wrote to the event descriptor.
    WokenByDescriptor,
    /// Another driver's ring message.
    WokenByRing,
}

const OPERATIONS: [Operation; 9] = [
    Operation::Accept,
    Operation::Cancel,
    Operation::Close,
    Operation::Connect,
    Operation::Poll,
    Operation::Send,
    Operation::WakePeer,
    Operation::WokenByDescriptor,
    Operation::WokenByRing,
];

/// Generations count modulo 2^24: a stale completion is mistaken only if it outlives that many reuses.
pub(crate) const GENERATION_MASK: u32 = 0x00ff_ffff;

/// Operation (8 bits), generation (24 bits) and table index (32 bits) in one `user_data`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) operation: Operation,
    pub(crate) generation: u32,
    pub(crate) index: u32,
}

impl Token {
    pub(crate) const fn new(operation: Operation, index: u32, generation: u32) -> Self {
        Self {
            operation,
            generation: generation & GENERATION_MASK,
            index,
        }
    }

    pub(crate) const fn encode(self) -> u64 {
        (self.operation as u64) << 56 | (self.generation as u64) << 32 | self.index as u64
    }

    /// `None` for a number that no driver made.
    pub(crate) fn decode(user_data: u64) -> Option<Self> {
        let bytes = user_data.to_be_bytes();
        let operation = *OPERATIONS.get(usize::from(bytes[0]).checked_sub(1)?)?;
        let generation = u32::from_be_bytes([0, bytes[1], bytes[2], bytes[3]]);
        let index = u32::from_be_bytes([bytes[4], bytes[5], bytes[6], bytes[7]]);
        Some(Self {
            operation,
            generation,
            index,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_survives_the_kernel() {
        for operation in OPERATIONS {
            let token = Token::new(operation, u32::MAX - 1, 0x01ab_cdef);
            assert_eq!(token.generation, 0x00ab_cdef);
            assert_eq!(Token::decode(token.encode()), Some(token));
        }
        assert_eq!(Token::decode(0), None);
        assert_eq!(Token::decode(u64::MAX), None);
    }
}
