//! What is wrong with a configuration.

use core::fmt;

use crate::Origin;

/// One mistake in a configuration. Nothing has been applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where the mistake stands.
    pub origin: Origin,
    /// What is wrong, in a sentence without a dot that names the key.
    pub message: String,
}

impl Finding {
    pub(crate) fn new(origin: &Origin, message: impl Into<String>) -> Self {
        Self {
            origin: origin.clone(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            // Only a mistake in our own declarations could come from there.
            Origin::Default => f.write_str(&self.message),
            Origin::File { .. } | Origin::Variable { .. } => {
                write!(f, "{}: {}", self.origin, self.message)
            }
        }
    }
}

/// A configuration that was refused, with everything that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct LoadError {
    /// The mistakes, in the order of the keys; never empty.
    pub findings: Vec<Finding>,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            finding.fmt(f)?;
        }
        Ok(())
    }
}
