//! The values in force.

use crate::Origin;

/// A key with the value in force and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effective {
    /// The key as an operator writes it: `listeners.tcp.default.bind`.
    pub path: String,
    /// The value as HOCON.
    pub text: String,
    /// Who said so.
    pub origin: Origin,
}
