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
pub fn check_text(bytes: &[u8]) -> Result<&str, TextError> {
    let text = core::str::from_utf8(bytes).map_err(|_| TextError::NotUtf8)?;
    if bytes.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return Ok(text);
    }
    match text.chars().find_map(fault) {
        Some(error) => Err(error),
        None => Ok(text),
    }
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
