//! Scenario files are read, and wrong ones refused with a hint.

use core::time::Duration;

use super::*;
use crate::{Audience, Load, Reading, RunId, Schedule, Size, Target, Until, Verb};

fn options() -> Options {
    Options {
        target: Target {
            brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
            ..Target::default()
        },
        ..Options::default()
    }
}

fn read(text: &str) -> Result<Plan, FileError> {
    parse(text, &options(), 1.0)
}

/// A group of one client with `rest`.
fn group(rest: &str) -> String {
    format!("name = \"test\"\n[[group]]\nname = \"one\"\nclients = 1\n{rest}")
}

#[test]
fn the_shipped_files_are_fine_at_every_scale() {
    for (name, text) in SHIPPED {
        assert!(
            description(text).expect("it is read").ends_with('.'),
            "{name}"
        );
        for scale in [1.0, 0.01, 0.000_001] {
            let plan = parse(text, &options(), scale);
            let plan = plan.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(plan.stages.iter().any(|stage| stage.measured), "{name}");
            if plan.clients() < 200_000 {
                let audience = Audience::new(&plan, RunId(1));
                let audience = audience.unwrap_or_else(|error| panic!("{name}: {error}"));
                let reached = (0..plan.streams()).all(|stream| audience.copies(stream) > 0);
                assert!(reached, "{name}: everything has a subscriber");
            }
        }
    }
}

#[test]
fn a_group_is_read_as_it_is_written() {
    let text = group(
        r#"
        version = "3.1"
        username = "u${i}"
        password = "p"
        keep_alive_s = 7
        clean_start = false
        subscribe = [{ filter = "a/#", qos = 2, retained = true }]
        will = { topic = "w", qos = 1, retain = true, bytes = 40 }
        churn = { rate = 2.5, abrupt = true, offline = "300ms" }
        read_bytes_per_s = 1000
        [group.publish]
        topic = "t/${n}"
        qos = 1
        size = "64..128"
        retain = true
        rate = 10
        schedule = "ramp"
        to_rate = 20
        over = "1m"
        limit = 5
        "#,
    );
    let plan = read(&text).expect("the file is fine");
    let group = &plan.groups[0];
    assert_eq!(group.connect.version, wire_mqtt::Version::V31);
    assert_eq!(
        (group.connect.keep_alive_s, group.connect.clean_start),
        (7, false)
    );
    assert_eq!(
        group
            .connect
            .username
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some("u${i}")
    );
    assert!(
        group.subscribe[0].retained && group.subscribe[0].qos == wire_message::Qos::ExactlyOnce
    );
    assert_eq!(
        group
            .connect
            .will
            .as_ref()
            .map(|will| (will.bytes, will.retain)),
        Some((40, true))
    );
    let churn = group.churn.expect("it has one");
    assert!(churn.abrupt && churn.offline == Duration::from_millis(300));
    assert_eq!(group.reading, Reading::BytesPerSecond(1000));
    let publishing = group.publish.as_ref().expect("it publishes");
    assert_eq!(publishing.size, Size::Range(64, 128));
    assert_eq!((publishing.retain, publishing.limit), (true, Some(5)));
    let schedule = Schedule::Ramp {
        to_per_s: 20.0,
        over: Duration::from_mins(1),
    };
    assert_eq!(
        publishing.load,
        Load::Rate {
            per_s: 10.0,
            schedule
        }
    );
}

#[test]
fn a_plan_is_named_by_its_file_and_mixed_unless_the_file_says_more() {
    let text = group("");
    let plan = read(&text).expect("the file is fine");
    assert_eq!(
        (plan.name.as_str(), plan.scenario.as_str()),
        ("test", "mixed")
    );
    let plan = read(&format!("scenario = \"idle\"\n{text}")).expect("the file is fine");
    assert_eq!(
        (plan.name.as_str(), plan.scenario.as_str()),
        ("test", "idle")
    );
}

#[test]
fn keys_that_do_not_exist_are_refused_with_a_suggestion() {
    for (rest, meant) in [
        ("pasword = \"x\"", "password"),
        ("subscribe = [{ fliter = \"a\" }]", "filter"),
        ("publish = { topic = \"a\", rtae = 1 }", "rate"),
        ("will = { topic = \"a\", retained = true }", "retain"),
        ("[[stage]]\nname = \"s\"\nuntill = \"sent\"", "until"),
        ("[runn]", "run"),
    ] {
        let error = read(&group(rest)).expect_err(rest).to_string();
        assert!(
            error.ends_with(&format!("did you mean `{meant}`?")),
            "{error}"
        );
        assert!(error.contains("line "), "{error}");
    }
}

#[test]
fn contradictions_are_refused() {
    let publish = |rest: &str| group(&format!("publish = {{ topic = \"a\", {rest} }}"));
    for (text, part) in [
        (publish("qos = 1"), "either `rate` or `window`"),
        (publish("rate = 1, window = 1"), "either `rate` or `window`"),
        (publish("rate = 1, to_rate = 2"), "schedule = \"ramp\""),
        (
            publish("rate = 1, schedule = \"ramp\""),
            "schedule = \"ramp\"",
        ),
        (
            publish("window = 1, schedule = \"poisson\""),
            "belongs to a `rate`",
        ),
        (publish("rate = 0"), "the rate is 0.001 to"),
        (publish("window = 0"), "a window is 1 to 65535"),
        (publish("rate = 1, size = 8"), "16 to 16777216 bytes"),
        (publish("rate = 1, qos = 3"), "QoS is 0, 1 or 2"),
        (group("version = 6"), "MQTT version is 3"),
        (group("version = 4\nsession_expiry_s = 1"), "MQTT 5.0 only"),
        (group("client_id = \"${x}\""), "variable `${x}`"),
        (
            group("churn = { rate = 1, offline = \"1d\" }"),
            "ms, s, m or h",
        ),
        ("name = \"test\"\ngroup = []".to_owned(), "0 groups"),
        (
            group("[[group]]\nname = \"one\"\nclients = 1"),
            "another group",
        ),
        (
            group("[[stage]]\nname = \"s\"\nuntil = \"1s\"\n[run]\nduration = \"1s\""),
            "what `duration` says",
        ),
        (group("read_bytes_per_s = 0"), "above zero"),
    ] {
        let error = read(&text).expect_err(&text).to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn stages_are_read_and_wrong_ones_refused() {
    let stage = |rest: &str| group(&format!("[[stage]]\nname = \"s\"\n{rest}"));
    let text = stage(
        "do = [{ verb = \"connect\", groups = [\"one\"], rate = 5, subscribe = false }]\n\
         until = \"settled\"\nat_most = \"3s\"\nmeasured = true",
    );
    let plan = read(&text).expect("the file is fine");
    let [stage_read] = &plan.stages[..] else {
        panic!("one stage");
    };
    assert_eq!(
        stage_read.until,
        Until::Settled {
            at_most: Duration::from_secs(3)
        }
    );
    let verb = Verb::Connect {
        rate_per_s: Some(5.0),
        subscribe: false,
    };
    assert_eq!(stage_read.actions[0].verb, verb);
    for (rest, part) in [
        ("until = \"soon\"", "not `soon`"),
        ("until = \"1s\"\nat_most = \"2s\"", "`at_most` belongs"),
        (
            "until = \"1s\"\n[[stage]]\nname = \"s\"\nuntil = \"1s\"",
            "another stage",
        ),
        (
            "until = \"1s\"\ndo = [{ verb = \"stop\", groups = [\"two\"] }]",
            "no group `two`",
        ),
        (
            "until = \"1s\"\ndo = [{ verb = \"stop\", groups = [], rate = 1 }]",
            "\"connect\"",
        ),
        (
            "until = \"1s\"\ndo = [{ verb = \"drop\", groups = [], forget = true }]",
            "\"disconnect\"",
        ),
        (
            "until = \"1s\"\ndo = [{ verb = \"connect\", groups = [], rate = 0 }]",
            "above zero",
        ),
        (
            "until = \"1s\"\ndo = [{ verb = \"jump\", groups = [] }]",
            "unknown variant `jump`",
        ),
    ] {
        let error = read(&stage(rest)).expect_err(rest).to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_scale_multiplies_clients_and_rates() {
    let text = r#"
        name = "test"
        [run]
        connect_rate = 100
        [[group]]
        name = "many"
        clients = 1000
        churn = { rate = 10, offline = "1s" }
        publish = { topic = "a", rate = 5000 }
        [[group]]
        name = "few"
        clients = 3
        fixed = true
        churn = { rate = 20, offline = "1s" }
        publish = { topic = "b", rate = 7 }
    "#;
    let plan = parse(text, &options(), 0.1).expect("the file is fine");
    assert_eq!((plan.groups[0].clients, plan.groups[1].clients), (100, 3));
    let rate = |at: usize| match plan.groups[at].publish.as_ref().map(|publish| publish.load) {
        Some(Load::Rate { per_s, .. }) => per_s,
        other => panic!("{other:?}"),
    };
    assert!((rate(0) - 500.0).abs() < 1e-9 && (rate(1) - 7.0).abs() < 1e-9);
    let churn = plan
        .groups
        .iter()
        .map(|group| group.churn.map(|of| of.per_s));
    assert_eq!(churn.collect::<Vec<_>>(), [Some(1.0), Some(20.0)]);
    let connect = plan.stages[0].actions[0].verb;
    assert_eq!(
        connect,
        Verb::Connect {
            rate_per_s: Some(10.0),
            subscribe: true
        }
    );
    for scale in [0.0, -1.0, f64::NAN] {
        assert!(matches!(
            parse(text, &options(), scale),
            Err(FileError::Scale(_))
        ));
    }
}

#[test]
fn without_stages_subscribers_come_first_and_churn_lasts_as_long_as_messages() {
    let text = r#"
        name = "test"
        [[group]]
        name = "publishers"
        clients = 1
        publish = { topic = "a", rate = 5 }
        [[group]]
        name = "subscribers"
        clients = 1
        subscribe = [{ filter = "a" }]
        churn = { rate = 1, offline = "1s" }
    "#;
    let plan = read(text).expect("the file is fine");
    let shape = plan.stages.iter().map(|stage| {
        let actions = stage.actions.iter();
        let actions =
            actions.map(|action| format!("{}{:.4}", action.group, format!("{:?}", action.verb)));
        format!("{}: {}", stage.name, actions.collect::<Vec<_>>().join(" "))
    });
    let expected = [
        "connect subscribers: 1Conn",
        "connect others: 0Conn",
        "warm-up: 0Publ 1Chur",
        "measure: 0Publ",
        "drain: 0Stop 1Stop",
        "disconnect: 0Disc 1Disc",
    ];
    assert_eq!(shape.collect::<Vec<_>>(), expected);
}
