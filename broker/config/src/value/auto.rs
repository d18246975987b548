//! A value that the broker may choose.

use core::cmp::Ordering;
use core::fmt;

use super::Value;
use crate::node::Scalar;

/// A value, or `auto` to let the broker choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Auto<T> {
    /// The broker chooses; the key's description says what.
    Auto,
    /// This.
    Of(T),
}

impl<T> Auto<T> {
    /// The value, if the operator chose one.
    pub fn chosen(self) -> Option<T> {
        match self {
            Self::Auto => None,
            Self::Of(value) => Some(value),
        }
    }
}

/// What the broker will choose is neither less nor more than anything, so no range refuses `auto`.
impl<T: PartialOrd> PartialOrd for Auto<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Auto, Self::Auto) => Some(Ordering::Equal),
            (Self::Of(value), Self::Of(other)) => value.partial_cmp(other),
            (Self::Auto, Self::Of(_)) | (Self::Of(_), Self::Auto) => None,
        }
    }
}

impl<T: fmt::Display> fmt::Display for Auto<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Of(value) => value.fmt(f),
        }
    }
}

impl<T: Value> Value for Auto<T> {
    fn kind() -> String {
        format!("{} or `auto`", T::kind())
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        if scalar.raw == "auto" {
            Some(Self::Auto)
        } else {
            T::parse(scalar).map(Self::Of)
        }
    }
}
