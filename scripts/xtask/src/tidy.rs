//! The rules of the house, each in its own file.

mod comments;
mod dead_files;
mod documents;
mod fences;
mod layers;
mod lib_files;
mod limits;
mod links;
mod names;
mod reasons;
mod sizes;
mod top_level;

use crate::finding::Finding;
use crate::tree::Tree;

/// A rule: looks at the tree, appends what is wrong.
pub(crate) type Rule = fn(&Tree, &mut Vec<Finding>);

/// All rules.
pub(crate) const RULES: [Rule; 12] = [
    top_level::check,
    layers::check,
    fences::check,
    names::check,
    sizes::check,
    documents::check,
    lib_files::check,
    comments::check,
    limits::check,
    links::check,
    reasons::check,
    dead_files::check,
];

/// Applies every rule; findings come sorted by place.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        rule(tree, &mut findings);
    }
    findings.sort();
    findings
}

/// What `rule` says about a tree of these files, as lines.
#[cfg(test)]
fn findings_of(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let mut findings = Vec::new();
    rule(&Tree::of(files), &mut findings);
    findings.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding;

    #[test]
    fn the_tree_is_tidy() {
        let tree = Tree::read(&crate::tree::root()).unwrap();
        let lines = finding::lines(&check(&tree));
        assert!(lines.is_empty(), "cargo xtask tidy finds:\n{lines}");
    }
}
