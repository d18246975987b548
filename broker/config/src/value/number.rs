//! Numbers and switches without a unit.

use super::Value;
use crate::node::{Form, Scalar};

macro_rules! number {
    ($($type:ty: $kind:literal),*) => {$(
        impl Value for $type {
            fn kind() -> String {
                $kind.to_owned()
            }

            fn parse(scalar: &Scalar) -> Option<Self> {
                scalar.raw.parse().ok()
            }
        }
    )*};
}

number!(u8: "an integer", u16: "an integer", u32: "an integer", u64: "an integer");

impl Value for f64 {
    fn kind() -> String {
        "a number".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        scalar
            .raw
            .parse()
            .ok()
            .filter(|number: &Self| number.is_finite())
    }
}

impl Value for bool {
    fn kind() -> String {
        "`true` or `false`".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        match (scalar.form, scalar.raw.as_str()) {
            (Form::Boolean | Form::Text, "true" | "on" | "yes") => Some(true),
            (Form::Boolean | Form::Text, "false" | "off" | "no") => Some(false),
            (Form::Boolean | Form::Text | Form::Null | Form::Number, _) => None,
        }
    }
}
