//! HOCON text into a tree; the only file that names the parser.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the enums are the parser's and may grow"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hocon::{HoconError, HoconValue, ScalarType};

use crate::node::{Content, Form, Node, Scalar};
use crate::places::{self, Places};
use crate::{Finding, Origin};

/// A file's text and its name.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// Reads the text of an included file; none if it is not there.
pub(crate) type Reader<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// The tree of a configuration file and the files that it includes.
///
/// `environment` answers `${NAME}` substitutions. The parser itself opens included files; `reader`
/// gets the same names, to learn on which line each key stands.
pub(crate) fn parse(
    source: &Source,
    environment: &BTreeMap<String, String>,
    reader: Reader<'_>,
) -> Result<Node, Vec<Finding>> {
    let file = |line| Origin::File {
        path: Arc::new(source.path.clone()),
        line,
    };
    let base = match source.path.parent() {
        Some(base) if base != Path::new("") => base.to_owned(),
        Some(_) | None => PathBuf::from("."),
    };
    let options = hocon::ParseOptions::defaults()
        .with_base_dir(base)
        .with_env(environment.clone().into_iter().collect());
    let tree = hocon::parse_string_with_options(&source.text, options)
        .map_err(|error| vec![explain(error, &file)])?;
    let places = places::find(source, reader);
    if !places.findings.is_empty() {
        return Err(places.findings);
    }
    let fields = tree.keys().into_iter().filter_map(|name| {
        // The parser's own look-up takes paths; a top-level name is a path of one quoted segment.
        let quoted = serde_json::Value::from(name).to_string();
        Some((name.to_owned(), tree.get(&quoted)?.clone()))
    });
    let fields: BTreeMap<String, HoconValue> = fields.collect();
    let mut path = Vec::new();
    Ok(object(fields, &mut path, &places, &file(None)))
}

/// The tree of a value alone, as in an environment variable.
pub(crate) fn parse_value(text: &str, origin: &Origin) -> Result<Node, Finding> {
    // On a line of its own, so that a comment in the value ends with it.
    let options = hocon::ParseOptions::defaults().with_env(std::iter::empty().collect());
    let tree = hocon::parse_string_with_options(&format!("value = {text}\n"), options);
    match tree {
        Ok(tree) => match tree.get("value") {
            Some(found) if tree.keys().len() == 1 => Ok(node(
                found.clone(),
                &mut Vec::new(),
                &Places::default(),
                origin,
            )),
            Some(_) | None => Err(Finding::new(origin, "holds more than one value")),
        },
        // Text with signs that HOCON reserves, such as `skein@host`: nobody quotes in a shell.
        Err(_) if !text.starts_with(['{', '[', '"']) && !text.contains("${") => Ok(Node {
            content: Content::Scalar(Scalar::text(text)),
            origin: origin.clone(),
        }),
        Err(error) => Err(Finding::new(origin, message(error).1)),
    }
}

fn explain(error: HoconError, file: &dyn Fn(Option<usize>) -> Origin) -> Finding {
    let (line, message) = message(error);
    Finding::new(&file(line), message)
}

/// What the parser complains of, and the line if it knows.
fn message(error: HoconError) -> (Option<usize>, String) {
    let known = |line: usize| (line > 0).then_some(line);
    match error {
        HoconError::Parse(error) => (
            known(error.line),
            format!("{}, column {}", error.message, error.col),
        ),
        HoconError::Resolve(error) => (known(error.line), error.message),
        HoconError::Config(error) => (None, error.message),
        other => (None, other.to_string()),
    }
}

fn node(value: HoconValue, path: &mut Vec<String>, places: &Places, above: &Origin) -> Node {
    let origin = places.at(path).unwrap_or_else(|| above.clone());
    let content = match value {
        HoconValue::Object(fields) => {
            return object(fields.into_iter().collect(), path, places, &origin);
        }
        // Lists can be put together from many places; their items share the list's place.
        HoconValue::Array(items) => Content::List(
            items
                .into_iter()
                .map(|item| node(item, &mut Vec::new(), &Places::default(), &origin))
                .collect(),
        ),
        HoconValue::Scalar(scalar) => {
            let form = match scalar.value_type {
                ScalarType::Boolean => Form::Boolean,
                ScalarType::Null => Form::Null,
                ScalarType::Number => Form::Number,
                // Text, and whatever a later parser may add.
                _ => Form::Text,
            };
            Content::Scalar(Scalar {
                raw: scalar.raw,
                form,
            })
        }
        // Substitutions are resolved or an error; the rest of the enum is empty today.
        _ => Content::Scalar(Scalar {
            raw: String::new(),
            form: Form::Null,
        }),
    };
    Node { content, origin }
}

fn object(
    fields: BTreeMap<String, HoconValue>,
    path: &mut Vec<String>,
    places: &Places,
    origin: &Origin,
) -> Node {
    let field = |(name, value): (String, HoconValue)| {
        path.push(name.clone());
        let field = node(value, path, places, origin);
        path.pop();
        (name, field)
    };
    let fields = fields.into_iter().map(field).collect();
    Node::object(fields, origin.clone())
}
