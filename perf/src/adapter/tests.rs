//! The adapters of this repository, and mistakes in others.

use super::folder::parse;
use super::*;

const LEAST: &str = r#"
title = "A"
home = "https://a.example"
[find]
programs = ["a"]
install = "there is no way"
[version]
command = ["{program}", "-v"]
pattern = 'a ([0-9.]+)'
[start]
command = ["{program}", "--port", "{port}"]
"#;

fn error(text: &str) -> String {
    format!("{:#}", parse("a", text).expect_err("it is wrong"))
}

#[test]
fn every_adapter_of_the_repository_is_right() {
    let folder = Folder::default();
    let names = folder.names().expect("the folder is there");
    for name in &names {
        let adapter = folder.load(name).expect("adapters are right");
        assert_eq!(adapter.name, *name);
        let home = adapter.home.as_deref();
        assert!(
            home.is_none_or(|home| home.starts_with("https://")),
            "{name}"
        );
        let asks_for_a_port = |text: &str| text.contains("{port}");
        let mut texts = adapter.texts().into_iter();
        assert!(
            texts.any(|(_, text)| asks_for_a_port(text)),
            "{name} listens somewhere"
        );
    }
    let wanted = [
        "aedes",
        "emqx",
        "flashmq",
        "hivemq-ce",
        "mosquitto",
        "nanomq",
        "nats",
        "rabbitmq",
        "rmqtt",
        "rumqttd",
        "skein",
        "vernemq",
    ];
    for name in wanted {
        assert!(names.iter().any(|other| other == name), "{name} is missing");
    }
}

#[test]
fn an_adapter_needs_little_and_says_what_is_left_out() {
    let adapter = parse("a", LEAST).expect("it is right");
    assert_eq!(adapter.start.stop, StopSignal::Term);
    assert!(
        adapter
            .refusal("1.0", &[Feature::Qos2, Feature::Mqtt5])
            .is_none()
    );
    assert!(error(&LEAST.replace("title = \"A\"", "")).contains("title"));
}

#[test]
fn mistakes_are_named_with_their_place() {
    assert!(error(&LEAST.replace("install", "instal")).contains("instal"));
    let misspelt = error(&LEAST.replace("{port}", "{prot}"));
    assert!(
        misspelt.starts_with("start.command: {prot} is no placeholder"),
        "{misspelt}"
    );
    let pattern = error(&LEAST.replace("([0-9.]+)", "[0-9"));
    assert!(pattern.starts_with("version.pattern"), "{pattern}");
    assert!(error(&LEAST.replace("([0-9.]+)", "[0-9.]+")).contains("one group"));
    assert!(error(&format!("{LEAST}[files]\n\"../x\" = \"\"\n")).contains("plain name"));
    assert!(error(&format!("{LEAST}mqtt5_port = \"1884\"\n")).contains("mqtt5_port"));
    let feature = error(&format!(
        "{LEAST}[[unsupported]]\nfeature = \"qos3\"\nreason = \"\"\n"
    ));
    assert!(feature.contains("qos3"), "{feature}");
}

#[test]
fn what_a_broker_lacks_is_told_in_its_own_words() {
    let text = format!("{LEAST}[[unsupported]]\nfeature = \"qos2\"\nreason = \"closes\"\n");
    let adapter = parse("a", &text).expect("it is right");
    assert_eq!(
        adapter.refusal("1.0", &[Feature::Mqtt5, Feature::Qos2]),
        Some("closes")
    );
    assert_eq!(adapter.refusal("1.0", &[Feature::Mqtt5]), None);
}
