//! Whatever stands in a file or a variable, it is read or refused in sentences.
#![allow(
    clippy::disallowed_methods,
    reason = "the tests write the files that are read"
)]

use std::path::PathBuf;

use broker_config::load;
use proptest::prelude::*;

/// Pieces of HOCON in any order: mostly broken, sometimes not.
fn hocon() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "mqtt",
        "listeners",
        "tcp",
        "default",
        "bind",
        "max_inflight",
        "rewrite",
        "topic",
        ".",
        "=",
        ":",
        "+=",
        "{",
        "}",
        "[",
        "]",
        ",",
        "\n",
        " ",
        "\"",
        "\"\"\"",
        "${",
        "${?",
        "}",
        "$",
        "include ",
        "required(",
        "file(",
        ")",
        "#",
        "//",
        "1",
        "1.5e3",
        "true",
        "null",
        "1MB",
        "15s",
        "\\u00e4",
        "\u{fc}",
        "\u{feff}",
        "\r",
    ]);
    prop::collection::vec(pieces, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// Any file gives a configuration or a list of mistakes, each in one line that names the file.
    #[test]
    fn any_file_is_read_or_refused(text in hocon()) {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("any_text.conf");
        prop_assert!(std::fs::write(&path, &text).is_ok());
        if let Err(error) = load(Some(&path), []) {
            prop_assert!(!error.findings.is_empty());
            for finding in error.findings {
                prop_assert!(finding.to_string().contains("any_text.conf"), "{}", finding);
            }
        }
    }

    /// Any variable gives a configuration or mistakes that name the variable.
    #[test]
    fn any_variable_is_read_or_refused(text in hocon()) {
        let name = "SKEIN__MQTT__MAX_INFLIGHT";
        if let Err(error) = load(None, [(name.to_owned(), text)]) {
            prop_assert!(error.findings.iter().all(|finding| finding.to_string().contains(name)), "{}", error);
        }
    }
}
