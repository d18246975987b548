//! A link from a page to a file of the repository leads to one.

use crate::finding::Finding;
use crate::tree::{Tree, resolve};

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for file in tree.files.iter().filter(|file| file.has_ending("md")) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (index, line) in file.text.iter().flat_map(|text| text.lines().enumerate()) {
            for target in targets(line) {
                let path = resolve(folder, target);
                let is_folder = || {
                    let below = format!("{path}/");
                    tree.files.iter().any(|file| file.path.starts_with(&below))
                };
                if !tree.has(&path) && !is_folder() {
                    let message = format!("the link to {target} leads nowhere");
                    findings.push(Finding::line(&file.path, index + 1, message));
                }
            }
        }
    }
}

/// The targets of the links on this line that name files, without what follows a `#`.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    let targets = line
        .match_indices("](")
        .filter_map(|(at, _)| line[at + 2..].split(')').next());
    let files = targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    files
        .map(|target| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    #[test]
    fn a_link_to_nothing_is_found() {
        let page = "[a](b.md) and [c](../d/e.md#f)\n[g](h.md) [i](../d/) [j](../x/k.md)\n";
        let files = [("a/README.md", page), ("a/b.md", ""), ("d/e.md", "")];
        let expected = ["h.md", "../x/k.md"]
            .map(|target| format!("a/README.md:2: the link to {target} leads nowhere"));
        assert_eq!(findings_of(check, &files), expected);
    }

    #[test]
    fn links_to_elsewhere_are_not_followed() {
        let page = "[a](https://example.org/b) [c](#d) [e](mailto:f)\n";
        assert!(findings_of(check, &[("README.md", page)]).is_empty());
    }
}
