//! A filter's text beside its value, in one cache line if it is short.

/// Bytes of text that fit beside a value of 16 bytes in a cache line.
const SHORT: usize = 45;

/// A filter's text.
#[derive(Debug)]
pub(super) enum Text {
    Long(Box<str>),
    /// `literal` bytes stand before the first wildcard.
    Short {
        len: u8,
        literal: u8,
        bytes: [u8; SHORT],
    },
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        let (Ok(len), Some(start)) = (u8::try_from(text.len()), bytes.get_mut(..text.len())) else {
            return Self::Long(text.into());
        };
        start.copy_from_slice(text.as_bytes());
        let wildcard = text.bytes().position(|byte| byte == b'+' || byte == b'#');
        let literal = wildcard
            .and_then(|place| u8::try_from(place).ok())
            .unwrap_or(len);
        Self::Short {
            len,
            literal,
            bytes,
        }
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Long(text) => text.as_bytes(),
            Self::Short { len, bytes, .. } => &bytes[..usize::from(*len)],
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Long(text) => text,
            Self::Short { .. } => {
                core::str::from_utf8(self.as_bytes()).expect("the text was a string")
            }
        }
    }
}

impl Text {
    /// Whether the filter matches `topic`.
    #[inline]
    pub(super) fn matches(&self, topic: &[u8]) -> bool {
        if let Self::Short {
            len,
            literal,
            bytes,
        } = self
        {
            let (len, literal) = (usize::from(*len), usize::from(*literal));
            if len == literal {
                return &bytes[..len] == topic;
            }
            if let Some((start, rest)) = topic.split_at_checked(literal)
                && literal > 0
            {
                return start == &bytes[..literal] && matches_from(&bytes[literal..len], rest);
            }
        }
        matches(self.as_bytes(), topic)
    }
}

/// Whether the valid filter `filter` matches `topic`: [`wire_message::FilterRef::matches`] in one
/// pass over bytes.
#[inline]
pub(super) fn matches(filter: &[u8], topic: &[u8]) -> bool {
    // [v5 4.7.2-1]: wildcards in the first level pass topics by that start with `$`.
    if topic[0] == b'$' && matches!(filter[0], b'+' | b'#') {
        return false;
    }
    matches_from(filter, topic)
}

/// Whether the rest of a filter matches the rest of a topic.
#[inline]
fn matches_from(filter: &[u8], topic: &[u8]) -> bool {
    let mut at = 0;
    for (index, byte) in filter.iter().enumerate() {
        match byte {
            b'#' => return true,
            b'+' => {
                let rest = &topic[at..];
                at += rest
                    .iter()
                    .position(|byte| *byte == b'/')
                    .unwrap_or(rest.len());
            }
            _ if topic.get(at) == Some(byte) => at += 1,
            // `#` also matches the level above it.
            _ => return at == topic.len() && &filter[index..] == b"/#",
        }
    }
    at == topic.len()
}
