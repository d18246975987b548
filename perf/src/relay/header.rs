//! The sixteen bytes with which a connection says what it is.

/// Length of the header.
pub(super) const HEADER_BYTES: usize = 16;

/// The relay's answer once a connection is registered.
pub(super) const REGISTERED: u8 = 0x06;

const MAGIC: [u8; 4] = *b"RLY1";

/// Which way bytes flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Gets the bytes of its channel's sources.
    Sink,
    /// Sends bytes, and gets four back after each `acknowledge_every`; 0: never.
    Source {
        /// Bytes of one message.
        acknowledge_every: u32,
    },
}

/// What a connection wants to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Which way its bytes flow.
    pub(super) role: Role,
    /// The sources and sinks that belong together.
    pub(super) channel: u32,
}

impl Header {
    /// Reads a header; `None` if it is none.
    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let ([role, zeros @ ..], rest) = rest.split_first_chunk::<4>()?;
        let (channel, rest) = rest.split_first_chunk::<4>()?;
        let (every, _) = rest.split_first_chunk::<4>()?;
        if *magic != MAGIC || *zeros != [0; 3] {
            return None;
        }
        let role = match role {
            0 => Role::Sink,
            1 => Role::Source {
                acknowledge_every: u32::from_le_bytes(*every),
            },
            _ => return None,
        };
        Some(Self {
            role,
            channel: u32::from_le_bytes(*channel),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: [u8; HEADER_BYTES] = *b"RLY1\x01\0\0\0\x05\x01\0\0\x10\0\0\0";

    #[test]
    fn a_header_names_role_channel_and_size_of_a_message() {
        let source = Header {
            role: Role::Source {
                acknowledge_every: 16,
            },
            channel: 261,
        };
        assert_eq!(Header::decode(&SOURCE), Some(source));
        let mut sink = SOURCE;
        sink[4] = 0;
        let sink = Header::decode(&sink).expect("it is one");
        assert_eq!(sink.role, Role::Sink);
    }

    #[test]
    fn other_magic_roles_and_fillings_are_refused() {
        for place in [0, 3, 4, 5, 7] {
            let mut other = SOURCE;
            other[place] = 9;
            assert_eq!(Header::decode(&other), None, "byte {place}");
        }
    }
}
