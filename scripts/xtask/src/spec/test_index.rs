//! All tests of the tree by the names a table may call them.
//!
//! - `wire-mqtt::v5_1_5_4_1_text_is_utf8` is a Rust test function, by package and function.
//! - `broker/server/tests/e2e/test_qos.py::test_qos_2` is a Python test function, by file.
//! - `broker/server/tests/e2e/mqttjs.test.mjs` is a file that is a test as a whole.

use std::collections::BTreeSet;

use crate::rust_source::RustSource;
use crate::tree::Tree;

/// The tests that exist.
#[derive(Clone, Debug, Default)]
pub(super) struct TestIndex {
    names: BTreeSet<String>,
}

impl TestIndex {
    /// Finds the tests of `tree`.
    pub(super) fn new(tree: &Tree) -> Self {
        let mut names = BTreeSet::new();
        for (file, source) in tree.rust() {
            let Some(package) = tree.crate_of(&file.path) else {
                continue;
            };
            names.extend(rust_tests(source).map(|test| format!("{}::{test}", package.name)));
        }
        for file in tree.files.iter().filter(|file| file.has_ending("py")) {
            let text = file.text.as_deref().unwrap_or_default();
            names.extend(python_tests(text).map(|test| format!("{}::{test}", file.path)));
        }
        let in_tests = |path: &&String| path.contains("/tests/") || path.contains("/benches/");
        names.extend(
            tree.files
                .iter()
                .map(|file| &file.path)
                .filter(in_tests)
                .cloned(),
        );
        Self { names }
    }

    /// Whether there is a test called `name`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// The names of the functions marked as tests, those inside `proptest!` included.
pub(super) fn rust_tests(source: &RustSource) -> impl Iterator<Item = &str> {
    let mut is_marked = false;
    source.code.lines().filter_map(move |line| {
        let line = line.trim();
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_marked = true;
        }
        let declaration = line.strip_prefix("async ").unwrap_or(line);
        let name = declaration.strip_prefix("fn ")?.split(['(', '<']).next()?;
        std::mem::take(&mut is_marked).then_some(name)
    })
}

fn python_tests(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let line = line.trim_start();
        let declaration = line
            .strip_prefix("async ")
            .unwrap_or(line)
            .strip_prefix("def ")?;
        declaration
            .split('(')
            .next()
            .filter(|name| name.starts_with("test_"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> TestIndex {
        TestIndex::new(&Tree::of(&[
            ("wire/a/Cargo.toml", "[package]\nname = \"wire-a\"\n"),
            (
                "wire/a/src/b.rs",
                "#[test]\n#[expect(x, reason = \"y\")]\nfn c() {}\n\nfn d() {}\n// #[test]\nfn e() {}\n",
            ),
            (
                "wire/a/tests/f.rs",
                "proptest! {\n    /// A law.\n    #[test]\n    fn g(\n        h: u8,\n    ) {}\n}\n",
            ),
            (
                "broker/tests/i.py",
                "async def test_j(k):\n    pass\ndef l():\n    pass\n",
            ),
            ("broker/tests/m.mjs", ""),
        ]))
    }

    #[test]
    fn marked_functions_are_tests() {
        let index = index();
        assert!(index.has("wire-a::c"));
        assert!(index.has("wire-a::g"));
        assert!(index.has("broker/tests/i.py::test_j"));
        assert!(index.has("broker/tests/m.mjs"));
    }

    #[test]
    fn other_functions_are_not() {
        let index = index();
        for name in [
            "wire-a::d",
            "wire-a::e",
            "wire-b::c",
            "broker/tests/i.py::l",
            "wire/a/src/b.rs",
        ] {
            assert!(!index.has(name), "{name}");
        }
    }
}
