//! Some things stay inside one crate: unsafe code, the executor, the kernel ring, the database.

use crate::finding::Finding;
use crate::tree::Tree;

/// A dependency and the only folders whose crates may name it.
const FENCED: [(&str, &[&str]); 3] = [
    ("glommio", &["shard/runtime", "loadgen/engine"]),
    ("io-uring", &["shard/uring"]),
    ("rocksdb", &["store/rocks"]),
];

/// The one crate that holds unsafe code.
const UNSAFE_FOLDER: &str = "shard/uring/";

/// The load generator, in several crates.
const LOADGEN_FOLDER: &str = "loadgen/";

/// All that the load generator may share with the broker, beside its own crates.
const LOADGEN_USES: [&str; 5] = [
    "wire-message",
    "wire-mqtt",
    "wire-framing",
    "wire-client",
    "shard-uring",
];

pub(super) fn check(tree: &Tree, findings: &mut Vec<Finding>) {
    for manifest in &tree.crates {
        let mut report = |message: String| findings.push(Finding::file(&manifest.path, message));
        for (dependency, folders) in FENCED {
            if manifest.depends_on(dependency) && !folders.contains(&manifest.folder.as_str()) {
                report(format!(
                    "only {} may depend on {dependency}",
                    folders.join(" and ")
                ));
            }
        }
        let own = tree
            .crates
            .iter()
            .filter(|other| manifest.depends_on(&other.name));
        for dependency in own.map(|other| other.name.as_str()) {
            if dependency.starts_with("broker-") && !manifest.folder.starts_with("broker/") {
                report(format!("{dependency} may be used inside broker only"));
            }
            let shared = LOADGEN_USES.contains(&dependency) || dependency.starts_with("loadgen-");
            if manifest.folder.starts_with(LOADGEN_FOLDER) && !shared {
                report(format!("loadgen must not depend on {dependency}"));
            }
            if manifest.folder == "scripts/xtask" {
                report(format!(
                    "xtask reads the tree as text and must not depend on {dependency}"
                ));
            }
        }
        if manifest.folder == "broker/sim" && manifest.layer.as_deref() != Some("core") {
            report("the simulator is pure: its layer is core".to_owned());
        }
        if !manifest.has_workspace_lints && !manifest.folder.ends_with("/fuzz") {
            report("needs [lints] workspace = true".to_owned());
        }
    }
    for (file, source) in tree.rust() {
        if file.path.starts_with(UNSAFE_FOLDER) {
            continue;
        }
        for (line, _) in source.words().filter(|(_, word)| *word == "unsafe") {
            let message = "unsafe code belongs in shard/uring";
            findings.push(Finding::line(&file.path, line, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::findings_of;

    fn manifest(name: &str, dependency: &str) -> String {
        format!(
            "[package]\nname = \"{name}\"\n[package.metadata]\nlayer = \"io\"\n\
             [lints]\nworkspace = true\n[dependencies]\n{dependency} = \"1\"\n"
        )
    }

    #[test]
    fn a_fenced_dependency_elsewhere_is_found() {
        let (inside, outside) = (
            manifest("shard-uring", "io-uring"),
            manifest("b", "glommio"),
        );
        let files = [
            ("shard/uring/Cargo.toml", inside.as_str()),
            ("shard/b/Cargo.toml", &outside),
        ];
        let expected =
            "shard/b/Cargo.toml: only shard/runtime and loadgen/engine may depend on glommio";
        assert_eq!(findings_of(check, &files), [expected]);
    }

    #[test]
    fn unsafe_outside_its_crate_is_found_but_the_word_is_free() {
        let code = "// unsafe\n#![deny(unsafe_code)]\nfn a() { unsafe { b() } }\n";
        let files = [
            ("shard/engine/src/a.rs", code),
            ("shard/uring/src/a.rs", code),
        ];
        let expected = "shard/engine/src/a.rs:3: unsafe code belongs in shard/uring";
        assert_eq!(findings_of(check, &files), [expected]);
    }

    #[test]
    fn a_broker_crate_used_outside_the_broker_is_found() {
        let (config, runtime) = (
            manifest("broker-config", "x"),
            manifest("r", "broker-config"),
        );
        let files = [
            ("broker/config/Cargo.toml", config.as_str()),
            ("shard/runtime/Cargo.toml", &runtime),
        ];
        let expected = "shard/runtime/Cargo.toml: broker-config may be used inside broker only";
        assert_eq!(findings_of(check, &files), [expected]);
    }

    #[test]
    fn the_load_generator_and_xtask_stay_apart() {
        let (engine, plan, work, cli) = (
            manifest("shard-engine", "x"),
            manifest("loadgen-plan", "x"),
            manifest("loadgen-work", "loadgen-plan"),
            manifest("loadgen-cli", "shard-engine"),
        );
        let xtask = manifest("scripts-xtask", "shard-engine");
        let found = findings_of(
            check,
            &[
                ("loadgen/cli/Cargo.toml", cli.as_str()),
                ("loadgen/plan/Cargo.toml", &plan),
                ("loadgen/work/Cargo.toml", &work),
                ("scripts/xtask/Cargo.toml", &xtask),
                ("shard/engine/Cargo.toml", &engine),
            ],
        );
        assert_eq!(found.len(), 2, "{found:?}");
        let expected = "loadgen/cli/Cargo.toml: loadgen must not depend on shard-engine";
        assert_eq!(found[0], expected);
        assert!(found[1].contains("xtask reads"));
    }

    #[test]
    fn an_impure_simulator_and_missing_lints_are_found() {
        let sim = manifest("broker-sim", "x").replace("workspace = true", "workspace = false");
        let found = findings_of(check, &[("broker/sim/Cargo.toml", &sim)]);
        assert!(found[0].ends_with("its layer is core"));
        assert!(found[1].ends_with("needs [lints] workspace = true"));
    }
}
