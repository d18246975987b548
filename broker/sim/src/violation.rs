//! What the oracle found.

use core::fmt;

/// A property that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The property's name: its file below `property/`.
    pub property: &'static str,
    /// What was seen instead.
    pub text: String,
}

impl Violation {
    /// A violation of `property`.
    pub(crate) const fn new(property: &'static str, text: String) -> Self {
        Self { property, text }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.text)
    }
}

/// Nothing, or what is wrong.
pub(crate) type Checked = Result<(), Violation>;

/// Goes on if `holds`; `text` is made only if not.
pub(crate) fn ensure(
    holds: bool,
    property: &'static str,
    text: impl FnOnce() -> String,
) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(Violation::new(property, text()))
    }
}
