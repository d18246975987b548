//! The number of a run.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Tells runs apart that use the same broker; stands in client ids and in every payload.
///
/// Written as eight hexadecimal digits.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize,
)]
pub struct RunId(pub u32);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}
