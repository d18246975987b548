//! How each kind of field is declared and read.

use std::collections::BTreeMap;

use crate::key::Declaration;
use crate::node::{Content, Form, Node, Scalar};
use crate::reading::Reading;
use crate::value::Value;
use crate::{Key, Origin};

/// Anything that can stand at a key.
pub(crate) trait Field: Sized {
    /// Appends the keys at and below `declaration`, which belongs to the section at `path`.
    fn keys(declaration: &Declaration, path: &str, keys: &mut Vec<Key>);

    /// Reads the field, or takes its default if `node` is none. Mistakes go to `reading`, and the
    /// result is then a stand-in that nobody will use.
    fn read(declaration: &Declaration, node: Option<Node>, reading: &mut Reading) -> Self;
}

/// A group of fields with fixed names.
pub(crate) trait Section: Sized {
    /// Appends the keys of the section at `path`.
    fn keys(path: &str, keys: &mut Vec<Key>);

    /// Reads the fields and refuses those that nobody declared.
    fn read(fields: BTreeMap<String, Node>, reading: &mut Reading) -> Self;
}

/// `path.name`, or `name` at the root.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The reference entry of a field of `kind`.
pub(crate) fn key(declaration: &Declaration, path: &str, kind: String) -> Key {
    Key {
        path: join(path, declaration.name),
        kind,
        default: declaration.default.to_owned(),
        range: declaration.range.map(|range| range.replace("..", " to ")),
        applies: declaration.applies,
        about: declaration
            .about
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
    }
}

impl<T: Value> Field for T {
    fn keys(declaration: &Declaration, path: &str, keys: &mut Vec<Key>) {
        keys.push(key(declaration, path, T::kind()));
    }

    fn read(declaration: &Declaration, node: Option<Node>, reading: &mut Reading) -> Self {
        let default = declared::<T>(declaration.default);
        reading.at(declaration.name, |reading| {
            let Some(node) = node else {
                reading.accept(&default, &Origin::Default);
                return default;
            };
            let value = match &node.content {
                Content::Scalar(scalar) if scalar.form != Form::Null => T::parse(scalar),
                Content::Scalar(_) | Content::List(_) | Content::Object(_) => None,
            };
            let range = declaration.range.and_then(|range| range.split_once(".."));
            let inside = |value: &T| {
                // A value that can't be compared with its bounds, as `auto`, is not outside them.
                range.is_none_or(|(low, high)| {
                    !(*value < declared::<T>(low) || *value > declared::<T>(high))
                })
            };
            if let Some(value) = value.filter(inside) {
                reading.accept(&value, &node.origin);
                return value;
            }
            let wanted = match range {
                Some((low, high)) => format!("{} from {low} to {high}", T::kind()),
                None => T::kind(),
            };
            reading.refuse(&node, &wanted);
            default
        })
    }
}

/// A value that stands in a declaration.
fn declared<T: Value>(text: &str) -> T {
    T::parse(&Scalar::text(text)).expect("declarations are valid, a test reads them all")
}

/// A section for each name that the operator chooses.
impl<T: Section> Field for BTreeMap<String, T> {
    fn keys(declaration: &Declaration, path: &str, keys: &mut Vec<Key>) {
        T::keys(&format!("{}.<name>", join(path, declaration.name)), keys);
    }

    fn read(declaration: &Declaration, node: Option<Node>, reading: &mut Reading) -> Self {
        reading.at(declaration.name, |reading| {
            let mut sections = Self::new();
            for (name, node) in reading.fields(node) {
                let section = reading.at(&name, |reading| {
                    let fields = reading.fields(Some(node));
                    T::read(fields, reading)
                });
                sections.insert(name, section);
            }
            sections
        })
    }
}

/// A list of sections.
impl<T: Section> Field for Vec<T> {
    fn keys(declaration: &Declaration, path: &str, keys: &mut Vec<Key>) {
        T::keys(&format!("{}[]", join(path, declaration.name)), keys);
    }

    fn read(declaration: &Declaration, node: Option<Node>, reading: &mut Reading) -> Self {
        reading.at(declaration.name, |reading| {
            let Some(node) = node else {
                reading.accept_text("[]".to_owned(), &Origin::Default);
                return Self::new();
            };
            let Content::List(items) = node.content else {
                reading.refuse(&node, "a list of objects");
                return Self::new();
            };
            if items.is_empty() {
                reading.accept_text("[]".to_owned(), &node.origin);
            }
            let item = |(index, node)| {
                reading.at_item(index, |reading| {
                    let fields = reading.fields(Some(node));
                    T::read(fields, reading)
                })
            };
            items.into_iter().enumerate().map(item).collect()
        })
    }
}

/// Declares a section: its struct, its reference entries and its reader in one place.
///
/// `name: Type = "default" in "low..high" => AtRunTime;` where all but name and type are optional;
/// fields that hold sections have no default of their own.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        pub struct $name:ident {$(
            $(#[doc = $doc:literal])*
            $field:ident: $type:ty $(= $default:literal)? $(=> $applies:ident)? $(; in $range:literal)?,
        )*}
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(clippy::struct_excessive_bools, reason = "independent switches of the operator")]
        pub struct $name {$(
            $(#[doc = $doc])*
            pub $field: $type,
        )*}

        impl $crate::field::Section for $name {
            fn keys(path: &str, keys: &mut Vec<$crate::Key>) {
                $(<$type as $crate::field::Field>::keys(
                    &$crate::field::declaration!($field, [$($doc)*], [$($default)?], [$($applies)?], [$($range)?]),
                    path,
                    keys,
                );)*
            }

            fn read(
                mut fields: std::collections::BTreeMap<String, $crate::node::Node>,
                reading: &mut $crate::reading::Reading,
            ) -> Self {
                let section = Self {$(
                    $field: <$type as $crate::field::Field>::read(
                        &$crate::field::declaration!($field, [$($doc)*], [$($default)?], [$($applies)?], [$($range)?]),
                        fields.remove(stringify!($field)),
                        reading,
                    ),
                )*};
                reading.refuse_unknown(fields, &[$(stringify!($field)),*]);
                section
            }
        }

        impl $crate::field::Field for $name {
            fn keys(
                declaration: &$crate::key::Declaration,
                path: &str,
                keys: &mut Vec<$crate::Key>,
            ) {
                let path = $crate::field::join(path, declaration.name);
                <Self as $crate::field::Section>::keys(&path, keys);
            }

            fn read(
                declaration: &$crate::key::Declaration,
                node: Option<$crate::node::Node>,
                reading: &mut $crate::reading::Reading,
            ) -> Self {
                reading.at(declaration.name, |reading| {
                    let fields = reading.fields(node);
                    <Self as $crate::field::Section>::read(fields, reading)
                })
            }
        }
    };
}

/// The [`Declaration`] that a line of [`section!`] stands for.
macro_rules! declaration {
    ($field:ident, [$($doc:literal)*], [$($default:literal)?], [$($applies:ident)?], [$($range:literal)?]) => {
        $crate::key::Declaration {
            name: stringify!($field),
            about: concat!($($doc, "\n"),*),
            default: concat!($($default)?),
            range: $crate::field::declaration!(@range $($range)?),
            applies: $crate::field::declaration!(@applies $($applies)?),
        }
    };
    (@range) => { None };
    (@range $range:literal) => { Some($range) };
    (@applies) => { $crate::Applies::AtStart };
    (@applies $applies:ident) => { $crate::Applies::$applies };
}

pub(crate) use {declaration, section};
