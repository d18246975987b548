//! A filter's text beside its value, in one cache line if it is short.

/// Bytes of text that fit beside a value of 16 bytes in a cache line.
const SHORT: usize = 44;

/// A filter's text.
#[derive(Debug)]
pub(super) enum Text {
    Long(Box<str>),
    Short(Short),
}

/// A text in place, with what a comparison wants to know.
#[derive(Debug)]
pub(super) struct Short {
    len: u8,
    /// Where the first wildcard stands, or the end.
    first: u8,
    /// What stands behind the last wildcard begins here; 0 if there is none.
    tail: u8,
    bytes: [u8; SHORT],
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let mut bytes = [0; SHORT];
        let (Ok(len), Some(start)) = (u8::try_from(text.len()), bytes.get_mut(..text.len())) else {
            return Self::Long(text.into());
        };
        start.copy_from_slice(text.as_bytes());
        let (mut first, mut tail) = (len, 0);
        for (place, byte) in (0..len).zip(text.bytes()) {
            if matches!(byte, b'+' | b'#') {
                first = first.min(place);
                tail = place + 1;
            }
        }
        Self::Short(Short {
            len,
            first,
            tail,
            bytes,
        })
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Long(text) => text.as_bytes(),
            Self::Short(short) => short.as_bytes(),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Long(text) => text,
            Self::Short(short) => {
                core::str::from_utf8(short.as_bytes()).expect("the text was a string")
            }
        }
    }
}

impl Text {
    /// Whether the filter matches `topic`.
    #[inline]
    pub(super) fn matches(&self, topic: &[u8]) -> bool {
        match self {
            Self::Long(text) => matches(text.as_bytes(), topic),
            Self::Short(short) => short.matches(topic),
        }
    }
}

impl Short {
    #[inline]
    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Compares what stands before the first wildcard and behind the last one as a whole, and takes
    /// only what is between them level by level.
    #[inline]
    fn matches(&self, topic: &[u8]) -> bool {
        let filter = self.as_bytes();
        let (first, tail) = (usize::from(self.first), usize::from(self.tail));
        if tail == 0 {
            return filter == topic;
        }
        let end = filter.len() - tail;
        if first == 0 || topic.len() < first + end {
            return matches(filter, topic);
        }
        let (start, rest) = topic.split_at(first);
        if start != &filter[..first] {
            return false;
        }
        if filter[tail - 1] == b'#' {
            return tail == first + 1 || matches_from(&filter[first..], rest);
        }
        let (middle, rest) = rest.split_at(rest.len() - end);
        rest == &filter[tail..]
            && if tail == first + 1 {
                !middle.contains(&b'/')
            } else {
                matches_from(&filter[first..tail], middle)
            }
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
