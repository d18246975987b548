//! Priorities of topics in a session's queue.

use core::fmt;
use std::collections::BTreeMap;

use super::{Value, literal};
use crate::field::{Field, key};
use crate::key::Declaration;
use crate::node::{Content, Node, Scalar};
use crate::reading::Reading;
use crate::{Key, Origin};

/// Topics and their priority from 1 (served last) to 255; empty if `disabled`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Priorities(pub BTreeMap<String, u8>);

/// Where topics without a priority stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DefaultPriority {
    /// Before all that have one.
    Highest,
    /// After all that have one.
    Lowest,
}

const KIND: &str = "`disabled` or an object of topics with priorities from 1 to 255, such as `{\"alarms/fire\" = 255}`";

impl Field for Priorities {
    fn keys(declaration: &Declaration, path: &str, keys: &mut Vec<Key>) {
        keys.push(key(declaration, path, KIND.to_owned()));
    }

    fn read(declaration: &Declaration, node: Option<Node>, reading: &mut Reading) -> Self {
        reading.at(declaration.name, |reading| {
            let Some(node) = node else {
                reading.accept_text("disabled".to_owned(), &Origin::Default);
                return Self::default();
            };
            let fields = match &node.content {
                Content::Scalar(scalar) if scalar.raw == "disabled" => Some(BTreeMap::new()),
                Content::Object(fields) => priorities(fields),
                Content::Scalar(_) | Content::List(_) => None,
            };
            let Some(fields) = fields else {
                reading.refuse(&node, KIND);
                return Self::default();
            };
            let priorities = Self(fields);
            reading.accept_text(priorities.to_string(), &node.origin);
            priorities
        })
    }
}

fn priorities(fields: &BTreeMap<String, Node>) -> Option<BTreeMap<String, u8>> {
    let priority = |(topic, node): (&String, &Node)| {
        let Content::Scalar(scalar) = &node.content else {
            return None;
        };
        let priority = u8::parse(scalar).filter(|priority| *priority > 0)?;
        Some((topic.clone(), priority))
    };
    fields.iter().map(priority).collect()
}

impl fmt::Display for Priorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("disabled");
        }
        let entry = |(topic, priority): (&String, &u8)| format!("{} = {priority}", literal(topic));
        write!(
            f,
            "{{{}}}",
            self.0.iter().map(entry).collect::<Vec<_>>().join(", ")
        )
    }
}

impl Value for DefaultPriority {
    fn kind() -> String {
        "one of `highest`, `lowest`".to_owned()
    }

    fn parse(scalar: &Scalar) -> Option<Self> {
        match scalar.raw.as_str() {
            "highest" => Some(Self::Highest),
            "lowest" => Some(Self::Lowest),
            _ => None,
        }
    }
}

impl fmt::Display for DefaultPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Highest => "highest",
            Self::Lowest => "lowest",
        })
    }
}
