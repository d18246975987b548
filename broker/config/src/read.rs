//! Files: the only place of this crate that reads them.
#![allow(
    clippy::disallowed_methods,
    reason = "the one place that reads configuration files"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::document::{self, Source};
use crate::node::Node;
use crate::{Finding, Origin};

/// The tree of the file at `path` and of what it includes.
pub(crate) fn file(
    path: &Path,
    environment: &BTreeMap<String, String>,
) -> Result<Node, Vec<Finding>> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let origin = Origin::File {
            path: Arc::new(path.to_owned()),
            line: None,
        };
        vec![Finding::new(
            &origin,
            format!("the file can't be read: {error}"),
        )]
    })?;
    let source = Source {
        path: path.to_owned(),
        text,
    };
    document::parse(&source, environment, &|path| {
        std::fs::read_to_string(path).ok()
    })
}
