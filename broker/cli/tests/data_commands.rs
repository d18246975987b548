//! What the commands about stored data say and how they end.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests make the folders that are read, and fail if they can't"
)]

use std::path::Path;

use broker_cli::{Cli, Command, Outcome, data};
use clap::Parser as _;
use serde_json::Value;
use store_rocks::{Database, Options};
use wire_message::Seed;

/// Outcome, and what was said on both streams.
fn said(line: &[&str]) -> (Outcome, String, String) {
    let line = ["skein", "data"].iter().chain(line);
    let Command::Data(command) = Cli::try_parse_from(line).unwrap().into_command() else {
        unreachable!("a command about data")
    };
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let outcome = data(&command, &mut out, &mut errors).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (outcome, text(out), text(errors))
}

fn store(folder: &Path) {
    let opened = Database::open(&folder.join("store"), Options::default(), Seed(5));
    drop(opened.unwrap());
}

#[test]
fn an_empty_store_is_sound_goes_out_and_comes_in() {
    let folder = tempfile::tempdir().unwrap();
    let (data, other) = (folder.path().join("data"), folder.path().join("other"));
    store(&data);
    let (data, other) = (data.to_str().unwrap(), other.to_str().unwrap());
    let (outcome, out, errors) = said(&["check", "--data-dir", data]);
    assert_eq!((outcome, errors.as_str()), (Outcome::Done, ""));
    assert!(out.ends_with("data/store: sound\n"), "{out}");
    let (_, out, _) = said(&["check", "--data-dir", data, "--json"]);
    let found: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(found["sound"], true);
    assert_eq!(found["records"]["meta"], 3);
    let file = folder.path().join("archive");
    let file = file.to_str().unwrap();
    let export = ["export", "--data-dir", data, "--to", file, "--json"];
    let (outcome, out, _) = said(&export);
    assert_eq!(outcome, Outcome::Done, "{out}");
    let exported: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(exported["bytes"], std::fs::metadata(file).unwrap().len());
    // The file that is there is not written over.
    assert_eq!(said(&export).0, Outcome::Unable);
    let (outcome, out, errors) = said(&["import", "--data-dir", other, "--from", file]);
    assert_eq!(outcome, Outcome::Done, "{out}{errors}");
    assert_eq!(said(&["check", "--data-dir", other]).0, Outcome::Done);
}

#[test]
fn what_can_not_be_done_is_told_from_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (outcome, out, errors) = said(&["check", "--data-dir", path]);
    assert_eq!((outcome, out.as_str()), (Outcome::Unable, ""));
    assert!(errors.contains("there is no store in"), "{errors}");
    let (outcome, out, errors) = said(&["check", "--data-dir", path, "--json"]);
    assert_eq!((outcome, errors.as_str()), (Outcome::Unable, ""));
    let said_so: Value = serde_json::from_str(&out).unwrap();
    assert!(said_so["error"].is_string());
    let archive = folder.path().join("archive");
    std::fs::write(
        &archive,
        "nothing of the kind, but long enough for a header",
    )
    .unwrap();
    let file = archive.to_str().unwrap();
    let (outcome, _, errors) = said(&["import", "--data-dir", path, "--from", file]);
    assert_eq!(outcome, Outcome::Unable);
    assert!(errors.contains("this is no archive"), "{errors}");
    let names = std::fs::read_dir(folder.path()).unwrap();
    assert_eq!(names.count(), 1, "only the file that was made here");
    assert!(Cli::try_parse_from(["skein", "data", "check"]).is_err());
}

#[test]
fn a_store_in_use_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let _held = Database::open(&folder.path().join("store"), Options::default(), Seed(5));
    let file = folder.path().join("archive");
    let file = file.to_str().unwrap();
    let check: &[&str] = &["check", "--data-dir", path];
    let export: &[&str] = &["export", "--data-dir", path, "--to", file];
    for line in [check, export] {
        let (outcome, _, errors) = said(line);
        assert_eq!(outcome, Outcome::Unable);
        assert!(errors.contains("in use by another process"), "{errors}");
    }
    assert!(!Path::new(file).exists());
}
