//! A configuration as a tree, before anybody knows what its keys mean.

use std::collections::BTreeMap;

use crate::Origin;

/// What a scalar looked like where it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Boolean,
    Null,
    Number,
    Text,
}

/// A value without children, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scalar {
    pub(crate) raw: String,
    pub(crate) form: Form,
}

impl Scalar {
    /// Text as it stands in a default, a range or an environment variable.
    pub(crate) fn text(raw: &str) -> Self {
        Self {
            raw: raw.to_owned(),
            form: Form::Text,
        }
    }
}

/// A subtree and where it was written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) content: Content,
    pub(crate) origin: Origin,
}

/// What stands at a key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    List(Vec<Node>),
    Object(BTreeMap<String, Node>),
    Scalar(Scalar),
}

impl Node {
    pub(crate) fn object(fields: BTreeMap<String, Self>, origin: Origin) -> Self {
        Self {
            content: Content::Object(fields),
            origin,
        }
    }

    /// Lays `over` on top: objects merge key by key, anything else replaces what was there.
    pub(crate) fn merge(&mut self, over: Self) {
        match (&mut self.content, over.content) {
            (Content::Object(fields), Content::Object(more)) => {
                for (name, node) in more {
                    match fields.get_mut(&name) {
                        Some(below) => below.merge(node),
                        None => drop(fields.insert(name, node)),
                    }
                }
            }
            (content, above) => {
                *content = above;
                self.origin = over.origin;
            }
        }
    }

    /// What stands here, as a reader of an error message knows it.
    pub(crate) fn describe(&self) -> String {
        match &self.content {
            Content::List(_) => "a list".to_owned(),
            Content::Object(_) => "an object".to_owned(),
            Content::Scalar(scalar) if scalar.form == Form::Null => "null".to_owned(),
            Content::Scalar(scalar) => format!("`{}`", scalar.raw),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(raw: &str, line: usize) -> Node {
        let origin = Origin::File {
            path: std::sync::Arc::default(),
            line: Some(line),
        };
        Node {
            content: Content::Scalar(Scalar::text(raw)),
            origin,
        }
    }

    fn object(fields: &[(&str, Node)]) -> Node {
        let fields = fields
            .iter()
            .map(|(name, node)| ((*name).to_owned(), node.clone()));
        Node::object(fields.collect(), Origin::Default)
    }

    #[test]
    fn objects_merge_and_scalars_replace() {
        let mut below = object(&[("a", object(&[("x", leaf("1", 1)), ("y", leaf("2", 2))]))]);
        below.merge(object(&[("a", object(&[("y", leaf("3", 3))]))]));
        assert_eq!(
            below,
            object(&[("a", object(&[("x", leaf("1", 1)), ("y", leaf("3", 3))]))])
        );
    }

    #[test]
    fn a_scalar_over_an_object_replaces_it_with_its_origin() {
        let mut below = object(&[("a", object(&[("x", leaf("1", 1))]))]);
        below.merge(object(&[("a", leaf("3", 3))]));
        assert_eq!(below, object(&[("a", leaf("3", 3))]));
    }
}
