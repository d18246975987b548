//! Overrides from environment variables.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::parse_value;
use crate::node::Node;
use crate::{Finding, Origin};

/// What the names of overriding variables start with; two underscores divide keys, so that
/// variables such as `SKEIN_TARGET_DIR` mean nothing here.
const PREFIX: &str = "SKEIN__";

/// The tree that the variables `SKEIN__A__B=value` make; names are read in lower case.
pub(crate) fn overrides(environment: &BTreeMap<String, String>) -> Result<Node, Vec<Finding>> {
    let mut tree = Node::object(BTreeMap::new(), Origin::Default);
    let mut findings = Vec::new();
    for (name, text) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else {
            continue;
        };
        let origin = Origin::Variable {
            name: Arc::from(name.as_str()),
        };
        let segments: Vec<String> = path.split("__").map(str::to_ascii_lowercase).collect();
        if segments.iter().any(String::is_empty) {
            findings.push(Finding::new(
                &origin,
                "names no key; write `SKEIN__SECTION__KEY`",
            ));
            continue;
        }
        match parse_value(text, &origin) {
            Ok(value) => tree.merge(wrap(segments, value)),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() {
        Ok(tree)
    } else {
        Err(findings)
    }
}

/// `value` below the objects that `segments` name.
fn wrap(segments: Vec<String>, value: Node) -> Node {
    let origin = value.origin.clone();
    segments.into_iter().rev().fold(value, |below, name| {
        Node::object(BTreeMap::from([(name, below)]), origin.clone())
    })
}
