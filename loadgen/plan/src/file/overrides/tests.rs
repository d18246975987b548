//! Overrides stand above a file, or are refused.

use core::time::Duration;

use wire_message::Qos;
use wire_mqtt::Version;

use super::*;
use crate::file::parse_below;
use crate::{Plan, Target, Until, Verb};

fn read(text: &str, overrides: &Overrides) -> Result<Plan, FileError> {
    let options = Options {
        target: Target {
            brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
            ..Target::default()
        },
        ..Options::default()
    };
    // What stands above a file is not scaled.
    parse_below(text, &options, overrides, 0.5)
}

fn none() -> Overrides {
    Overrides::default()
}

/// A file that says everything itself.
const OUTSPOKEN: &str = r#"
    name = "test"
    [run]
    connect_rate = 100
    warm_up = "1s"
    duration = "2s"
    drain = "3s"
    seed = 4
    version = 5
    keep_alive_s = 6
    [[group]]
    name = "publishers"
    clients = 2
    version = 5
    username = "u"
    password = "p"
    keep_alive_s = 7
    clean_start = false
    session_expiry_s = 8
    publish = { topic = "a", qos = 1, size = 64, rate = 5 }
    will = { topic = "w", qos = 1 }
    [[group]]
    name = "subscribers"
    clients = 1
    subscribe = [{ filter = "a", qos = 1 }, { filter = "w", qos = 0 }]
    respond = { qos = 0 }
"#;

#[test]
fn overrides_stand_above_what_each_group_of_the_file_says() {
    let overrides = Overrides {
        username: "x-${i}".parse().ok(),
        password: Some("y".to_owned()),
        keep_alive_s: Some(11),
        clean_start: Some(true),
        session_expiry_s: Some(12),
        qos: Some(Qos::ExactlyOnce),
        size: Some(Size::Fixed(99)),
        ..none()
    };
    let plan = read(OUTSPOKEN, &overrides).expect("the file is fine");
    for group in &plan.groups {
        let connect = &group.connect;
        let name = connect.username.as_ref().map(Template::as_str);
        let password = connect.password.as_deref();
        assert_eq!((name, password), (Some("x-${i}"), Some("y")));
        assert_eq!((connect.keep_alive_s, connect.clean_start), (11, true));
        assert_eq!(connect.session_expiry_s, Some(12));
        assert!(group.subscribe.iter().all(|of| of.qos == Qos::ExactlyOnce));
    }
    let publishing = plan.groups[0].publish.as_ref().expect("it publishes");
    assert_eq!(publishing.qos, Qos::ExactlyOnce);
    assert_eq!(publishing.size, Size::Fixed(99));
    let will = plan.groups[0].connect.will.as_ref().map(|will| will.qos);
    assert_eq!(will, Some(Qos::ExactlyOnce));
    let answers = plan.groups[1].respond.map(|respond| respond.qos);
    assert_eq!(answers, Some(Qos::AtLeastOnce));
}

#[test]
fn a_version_stands_above_that_of_each_group_and_its_rules_hold() {
    let overrides = Overrides {
        version: Some(Version::V311),
        ..none()
    };
    let error = read(OUTSPOKEN, &overrides).expect_err("it has what 5.0 has only");
    assert!(error.to_string().contains("session expiry"), "{error}");
    let text = OUTSPOKEN.replace("session_expiry_s = 8", "");
    let text = text.replace("respond = { qos = 0 }", "");
    let plan = read(&text, &overrides).expect("the file is fine");
    let versions = plan.groups.iter().map(|group| group.connect.version);
    assert_eq!(versions.collect::<Vec<_>>(), [Version::V311; 2]);
}

#[test]
fn overrides_stand_above_the_run_of_the_file() {
    let overrides = Overrides {
        connect_rate: Some(13.0),
        warm_up: Some(Duration::ZERO),
        duration: Some(Duration::from_secs(14)),
        drain: Some(Duration::from_secs(15)),
        seed: Some(16),
        ..none()
    };
    let plan = read(OUTSPOKEN, &overrides).expect("the file is fine");
    assert_eq!(plan.seed, 16);
    let stages = plan.stages.iter().skip(2);
    let stages = stages.map(|stage| (stage.name.as_str(), stage.until));
    let at_most = Duration::from_secs(15);
    let expected = [
        ("measure", Until::Elapsed(Duration::from_secs(14))),
        ("drain", Until::Settled { at_most }),
    ];
    assert_eq!(stages.take(2).collect::<Vec<_>>(), expected);
    for (typed, rate_per_s) in [(13.0, Some(13.0)), (0.0, None)] {
        let overrides = Overrides {
            connect_rate: Some(typed),
            ..none()
        };
        let plan = read(OUTSPOKEN, &overrides).expect("the file is fine");
        let connect = Verb::Connect {
            rate_per_s,
            subscribe: true,
        };
        assert_eq!(plan.stages[0].actions[0].verb, connect);
    }
}

#[test]
fn overrides_without_a_place_in_the_file_are_refused_by_their_names() {
    let group = "name = \"test\"\n[[group]]\nname = \"one\"\nclients = 1\n";
    let staged = format!("{group}[[stage]]\nname = \"s\"\nuntil = \"1s\"");
    let time = Some(Duration::from_secs(1));
    let qos = Some(Qos::AtLeastOnce);
    let size = Some(Size::Fixed(64));
    let connect_rate = Some(5.0);
    #[rustfmt::skip]
    let refused = [
        (Overrides { duration: time, ..none() }, staged.as_str(), "--duration"),
        (Overrides { warm_up: time, ..none() }, &staged, "--warm-up"),
        (Overrides { drain: time, ..none() }, &staged, "--drain"),
        (Overrides { connect_rate, ..none() }, &staged, "--connect-rate"),
        (Overrides { size, ..none() }, group, "--size"),
        (Overrides { qos, ..none() }, group, "--qos"),
    ];
    for (overrides, text, option) in refused {
        let error = read(text, &overrides).expect_err(option).to_string();
        assert!(error.starts_with(&format!("{option}: ")), "{error}");
    }
    let subscribing = format!("{group}subscribe = [{{ filter = \"a\" }}]");
    assert!(read(&subscribing, &Overrides { qos, ..none() }).is_ok());
}
