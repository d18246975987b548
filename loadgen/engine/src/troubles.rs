//! What goes wrong with connections, by kind.

use std::collections::BTreeMap;

use crate::limits::TROUBLES_MAX;

/// How often each kind of trouble came.
#[derive(Debug, Default)]
pub(crate) struct Troubles(BTreeMap<String, u64>);

impl Troubles {
    /// Counts one of the kind `text`.
    pub(crate) fn count(&mut self, text: String) {
        self.add(text, 1);
    }

    /// Counts `times` of the kind `text`.
    pub(crate) fn add(&mut self, text: String, times: u64) {
        if self.0.len() >= TROUBLES_MAX && !self.0.contains_key(&text) {
            if let Some(mut last) = self.0.last_entry() {
                *last.get_mut() += times;
            }
            return;
        }
        *self.0.entry(text).or_default() += times;
    }

    /// All kinds with their numbers.
    pub(crate) fn list(&self) -> Vec<(String, u64)> {
        let pairs = self.0.iter();
        pairs.map(|(text, times)| (text.clone(), *times)).collect()
    }

    /// The most frequent kind.
    pub(crate) fn chief(&self) -> Option<&str> {
        let chief = self.0.iter().max_by_key(|(_, times)| **times)?;
        Some(chief.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_few_and_nothing_goes_uncounted() {
        let mut troubles = Troubles::default();
        for kind in 0..TROUBLES_MAX * 2 {
            troubles.count(format!("kind {kind:03}"));
        }
        troubles.add("kind 001".to_owned(), 100);
        assert_eq!(troubles.list().len(), TROUBLES_MAX);
        let sum: u64 = troubles.list().iter().map(|(_, times)| times).sum();
        assert_eq!(sum, TROUBLES_MAX as u64 * 2 + 100);
        assert_eq!(troubles.chief(), Some("kind 001"));
    }
}
