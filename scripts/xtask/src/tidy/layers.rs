//! Imports point one way: `wire < core < io < control < bin`.

use crate::finding::Finding;
use crate::manifest::Manifest;
use crate::tree::Tree;

/// The layers from the lowest up. A crate may depend on its own layer and those below.
const LAYERS: [&str; 5] = ["wire", "core", "io", "control", "bin"];

/// Crates outside the workspace: they are built by their own command.
fn is_outside(manifest: &Manifest) -> bool {
    manifest.folder.ends_with("/fuzz")
}

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for manifest in tree.crates.iter().filter(|manifest| !is_outside(manifest)) {
        let Some(own) = rank(manifest) else {
            let message = format!(
                "needs [package.metadata] layer, one of {}",
                LAYERS.join(", ")
            );
            findings.push(Finding::file(&manifest.path, message));
            continue;
        };
        for dependency in tree
            .crates
            .iter()
            .filter(|other| manifest.depends_on(&other.name))
        {
            if rank(dependency).is_some_and(|other| other > own) {
                let message = format!(
                    "{} ({}) must not depend on {} ({})",
                    manifest.name,
                    LAYERS[own],
                    dependency.name,
                    LAYERS[rank(dependency).unwrap_or(own)]
                );
                findings.push(Finding::file(&manifest.path, message));
            }
        }
    }
    check_member_order(tree, findings);
}

fn rank(manifest: &Manifest) -> Option<usize> {
    LAYERS
        .iter()
        .position(|layer| Some(*layer) == manifest.layer.as_deref())
}

/// The workspace lists every crate, and each below those it depends on: the list reads as the map.
fn check_member_order(tree: &Tree, findings: &mut Vec<Finding>) {
    let Some(text) = tree.text("Cargo.toml") else {
        return;
    };
    let position = |folder: &str| text.find(&format!("    \"{folder}\","));
    for manifest in tree.crates.iter().filter(|manifest| !is_outside(manifest)) {
        let Some(own) = position(&manifest.folder) else {
            let message = format!("does not list the member {}", manifest.folder);
            findings.push(Finding::file("Cargo.toml", message));
            continue;
        };
        for dependency in tree
            .crates
            .iter()
            .filter(|other| manifest.depends_on(&other.name))
        {
            if position(&dependency.folder).is_some_and(|other| other > own) {
                let message = format!("lists {} above {}", manifest.folder, dependency.folder);
                findings.push(Finding::file("Cargo.toml", message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    fn manifest(name: &str, layer: &str, dependency: &str) -> String {
        let layer = match layer {
            "" => String::new(),
            layer => format!("[package.metadata]\nlayer = \"{layer}\"\n"),
        };
        let dependencies = match dependency {
            "" => String::new(),
            name => format!("[dependencies]\n{name}.workspace = true\n"),
        };
        format!("[package]\nname = \"{name}\"\n{layer}{dependencies}")
    }

    fn findings(wire: &str, engine: &str, members: &str) -> Vec<String> {
        findings_of(
            check,
            &[
                (
                    "Cargo.toml",
                    &format!("[workspace]\nmembers = [\n{members}]\n"),
                ),
                ("wire/mqtt/Cargo.toml", wire),
                ("shard/engine/Cargo.toml", engine),
            ],
        )
    }

    const ORDER: &str = "    \"wire/mqtt\",\n    \"shard/engine\",\n";

    #[test]
    fn a_dependency_on_a_lower_layer_is_right() {
        let wire = manifest("wire-mqtt", "wire", "");
        let engine = manifest("shard-engine", "core", "wire-mqtt");
        assert!(findings(&wire, &engine, ORDER).is_empty());
    }

    #[test]
    fn a_dependency_on_a_higher_layer_is_found() {
        let wire = manifest("wire-mqtt", "wire", "shard-engine");
        let engine = manifest("shard-engine", "core", "");
        let found = findings(&wire, &engine, ORDER);
        let expected = "wire-mqtt (wire) must not depend on shard-engine (core)";
        assert!(found[0].ends_with(expected), "{found:?}");
    }

    #[test]
    fn a_crate_without_a_layer_is_found() {
        let engine = manifest("shard-engine", "", "");
        let found = findings(&manifest("wire-mqtt", "wire", ""), &engine, ORDER);
        assert!(
            found[0].contains("needs [package.metadata] layer"),
            "{found:?}"
        );
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn members_out_of_order_or_missing_are_found() {
        let wire = manifest("wire-mqtt", "wire", "");
        let engine = manifest("shard-engine", "core", "wire-mqtt");
        let turned = "    \"shard/engine\",\n    \"wire/mqtt\",\n";
        let found = findings(&wire, &engine, turned);
        assert_eq!(found, ["Cargo.toml: lists shard/engine above wire/mqtt"]);
        let found = findings(&wire, &engine, "    \"wire/mqtt\",\n");
        assert_eq!(found, ["Cargo.toml: does not list the member shard/engine"]);
    }
}
