//! The words in braces that stand for what is known only at the start.

use anyhow::{Result, bail};
use regex::{Captures, Regex};

/// Names of all placeholders.
const NAMES: [&str; 8] = [
    "brokers", "data", "port", "port2", "port3", "port4", "program", "release",
];

/// What placeholders stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(Vec<(&'static str, String)>);

impl Values {
    /// Sets what `name` stands for.
    ///
    /// # Panics
    ///
    /// If there is no such placeholder.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        assert!(NAMES.contains(&name), "{name} is a placeholder");
        self.0.push((name, value.into()));
        self
    }

    /// Replaces the placeholders in `text`. Other words in braces are left alone.
    pub(crate) fn fill(&self, text: &str) -> String {
        let filled = pattern().replace_all(text, |captures: &Captures<'_>| {
            let value = self.0.iter().find(|(name, _)| *name == &captures[1]);
            value.map_or_else(|| captures[0].to_owned(), |(_, value)| value.clone())
        });
        filled.into_owned()
    }
}

/// Refuses words in braces that are no placeholders: they are mistakes.
///
/// # Errors
///
/// Names the first one.
pub(super) fn check(text: &str) -> Result<()> {
    for captures in pattern().captures_iter(text) {
        if !NAMES.contains(&&captures[1]) {
            let known = NAMES.map(|name| format!("{{{name}}}")).join(", ");
            bail!("{} is no placeholder, there are: {known}", &captures[0]);
        }
    }
    Ok(())
}

/// A word of lower case letters and digits in braces without spaces.
fn pattern() -> Regex {
    let pattern = Regex::new(r"\{([a-z][a-z0-9_]*)\}");
    pattern.expect("the pattern is valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_in_braces_are_replaced() {
        let values = Values::default().with("port", "1884").with("data", "/d");
        let text = "bind = {port}, dir = \"{data}/{program}\" { port } ${port}";
        let filled = "bind = 1884, dir = \"/d/{program}\" { port } $1884";
        assert_eq!(values.fill(text), filled);
    }

    #[test]
    fn a_misspelt_placeholder_is_refused_with_those_that_exist() {
        let error = check("listen {prot}")
            .expect_err("it is misspelt")
            .to_string();
        assert!(error.starts_with("{prot} is no placeholder"), "{error}");
        assert!(error.contains("{port2}"), "{error}");
        assert!(check("mqtt { listen = {port} }").is_ok());
    }
}
