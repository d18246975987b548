//! What the commands say and how they end.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the tests write the files that are read, and fail if they can't"
)]

use std::path::PathBuf;

use broker_cli::{Outcome, config_check, config_show};

fn file(name: &str, text: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn said(
    command: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<Outcome>,
) -> (Outcome, String) {
    let mut out = Vec::new();
    let outcome = command(&mut out).unwrap();
    (outcome, String::from_utf8(out).unwrap())
}

#[test]
fn check_names_every_mistake_and_fails() {
    let path = file(
        "bad.conf",
        "mqtt.max_pakcet_size = 1\nmqtt.max_inflight = 0\n",
    );
    let (outcome, text) = said(|out| config_check(&path, [], out));
    assert_eq!(outcome, Outcome::Refused);
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(
        text.contains(
            "bad.conf:1: unknown key `mqtt.max_pakcet_size`, did you mean `mqtt.max_packet_size`?"
        ),
        "{text}"
    );
    assert!(
        text.contains(
            "bad.conf:2: `mqtt.max_inflight` must be an integer from 1 to 65535, not `0`"
        ),
        "{text}"
    );
}

#[test]
fn check_says_that_all_is_well() {
    let path = file("good.conf", "mqtt.max_inflight = 3\n");
    let (outcome, text) = said(|out| config_check(&path, [], out));
    assert_eq!(outcome, Outcome::Done);
    assert!(text.ends_with("good.conf: no mistakes\n"), "{text}");
    let variables = [("SKEIN__MQTT__MAX_INFLIGHT".to_owned(), "x".to_owned())];
    assert_eq!(
        said(|out| config_check(&path, variables, out)).0,
        Outcome::Refused
    );
}

#[test]
fn show_gives_lines_that_can_be_read_again() {
    let path = file("shown.conf", "mqtt.max_inflight = 3\nnode.name = \"a b\"\n");
    let (outcome, text) = said(|out| config_show(Some(&path), [], false, out));
    assert_eq!(outcome, Outcome::Done);
    let line = |key: &str| {
        text.lines()
            .find(|line| line.starts_with(key))
            .unwrap()
            .to_owned()
    };
    assert!(
        line("mqtt.max_inflight = 3 ").ends_with("shown.conf:1"),
        "{text}"
    );
    assert!(
        line("mqtt.max_receive = 1024 ").ends_with("  # default"),
        "{text}"
    );
    assert!(
        line("node.name = \"a b\" ").ends_with("shown.conf:2"),
        "{text}"
    );
    let again = file("shown_again.conf", &text);
    assert_eq!(said(|out| config_check(&again, [], out)).0, Outcome::Done);
}

#[test]
fn show_gives_json() {
    let path = file("json.conf", "mqtt.max_inflight = 3\n");
    let variables = [("SKEIN__LOG__LEVEL".to_owned(), "debug".to_owned())];
    let (_, text) = said(|out| config_show(Some(&path), variables, true, out));
    let values: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let value = |key: &str| values.iter().find(|value| value["key"] == key).unwrap();
    assert_eq!(value("mqtt.max_inflight")["value"], 3);
    assert_eq!(value("mqtt.max_inflight")["origin"]["line"], 1);
    assert_eq!(value("log.level")["value"], "debug");
    assert_eq!(
        value("log.level")["origin"]["variable"],
        "SKEIN__LOG__LEVEL"
    );
    assert_eq!(value("api.enable")["value"], true);
    assert_eq!(value("api.enable")["origin"]["kind"], "default");
}
