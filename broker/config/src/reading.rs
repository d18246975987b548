//! A reading of the tree: what it has found so far, good and bad.

use std::collections::BTreeMap;

use crate::check::segment;
use crate::node::{Content, Node};
use crate::suggest::nearest;
use crate::value::{Value, literal};
use crate::{Effective, Finding, Key, Origin};

/// Where a reading stands in the tree, and what it has gathered.
pub(crate) struct Reading {
    path: Vec<String>,
    known: Vec<Key>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) values: Vec<Effective>,
}

impl Reading {
    /// Starts at the root; `known` are all declared keys.
    pub(crate) fn new(known: Vec<Key>) -> Self {
        Self {
            path: Vec::new(),
            known,
            findings: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Reads what stands at `name` below the current place.
    pub(crate) fn at<R>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(segment(name));
        let result = read(self);
        self.path.pop();
        result
    }

    /// Reads the item `index` of the list at the current place.
    pub(crate) fn at_item<R>(&mut self, index: usize, read: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(format!("[{index}]"));
        let result = read(self);
        self.path.pop();
        result
    }

    /// The current place as an operator writes it.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for segment in &self.path {
            if !path.is_empty() && !segment.starts_with('[') {
                path.push('.');
            }
            path.push_str(segment);
        }
        path
    }

    /// Notes the value in force at the current place.
    pub(crate) fn accept(&mut self, value: &impl Value, origin: &Origin) {
        let text = value.to_string();
        self.values.push(Effective {
            path: self.path(),
            text: literal(&text),
            origin: origin.clone(),
        });
    }

    /// Notes a value without a type of its own, already written as HOCON.
    pub(crate) fn accept_text(&mut self, text: String, origin: &Origin) {
        self.values.push(Effective {
            path: self.path(),
            text,
            origin: origin.clone(),
        });
    }

    /// Notes that what stands at the current place is not `wanted`.
    pub(crate) fn refuse(&mut self, node: &Node, wanted: &str) {
        let message = format!(
            "`{}` must be {wanted}, not {}",
            self.path(),
            node.describe()
        );
        self.findings.push(Finding::new(&node.origin, message));
    }

    /// The fields of an object; a finding and none if `node` is something else.
    pub(crate) fn fields(&mut self, node: Option<Node>) -> BTreeMap<String, Node> {
        let Some(node) = node else {
            return BTreeMap::new();
        };
        if !matches!(node.content, Content::Object(_)) {
            self.refuse(&node, "an object");
        }
        match node.content {
            Content::Object(fields) => fields,
            Content::List(_) | Content::Scalar(_) => BTreeMap::new(),
        }
    }

    /// Notes every field that no declaration took, with the name that was probably meant.
    pub(crate) fn refuse_unknown(&mut self, left: BTreeMap<String, Node>, names: &[&'static str]) {
        for (name, node) in left {
            let meant = self.meant(&name, names);
            let path = self.at(&name, |reading| reading.path());
            let message = match meant {
                Some(meant) => format!("unknown key `{path}`, did you mean `{meant}`?"),
                None => format!("unknown key `{path}`"),
            };
            self.findings.push(Finding::new(&node.origin, message));
        }
    }

    /// The key that somebody who wrote `name` here had in mind: a sibling, or its namesake elsewhere.
    fn meant(&mut self, name: &str, names: &[&'static str]) -> Option<String> {
        if let Some(sibling) = nearest(name, names.iter().copied()) {
            return Some(self.at(sibling, |reading| reading.path()));
        }
        let suffix = format!(".{name}");
        self.known
            .iter()
            .find(|key| key.path.ends_with(&suffix))
            .map(|key| key.path.clone())
    }
}
