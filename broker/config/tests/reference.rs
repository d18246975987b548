//! The reference page in the guide is the one that the declarations make.
#![allow(
    clippy::disallowed_methods,
    reason = "compares with a file of the repository"
)]
#![allow(clippy::unwrap_used, reason = "a test that can't set up fails")]

use broker_config::{keys, load, reference_page};

#[test]
fn the_reference_page_is_up_to_date() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../docs/guide/configuration.md"
    );
    let wanted = reference_page();
    if std::env::var_os("SKEIN_WRITE_REFERENCE").is_some() {
        std::fs::write(path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        found == wanted,
        "the page is out of date: SKEIN_WRITE_REFERENCE=1 cargo test -p broker-config --test reference"
    );
}

#[test]
fn every_default_is_inside_its_range_and_shown() {
    let keys = keys();
    let values = load(None, []).unwrap().values;
    for key in keys
        .iter()
        .filter(|key| !key.path.contains("[]") && !key.path.contains("group.<name>"))
    {
        let path = key.path.replace("<name>", "default");
        assert!(
            values.iter().any(|value| value.path == path),
            "{path} has no value"
        );
        assert!(key.about.ends_with('.'), "{path} is described in sentences");
        // Written out, the default and both ends of the range are accepted.
        let ends = key.range.iter().flat_map(|range| range.split(" to "));
        for text in ends.chain((!key.default.is_empty()).then_some(key.default.as_str())) {
            let name = format!("SKEIN__{}", path.replace('.', "__").to_uppercase());
            let result = load(None, [(name, text.to_owned())]);
            // Addresses may collide with each other, which is another matter.
            assert!(result.is_ok(), "{path} = {text}: {}", result.unwrap_err());
        }
    }
}

#[test]
fn every_key_refuses_what_it_can_not_mean() {
    for key in keys().iter().filter(|key| !key.path.contains("[]")) {
        let path = key.path.replace("<name>", "default");
        let name = format!("SKEIN__{}", path.replace('.', "__").to_uppercase());
        // No value is a list of lists, and outside of its range none is accepted.
        let outside = key.range.as_ref().and_then(|range| {
            let (_, high) = range.split_once(" to ")?;
            (high != "infinity").then(|| format!("1{high}"))
        });
        for text in [Some("[[]]".to_owned()), Some("null".to_owned()), outside]
            .into_iter()
            .flatten()
        {
            let error = load(None, [(name.clone(), text.clone())])
                .expect_err(&path)
                .to_string();
            assert!(
                error.contains(&format!("`{path}` must be ")),
                "{path} = {text}: {error}"
            );
        }
    }
}
