//! Free text.

use super::Value;
use crate::node::Scalar;

impl Value for String {
    fn kind() -> String {
        "text".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        Some(scalar.raw.clone())
    }
}
