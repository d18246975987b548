//! What is known of every key: the source of the reference page.

/// When a changed value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// When the broker starts.
    AtStart,
    /// While the broker runs, through the control endpoint.
    AtRunTime,
}

/// A declared key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Dotted path; `<name>` stands for a name that the operator chooses, `[]` for an item of a list.
    pub path: String,
    /// What may be written, with its unit.
    pub kind: String,
    /// What holds if nobody writes the key.
    pub default: String,
    /// Smallest and largest value, if there are such.
    pub range: Option<String>,
    /// When a change takes effect.
    pub applies: Applies,
    /// What the key is for.
    pub about: String,
}

/// A field of a section as declared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declaration {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) default: &'static str,
    pub(crate) range: Option<&'static str>,
    pub(crate) applies: Applies,
}
