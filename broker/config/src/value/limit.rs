//! A limit that may be absent.

use core::fmt;

use super::Value;
use crate::node::Scalar;

/// A limit, or `infinity` for none.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Limit<T> {
    /// At most this.
    At(T),
    /// No limit.
    Infinity,
}

impl<T> Limit<T> {
    /// The limit, if there is one.
    pub fn finite(self) -> Option<T> {
        match self {
            Self::At(value) => Some(value),
            Self::Infinity => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Limit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(value) => value.fmt(f),
            Self::Infinity => f.write_str("infinity"),
        }
    }
}

impl<T: Value> Value for Limit<T> {
    fn kind() -> String {
        format!("{} or `infinity`", T::kind())
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        if scalar.raw == "infinity" {
            Some(Self::Infinity)
        } else {
            T::parse(scalar).map(Self::At)
        }
    }
}
