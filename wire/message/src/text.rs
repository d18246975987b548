//! The rules for UTF-8 strings.

use thiserror::Error;

/// Why bytes are not an MQTT string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TextError {
    /// The bytes are not well-formed UTF-8 (surrogates included).
    #[error("string is not well-formed UTF-8")]
    NotUtf8,
    /// The string holds U+0000.
    #[error("string contains U+0000")]
    Null,
    /// The string holds a control character or a non-character.
    #[error("string contains a control character or a non-character")]
    Disallowed,
}

/// Checks that `bytes` are an MQTT string and returns them as one.
///
/// Control characters (U+0001 to U+001F, U+007F to U+009F) and Unicode non-characters are refused
/// too: the standard lets a receiver treat them as malformed.
///
/// # Errors
///
/// [`TextError`], which says which rule was broken.
///
/// # Specification
///
/// MQTT 5.0 section 1.5.4, \[v5 1.5.4-1\], \[v5 1.5.4-2\]; \[v311 1.5.3-1\], \[v311 1.5.3-2\].
#[inline]
pub fn check_text(bytes: &[u8]) -> Result<&str, TextError> {
    let text = core::str::from_utf8(bytes).map_err(|_| TextError::NotUtf8)?;
    if is_plain(bytes) {
        return Ok(text);
    }
    check_characters(text)
}

#[cold]
fn check_characters(text: &str) -> Result<&str, TextError> {
    match text.chars().find_map(fault) {
        Some(error) => Err(error),
        None => Ok(text),
    }
}

/// Bytes that are looked at together; compilers make vector instructions of that.
const CHUNK: usize = 16;

/// Whether there is nothing but printable ASCII, as in nearly all strings.
#[inline]
fn is_plain(bytes: &[u8]) -> bool {
    none(bytes, is_special)
}

/// Whether `bytes` hold neither `+` nor `#`.
#[inline]
pub(crate) fn is_without_wildcards(bytes: &[u8]) -> bool {
    none(bytes, is_wildcard)
}

/// Whether there is nothing but printable ASCII without `+` and `#`, as in nearly all topics.
pub(crate) fn is_plain_topic(bytes: &[u8]) -> bool {
    none(bytes, |byte| is_special(byte) | is_wildcard(byte))
}

#[inline]
const fn is_special(byte: u8) -> bool {
    byte.wrapping_sub(b' ') >= 0x7f - b' '
}

#[inline]
const fn is_wildcard(byte: u8) -> bool {
    // `#` and `+` differ in this one bit.
    byte | 0x08 == b'+'
}

/// Whether no byte is `bad`; a space must not be.
#[inline]
fn none(bytes: &[u8], bad: impl Fn(u8) -> bool) -> bool {
    let any = |chunk: &[u8; CHUNK]| chunk.iter().fold(false, |any, &byte| any | bad(byte));
    let (chunks, _) = bytes.as_chunks();
    if chunks.iter().any(any) {
        return false;
    }
    // Looking twice at some bytes is less work than looking at the last ones one by one.
    let last = bytes.last_chunk().copied().unwrap_or_else(|| pad(bytes));
    !any(&last)
}

/// A chunk of nothing but `bytes`, which are fewer, and spaces.
fn pad(bytes: &[u8]) -> [u8; CHUNK] {
    const HALF: usize = CHUNK / 2;
    let mut chunk = [b' '; CHUNK];
    let (first, last) = chunk.split_at_mut(HALF);
    if let (Some(start), Some(end)) = (bytes.first_chunk::<HALF>(), bytes.last_chunk::<HALF>()) {
        first.copy_from_slice(start);
        last.copy_from_slice(end);
    } else {
        for (to, from) in first.iter_mut().zip(bytes) {
            *to = *from;
        }
    }
    chunk
}

fn fault(character: char) -> Option<TextError> {
    match character {
        '\0' => Some(TextError::Null),
        '\u{1}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' => {
            Some(TextError::Disallowed)
        }
        // The last two code points of every plane are non-characters.
        other if u32::from(other) & 0xfffe == 0xfffe => Some(TextError::Disallowed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v5_1_5_4_1_surrogates_are_refused() {
        assert_eq!(check_text(&[0xed, 0xa0, 0x80]), Err(TextError::NotUtf8));
    }

    #[test]
    fn v5_1_5_4_2_null_is_refused() {
        assert_eq!(check_text(b"a\0b"), Err(TextError::Null));
    }

    #[test]
    fn v5_1_5_4_3_a_byte_order_mark_is_kept() {
        assert_eq!(check_text(&[0xef, 0xbb, 0xbf]), Ok("\u{feff}"));
    }

    #[test]
    fn a_special_character_is_found_wherever_it_stands() {
        for size in 1..40 {
            for at in 0..size {
                let mut bytes = vec![b'~'; size];
                bytes[at] = 0x7f;
                assert_eq!(
                    check_text(&bytes),
                    Err(TextError::Disallowed),
                    "{at} of {size}"
                );
                bytes[at] = b' ';
                assert!(check_text(&bytes).is_ok());
            }
        }
    }

    #[test]
    fn control_and_non_characters_are_refused() {
        for text in [
            "\u{1}",
            "\u{1f}",
            "\u{7f}",
            "\u{9f}",
            "\u{fdd0}",
            "\u{ffff}",
            "\u{1fffe}",
        ] {
            assert_eq!(
                check_text(text.as_bytes()),
                Err(TextError::Disallowed),
                "{text:?}"
            );
        }
        for text in ["", " ", "~", "\u{a0}", "grüße", "\u{fdcf}", "\u{10fffd}"] {
            assert_eq!(check_text(text.as_bytes()), Ok(text));
        }
    }
}
