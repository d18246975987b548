//! Topic filters: what a client subscribes to.

use core::fmt;

use thiserror::Error;

use crate::TopicRef;

/// Why text is not a topic filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// A filter has at least one character.
    #[error("topic filter is empty")]
    Empty,
    /// `+` shares its level with other characters.
    #[error("`+` in a topic filter must fill a whole level")]
    PartialPlus,
    /// `#` shares its level, or is not the last level.
    #[error("`#` in a topic filter must fill the whole last level")]
    MisplacedHash,
    /// The group of a shared subscription is missing, empty or holds a wildcard.
    #[error("share name must be at least one character and hold no `/`, `+` or `#`")]
    ShareName,
    /// An exclusive subscription names one topic.
    #[error("an exclusive subscription takes no wildcard and no share name")]
    Exclusive,
}

/// A valid topic filter without `$share/<group>/`, borrowed.
///
/// Invariant: not empty; every wildcard fills a whole level; `#`, if present, is the last level.
///
/// # Specification
///
/// MQTT 5.0 section 4.7.1, \[v5 4.7.1-1\], \[v5 4.7.1-2\], \[v5 4.7.3-1\].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FilterRef<'a>(&'a str);

impl<'a> FilterRef<'a> {
    /// Checks text that is already an MQTT string.
    ///
    /// # Errors
    ///
    /// [`FilterError`], which says which rule was broken.
    pub fn new(text: &'a str) -> Result<Self, FilterError> {
        if text.is_empty() {
            return Err(FilterError::Empty);
        }
        let mut levels = text.split('/').peekable();
        while let Some(level) = levels.next() {
            if level.contains('#') && (level != "#" || levels.peek().is_some()) {
                return Err(FilterError::MisplacedHash);
            }
            if level.contains('+') && level != "+" {
                return Err(FilterError::PartialPlus);
            }
        }
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The levels, wildcards included.
    #[must_use]
    pub fn levels(self) -> core::str::Split<'a, char> {
        self.0.split('/')
    }

    /// Whether the filter holds `+` or `#`.
    #[must_use]
    pub fn is_wildcard(self) -> bool {
        self.0.bytes().any(|byte| byte == b'+' || byte == b'#')
    }

    /// The levels before the first wildcard, without the `/` that ends them, and their number.
    ///
    /// The whole filter if it has no wildcard; `("", 0)` if the first level is one.
    #[must_use]
    pub fn literal_prefix(self) -> (&'a str, usize) {
        let (mut depth, mut end) = (0, 0);
        for level in self.levels() {
            if level == "+" || level == "#" {
                return (&self.0[..end], depth);
            }
            end += level.len() + usize::from(depth > 0);
            depth += 1;
        }
        (self.0, depth)
    }

    /// Whether a message on `topic` is for this filter.
    ///
    /// # Specification
    ///
    /// MQTT 5.0 sections 4.7.1 and 4.7.2: `#` also matches the parent level; wildcards in the
    /// first level never match a topic that starts with `$`, \[v5 4.7.2-1\].
    #[must_use]
    pub fn matches(self, topic: TopicRef<'_>) -> bool {
        if topic.is_dollar() && matches!(self.0.as_bytes().first(), Some(b'+' | b'#')) {
            return false;
        }
        let mut topic_levels = topic.levels();
        for level in self.levels() {
            if level == "#" {
                return true;
            }
            match topic_levels.next() {
                Some(name) if level == "+" || level == name => {}
                _ => return false,
            }
        }
        topic_levels.next().is_none()
    }

    /// An owned copy.
    #[must_use]
    pub fn to_owned(self) -> TopicFilter {
        TopicFilter(self.0.into())
    }
}

impl fmt::Display for FilterRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A valid topic filter without `$share/<group>/`, owned; see [`FilterRef`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicFilter(Box<str>);

impl TopicFilter {
    /// The filter, borrowed.
    #[must_use]
    pub fn as_ref(&self) -> FilterRef<'_> {
        FilterRef(&self.0)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for TopicFilter {
    type Error = FilterError;

    fn try_from(text: &str) -> Result<Self, FilterError> {
        FilterRef::new(text).map(FilterRef::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(filter: &str, topic: &str) -> bool {
        let filter = FilterRef::new(filter).expect("the test's filter is valid");
        filter.matches(TopicRef::new(topic).expect("the test's topic is valid"))
    }

    #[test]
    fn the_examples_of_the_standard_hold() {
        for topic in [
            "sport/tennis/player1",
            "sport/tennis/player1/ranking",
            "sport/tennis/player1/a/b",
        ] {
            assert!(matches("sport/tennis/player1/#", topic), "{topic}");
        }
        assert!(matches("sport/#", "sport"));
        assert!(matches("#", "a/b") && matches("#", "/"));
        assert!(matches("sport/tennis/+", "sport/tennis/player1"));
        assert!(!matches("sport/tennis/+", "sport/tennis/player1/ranking"));
        assert!(!matches("sport/+", "sport") && matches("sport/+", "sport/"));
        assert!(matches("+/+", "/finance") && matches("/+", "/finance"));
        assert!(!matches("+", "/finance"));
    }

    #[test]
    fn v5_4_7_2_1_first_level_wildcards_pass_dollar_topics_by() {
        assert!(!matches("#", "$SYS/a") && !matches("+/a", "$SYS/a"));
        assert!(matches("$SYS/#", "$SYS/a") && matches("$SYS/+", "$SYS/a"));
    }

    #[test]
    fn misplaced_wildcards_are_refused() {
        for text in ["sport/tennis#", "sport/tennis/#/ranking", "##", "#/"] {
            assert_eq!(
                FilterRef::new(text),
                Err(FilterError::MisplacedHash),
                "{text}"
            );
        }
        for text in ["sport+", "sport/+x", "++"] {
            assert_eq!(
                FilterRef::new(text),
                Err(FilterError::PartialPlus),
                "{text}"
            );
        }
        assert_eq!(FilterRef::new(""), Err(FilterError::Empty));
    }

    #[test]
    fn the_literal_prefix_ends_before_the_first_wildcard() {
        let prefix = |text| FilterRef::new(text).expect("valid").literal_prefix();
        assert_eq!(prefix("a/b/+/c"), ("a/b", 2));
        assert_eq!(prefix("a/b"), ("a/b", 2));
        assert_eq!(prefix("#"), ("", 0));
        assert_eq!(prefix("/+"), ("", 1));
        assert_eq!(prefix("//#"), ("/", 2));
    }
}
