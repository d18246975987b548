//! Files and environment variables in, values with their origin or all mistakes out.
#![allow(
    clippy::disallowed_methods,
    reason = "the tests write the files that are read"
)]
#![allow(clippy::unwrap_used, reason = "a test that can't set up fails")]

use std::path::PathBuf;
use std::time::Duration;

use broker_config::value::{
    Auto, ByteCount, Interval, Limit, LogLevel, ServerKeepAlive, SharedStrategy,
};
use broker_config::{Config, LoadError, Loaded, Origin, load};

/// A file of this name in a folder of the test's own.
fn file(folder: &str, name: &str, text: &str) -> PathBuf {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(folder);
    std::fs::create_dir_all(&place).unwrap();
    let path = place.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn read(folder: &str, text: &str) -> Result<Loaded, LoadError> {
    load(Some(&file(folder, "skein.conf", text)), [])
}

fn variables(pairs: &[(&str, &str)]) -> Result<Loaded, LoadError> {
    load(
        None,
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

/// The mistakes without the folder of the file.
fn mistakes(result: Result<Loaded, LoadError>) -> Vec<String> {
    let findings = result.expect_err("refused").findings;
    let short = |text: String| match text.find("skein.conf") {
        Some(start) => text[start..].to_owned(),
        None => text,
    };
    findings
        .iter()
        .map(|finding| short(finding.to_string()))
        .collect()
}

fn origin<'a>(loaded: &'a Loaded, path: &str) -> &'a Origin {
    &loaded
        .values
        .iter()
        .find(|value| value.path == path)
        .expect("every key has a value")
        .origin
}

fn line(loaded: &Loaded, path: &str) -> (String, Option<usize>) {
    match origin(loaded, path) {
        Origin::File { path, line } => (
            path.file_name().unwrap().to_string_lossy().into_owned(),
            *line,
        ),
        Origin::Default | Origin::Variable { .. } => unreachable!("{path} is from a file"),
    }
}

#[test]
fn nothing_written_gives_the_defaults_on_loopback() {
    let Loaded { config, values } = load(None, []).unwrap();
    let listener = &config.listeners.tcp["default"];
    assert_eq!(listener.bind.to_string(), "127.0.0.1:1883");
    assert_eq!(config.api.bind.to_string(), "127.0.0.1:18083");
    assert_eq!(config.mqtt.max_packet_size, ByteCount(1 << 20));
    assert_eq!(
        config.mqtt.session_expiry_interval,
        Limit::At(Interval(Duration::from_hours(2)))
    );
    assert_eq!(config.node.shards, Auto::Auto);
    assert_eq!(config.mqtt.server_keepalive, ServerKeepAlive::Disabled);
    assert!(values.iter().all(|value| value.origin == Origin::Default));
}

#[test]
fn a_file_overrides_defaults_and_is_named_as_origin() {
    let text = "# comment\nmqtt {\n  max_packet_size = 16MB // more\n  max_inflight: 100\n}\nlisteners.tcp.default.bind = \"0.0.0.0:1883\"\n";
    let loaded = read("a_file_overrides", text).unwrap();
    assert_eq!(loaded.config.mqtt.max_packet_size, ByteCount(16 << 20));
    assert_eq!(loaded.config.mqtt.max_inflight, 100);
    assert_eq!(
        loaded.config.listeners.tcp["default"].bind.to_string(),
        "0.0.0.0:1883"
    );
    assert_eq!(
        line(&loaded, "mqtt.max_packet_size"),
        ("skein.conf".to_owned(), Some(3))
    );
    assert_eq!(
        line(&loaded, "mqtt.max_inflight"),
        ("skein.conf".to_owned(), Some(4))
    );
    assert_eq!(
        line(&loaded, "listeners.tcp.default.bind"),
        ("skein.conf".to_owned(), Some(6))
    );
    assert_eq!(origin(&loaded, "mqtt.max_qos_allowed"), &Origin::Default);
}

#[test]
fn the_last_of_two_assignments_holds_and_is_the_origin() {
    let loaded = read(
        "the_last",
        "mqtt.max_inflight = 1\nmqtt { max_inflight = 2 }\nmqtt.max_receive = 3",
    )
    .unwrap();
    assert_eq!(loaded.config.mqtt.max_inflight, 2);
    assert_eq!(loaded.config.mqtt.max_receive, 3);
    assert_eq!(line(&loaded, "mqtt.max_inflight").1, Some(2));
}

#[test]
fn an_included_file_is_named_with_its_line() {
    file("an_included", "site.conf", "\nmax_inflight = 7\n");
    let loaded = read(
        "an_included",
        "mqtt {\n include \"site.conf\"\n max_receive = 8\n}\ninclude \"absent.conf\"",
    )
    .unwrap();
    assert_eq!(loaded.config.mqtt.max_inflight, 7);
    assert_eq!(
        line(&loaded, "mqtt.max_inflight"),
        ("site.conf".to_owned(), Some(2))
    );
    assert_eq!(
        line(&loaded, "mqtt.max_receive"),
        ("skein.conf".to_owned(), Some(3))
    );
}

#[test]
fn substitutions_see_the_file_and_the_environment_given() {
    let path = file(
        "substitutions",
        "skein.conf",
        "size = 2MB\nmqtt.max_packet_size = ${size}\nnode.name = ${NAME}\nnode.data_dir = ${?ABSENT}",
    );
    let environment = [("NAME".to_owned(), "edge-7".to_owned())];
    // `size` itself is no key, and says so; the rest was read.
    let refused = load(Some(&path), environment.clone()).unwrap_err();
    assert_eq!(refused.findings.len(), 1, "{refused}");
    assert!(
        refused
            .to_string()
            .ends_with("skein.conf:1: unknown key `size`"),
        "{refused}"
    );

    let path = file(
        "substitutions",
        "skein.conf",
        "mqtt.max_packet_size = 2MB\nretainer.max_payload_size = ${mqtt.max_packet_size}\nnode.name = ${NAME}",
    );
    let loaded = load(Some(&path), environment).unwrap();
    assert_eq!(loaded.config.retainer.max_payload_size, ByteCount(2 << 20));
    assert_eq!(loaded.config.node.name, "edge-7");
    assert_eq!(line(&loaded, "retainer.max_payload_size").1, Some(2));
    assert!(
        mistakes(read("substitutions_2", "a = 1\nnode.name = ${ABSENT}"))[0]
            .starts_with("skein.conf:2: ")
    );
}

#[test]
fn an_object_put_in_by_substitution_has_the_line_of_its_key() {
    let text = "listeners.tcp.default { bind = 1884, backlog_note = 1 }\n";
    assert_eq!(
        mistakes(read("object_1", text)),
        ["skein.conf:1: unknown key `listeners.tcp.default.backlog_note`"]
    );
    let text = "listeners.tcp.default { max_connections = 5\n bind = \"127.0.0.1:1\" }\nlisteners.tcp.other = ${listeners.tcp.default} {\n bind = \"127.0.0.1:2\" }";
    let loaded = read("object_2", text).unwrap();
    assert_eq!(
        loaded.config.listeners.tcp["other"].max_connections,
        Limit::At(5)
    );
    assert_eq!(
        line(&loaded, "listeners.tcp.other.max_connections").1,
        Some(3)
    );
    assert_eq!(line(&loaded, "listeners.tcp.other.bind").1, Some(4));
}

#[test]
fn lists_append_and_keep_their_objects() {
    let text = "auto_subscribe.topics = [{topic = \"a/#\", qos = 1}]\nauto_subscribe.topics += {topic = \"cmd/${clientid}\", nl = 1}";
    let config = read("lists", text).unwrap().config;
    let topics: Vec<(&str, u8, u8)> = config
        .auto_subscribe
        .topics
        .iter()
        .map(|topic| (topic.topic.as_str(), topic.qos, topic.nl))
        .collect();
    assert_eq!(topics, [("a/#", 1, 0), ("cmd/${clientid}", 0, 1)]);
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    let text = "mqtt {\n max_pakcet_size = 1MB\n}\nlisteners.tcp.default.bnd = 1\nmqt.max_inflight = 3\nmax_qos_allowed = 1\nzzz = 1";
    assert_eq!(
        mistakes(read("unknown", text)),
        [
            "skein.conf:4: unknown key `listeners.tcp.default.bnd`, did you mean `listeners.tcp.default.bind`?",
            "skein.conf:2: unknown key `mqtt.max_pakcet_size`, did you mean `mqtt.max_packet_size`?",
            "skein.conf:6: unknown key `max_qos_allowed`, did you mean `mqtt.max_qos_allowed`?",
            "skein.conf:5: unknown key `mqt`, did you mean `mqtt`?",
            "skein.conf:7: unknown key `zzz`",
        ]
    );
}

#[test]
fn every_bad_value_is_named_with_what_is_wanted() {
    let text = "mqtt.max_qos_allowed = 3\nmqtt.idle_timeout = 15\nmqtt.max_packet_size = 1GB\nlog.level = loud\nlisteners.tcp.default.messages_rate = 10\nretainer = 1\nnode.name = null\napi.enable = maybe";
    let found = mistakes(read("bad", text));
    let expected = [
        "skein.conf:7: `node.name` must be text, not null",
        "skein.conf:5: `listeners.tcp.default.messages_rate` must be a rate such as `1000/s` or `300/5m` or `infinity`, not `10`",
        "skein.conf:3: `mqtt.max_packet_size` must be a number of bytes (`B`, `KB`, `MB`, `GB`; 1KB is 1024 bytes), such as `1MB` from 1KB to 268435455B, not `1GB`",
        "skein.conf:1: `mqtt.max_qos_allowed` must be an integer from 0 to 2, not `3`",
        "skein.conf:2: `mqtt.idle_timeout` must be a duration with its unit (`ms`, `s`, `m`, `h`, `d`, `w`), such as `15s` or `1h30m` from 1s to 1h, not `15`",
        "skein.conf:6: `retainer` must be an object, not `1`",
        "skein.conf:4: `log.level` must be one of `off`, `error`, `warning`, `info`, `debug`, `trace`, not `loud`",
        "skein.conf:8: `api.enable` must be `true` or `false`, not `maybe`",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_no_hocon_is_refused_with_its_line() {
    let starts = [
        ("mqtt {\n max_inflight = 3", "skein.conf:"),
        (
            "mqtt.max_inflight = 3\n}\n",
            "skein.conf:2: this brace closes nothing",
        ),
        (
            "node.name =\nmqtt.max_inflight = 3",
            "skein.conf:2: an equals sign inside a value",
        ),
        ("a = \"open\nb = 1", "skein.conf:1: unterminated string"),
        (
            "include required(\"absent.conf\")",
            "skein.conf:1: required include file not found",
        ),
        ("[1]", "skein.conf: "),
    ];
    for (index, (text, start)) in starts.iter().enumerate() {
        let found = mistakes(read(&format!("no_hocon_{index}"), text));
        assert!(found[0].starts_with(start), "{text}: {found:?}");
    }
    let absent = load(Some(&PathBuf::from("absent.conf")), []).unwrap_err();
    assert!(
        absent
            .to_string()
            .starts_with("absent.conf: the file can't be read: "),
        "{absent}"
    );
}

#[test]
fn variables_override_the_file_and_are_named_as_origin() {
    let path = file(
        "variables",
        "skein.conf",
        "mqtt.max_inflight = 1\nmqtt.max_receive = 2",
    );
    let pairs = [
        ("SKEIN__MQTT__MAX_INFLIGHT", "5"),
        ("SKEIN_TARGET_DIR", "/x"),
        ("HOME", "/root"),
    ];
    let loaded = load(
        Some(&path),
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())),
    )
    .unwrap();
    assert_eq!(
        (
            loaded.config.mqtt.max_inflight,
            loaded.config.mqtt.max_receive
        ),
        (5, 2)
    );
    let origin = origin(&loaded, "mqtt.max_inflight").to_string();
    assert_eq!(origin, "environment variable SKEIN__MQTT__MAX_INFLIGHT");
}

#[test]
fn variables_hold_hocon_or_plain_text() {
    let Config {
        listeners,
        node,
        auto_subscribe,
        log,
        broker,
        ..
    } = variables(&[
        ("SKEIN__LISTENERS__TCP__DEFAULT__BIND", "0.0.0.0:1884"),
        (
            "SKEIN__LISTENERS__TCP__INNER",
            "{bind = \"127.0.0.1:1885\", max_connections = 10}",
        ),
        ("SKEIN__NODE__NAME", "skein@10.0.0.1"),
        ("SKEIN__AUTO_SUBSCRIBE__TOPICS", "[{topic = \"a\"}]"),
        ("SKEIN__LOG__LEVEL", "\"debug\""),
        (
            "SKEIN__BROKER__SHARED_SUBSCRIPTION_GROUP__G1__STRATEGY",
            "sticky",
        ),
    ])
    .unwrap()
    .config;
    assert_eq!(listeners.tcp["default"].bind.to_string(), "0.0.0.0:1884");
    assert_eq!(listeners.tcp["inner"].max_connections, Limit::At(10));
    assert_eq!(node.name, "skein@10.0.0.1");
    assert_eq!(auto_subscribe.topics[0].topic, "a");
    assert_eq!(log.level, LogLevel::Debug);
    assert_eq!(
        broker.shared_subscription_group["g1"].strategy,
        SharedStrategy::Sticky
    );
}

#[test]
fn a_bad_variable_is_named() {
    let found = mistakes(variables(&[
        ("SKEIN__MQTT__MAX_PAKCET_SIZE", "1MB"),
        ("SKEIN__MQTT__MAX_INFLIGHT", "many"),
    ]));
    assert_eq!(
        found,
        [
            "environment variable SKEIN__MQTT__MAX_INFLIGHT: `mqtt.max_inflight` must be an integer from 1 to 65535, not `many`",
            "environment variable SKEIN__MQTT__MAX_PAKCET_SIZE: unknown key `mqtt.max_pakcet_size`, did you mean `mqtt.max_packet_size`?",
        ]
    );
    for (name, value) in [
        ("SKEIN__MQTT____X", "1"),
        ("SKEIN__", "1"),
        ("SKEIN__MQTT__MAX_INFLIGHT", "{a"),
        ("SKEIN__MQTT__MAX_INFLIGHT", "3\nnode.name = x"),
    ] {
        let found = mistakes(variables(&[(name, value)]));
        assert!(
            found[0].starts_with(&format!("environment variable {name}: ")),
            "{found:?}"
        );
    }
}

#[test]
fn what_must_hold_between_keys_is_checked() {
    let text = r##"
node.name = "a/b"
listeners.tcp.other.bind = "127.0.0.1:1883"
listeners.tcp.off { enable = false, bind = "127.0.0.1:1883" }
listeners.tcp.third { bind = "127.0.0.1:18083", mountpoint = "x/#" }
mqtt.mqueue_priorities = {"a/+" = 3, "b/c" = 255}
auto_subscribe.topics = [{topic = "a"}, {qos = 1}]
rewrite = [{source_topic = "a/#", re = "^a/(.*$", dest_topic = "b/$1"}, {source_topic = "#b", re = "x"}]
store.enabled = false
listeners.tcp.kept { bind = "127.0.0.1:0", durability = relaxed }
listeners.tcp.lost { bind = "127.0.0.1:0", durability = memory }
"##;
    let found = mistakes(read("between", text));
    let starts = [
        "skein.conf:2: `node.name` must be a word",
        "skein.conf:3: `listeners.tcp.other.bind` is 127.0.0.1:1883, which `listeners.tcp.default.bind` has already",
        "skein.conf:5: `listeners.tcp.third.mountpoint` must be the start of a topic",
        "skein.conf:5: `listeners.tcp.third.bind` is 127.0.0.1:18083, which `api.bind` has already",
        "skein.conf:10: `listeners.tcp.kept.durability` can't hold while `store.enabled` is false",
        "skein.conf:6: `mqtt.mqueue_priorities` names \"a/+\", which is no topic",
        "skein.conf:7: `auto_subscribe.topics[1].topic` is required",
        "skein.conf:8: `rewrite[0].re` is no regular expression",
        "skein.conf:8: `rewrite[1].source_topic` is required",
        "skein.conf:8: `rewrite[1].dest_topic` is required",
    ];
    for start in starts {
        assert!(
            found.iter().any(|found| found.starts_with(start)),
            "{start}\nis not in {found:#?}"
        );
    }
    assert_eq!(found.len(), starts.len(), "{found:#?}");
}

#[test]
fn what_is_shown_reads_back_to_the_same_values() {
    let text = "listeners.tcp.\"odd name\" { bind = \"[::1]:0\", messages_rate = 300/5m, tcp_options.keepalive = \"240,30,5\" }\nmqtt.mqueue_priorities { \"a/b\" = 7 }\nnode { cpus = \"0-2,5\", shards = 2 }\nmqtt.server_keepalive = 1m";
    let first = read("shown_1", text).unwrap();
    let shown = |value: &broker_config::Effective| format!("{} = {}\n", value.path, value.text);
    let again = read(
        "shown_2",
        &first.values.iter().map(shown).collect::<String>(),
    )
    .unwrap();
    assert_eq!(first.config, again.config);
    assert!(
        again
            .values
            .iter()
            .all(|value| matches!(value.origin, Origin::File { line: Some(_), .. }))
    );
}
