//! Plans that can't be carried out are refused.

use wire_message::Qos;
use wire_mqtt::Version;

use super::*;
use crate::scenario;
use crate::{Action, Churn, Group, Options, Responding, Size, Target, Template, Verb, Will};

fn options() -> Options {
    Options {
        target: Target {
            brokers: vec!["127.0.0.1:1883".parse().expect("an address")],
            ..Target::default()
        },
        ..Options::default()
    }
}

/// What the check says after `change` to the publishers of a plan for pairs.
fn refused(options: &Options, change: impl Fn(&mut Group)) -> String {
    let mut plan = scenario::p2p(options, 2).expect("the plan is fine");
    change(&mut plan.groups[1]);
    plan.check().expect_err("it is wrong").to_string()
}

#[test]
fn clients_are_numbered_over_all_groups() {
    let mut plan = scenario::p2p(&options(), 7).expect("the plan is fine");
    plan.groups[0].clients = 5;
    plan.check().expect("the plan is fine");
    assert_eq!((plan.groups[0].first, plan.groups[1].first), (0, 5));
    assert_eq!((plan.clients(), plan.streams()), (12, 7));
    assert_eq!(plan.find_client(6), Some((1, 1)));
    assert_eq!(plan.find_stream(6), Some((1, 6)));
    assert_eq!((plan.find_client(12), plan.find_stream(7)), (None, None));
}

#[test]
fn what_a_version_lacks_is_named() {
    let old = Options {
        version: Version::V311,
        ..options()
    };
    let publishing = |change: fn(&mut Publishing)| {
        refused(&old, |group| {
            change(group.publish.as_mut().expect("it publishes"));
        })
    };
    assert!(publishing(|p| p.alias = true).contains("topic alias exists in MQTT 5.0 only"));
    assert!(publishing(|p| p.expiry_s = Some(1)).contains("message expiry"));
    assert!(publishing(|p| p.user_properties.push(Default::default())).contains("user property"));
    assert!(publishing(|p| p.response = Some(p.topic.clone())).contains("response topic"));
    let respond = refused(&old, |group| {
        group.respond = Some(Responding {
            qos: Qos::AtMostOnce,
        });
    });
    assert!(respond.contains("response topic"));
    assert!(refused(&old, |group| group.connect.session_expiry_s = Some(1)).contains("expiry"));
}

#[test]
fn rules_are_kept() {
    let options = options();
    let will = |bytes, topic: &str| Will {
        topic: topic.parse().expect("a template"),
        qos: Qos::AtMostOnce,
        retain: false,
        bytes,
        delay_s: 0,
    };
    let refuse = |change: &dyn Fn(&mut Group)| refused(&options, change);
    assert!(refuse(&|group| group.connect.will = Some(will(31, "w"))).contains("32 bytes"));
    assert!(refuse(&|group| group.connect.will = Some(will(32, "${s}"))).contains("will"));
    let qos_2 = Responding {
        qos: Qos::ExactlyOnce,
    };
    assert!(refuse(&|group| group.respond = Some(qos_2)).contains("QoS 0 or 1"));
    assert!(refuse(&|group| group.clients = u32::MAX).contains("clients"));
    let publishing = |change: &dyn Fn(&mut Publishing)| {
        refuse(&|group| change(group.publish.as_mut().expect("it publishes")))
    };
    assert!(publishing(&|p| p.size = Size::Fixed(15)).contains("16 to"));
    assert!(publishing(&|p| p.load = Load::Window(0)).contains("window"));
    assert!(publishing(&|p| p.load = Load::Window(65_536)).contains("1 to 65535 messages"));
    assert!(publishing(&|p| p.limit = Some(u64::MAX)).contains("are too many"));
    let endless = Load::Rate {
        per_s: f64::INFINITY,
        schedule: Schedule::Constant,
    };
    assert!(publishing(&|p| p.load = endless).contains("rate"));
    let numbered = |p: &mut Publishing| {
        p.alias = true;
        p.topic = "a/${s}".parse().expect("a template");
    };
    assert!(publishing(&numbered).contains("alias"));
}

#[test]
fn a_relay_is_not_asked_for_what_it_can_not_do() {
    let mut raw = options();
    raw.target.raw = true;
    raw.qos = Qos::ExactlyOnce;
    assert!(matches!(scenario::p2p(&raw, 1), Err(PlanError::Raw(_))));
    raw.qos = Qos::AtLeastOnce;
    assert!(scenario::p2p(&raw, 1).is_ok());
    assert!(matches!(
        scenario::request_response(&raw, 1, 1),
        Err(PlanError::Raw(_))
    ));
    // The relay acknowledges by the number of bytes.
    raw.size = Size::Range(64, 128);
    assert!(matches!(scenario::p2p(&raw, 1), Err(PlanError::Raw(_))));
    raw.qos = Qos::AtMostOnce;
    assert!(scenario::p2p(&raw, 1).is_ok());
}

#[test]
fn stages_name_groups_that_exist() {
    let mut plan = scenario::p2p(&options(), 1).expect("the plan is fine");
    plan.stages[0].actions.push(Action {
        group: 2,
        verb: Verb::Stop,
    });
    assert!(matches!(
        plan.check(),
        Err(PlanError::NoGroup { group: 2, .. })
    ));
}

#[test]
fn more_groups_and_stages_than_have_numbers_are_refused() {
    let mut plan = scenario::p2p(&options(), 1).expect("the plan is fine");
    let fine = plan.clone();
    plan.stages = vec![plan.stages[0].clone(); 1_001];
    assert_eq!(plan.check(), Err(PlanError::Stages(1_001)));
    plan.stages.pop();
    assert_eq!(plan.check(), Ok(()));
    plan.groups = vec![fine.groups[0].clone(); 1_001];
    assert_eq!(plan.check(), Err(PlanError::Groups(1_001)));
}

#[test]
fn rates_that_nobody_keeps_are_refused_in_one_sentence() {
    let options = options();
    let numbers = [
        0.0,
        -5.0,
        1e-9,
        1e308,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
    ];
    for number in numbers {
        let publishing = |load| {
            refused(&options, |group| {
                group.publish.as_mut().expect("it publishes").load = load;
            })
        };
        let constant = publishing(Load::Rate {
            per_s: number,
            schedule: Schedule::Constant,
        });
        let expected = format!(
            "group `publishers`: the rate is 0.001 to 100000000 per second, not {number:?}"
        );
        assert_eq!(constant, expected);
        let schedule = Schedule::Ramp {
            to_per_s: number,
            over: Duration::from_secs(1),
        };
        let per_s = 1.0;
        let ramp = publishing(Load::Rate { per_s, schedule });
        assert!(ramp.contains("the ramp's last rate"), "{ramp}");
        let churn = refused(&options, |group| {
            group.churn = Some(Churn {
                per_s: number,
                abrupt: true,
                offline: Duration::ZERO,
            });
        });
        assert!(churn.contains("churn is"), "{churn}");
        let options = Options {
            connect_rate: Some(number),
            ..options.clone()
        };
        let connections = scenario::p2p(&options, 1).expect_err("no such rate");
        assert!(
            matches!(connections, PlanError::Rate { .. }),
            "{connections}"
        );
    }
}

#[test]
fn times_without_end_are_refused() {
    let options = Options {
        duration: Duration::MAX,
        ..options()
    };
    let error = scenario::p2p(&options, 1)
        .expect_err("too long")
        .to_string();
    assert!(error.starts_with("stage `measure` takes"), "{error}");
}

#[test]
fn texts_that_fit_no_packet_are_refused() {
    let options = options();
    let long = "x".repeat(65_536);
    let template = || Some(long.parse::<Template>().expect("a template"));
    let refuse = |change: &dyn Fn(&mut Group)| refused(&options, change);
    let publishing = |change: &dyn Fn(&mut Publishing)| {
        refuse(&|group| change(group.publish.as_mut().expect("it publishes")))
    };
    let pair = |value: &str| ("name".to_owned(), value.to_owned());
    for text in [
        refuse(&|group| group.connect.username = template()),
        refuse(&|group| group.connect.client_id = template().expect("a template")),
        refuse(&|group| group.connect.password = Some(long.clone())),
        publishing(&|p| p.topic = template().expect("a template")),
        publishing(&|p| p.response = template()),
        publishing(&|p| p.user_properties = vec![pair(&long)]),
        // Each fits, but not all together.
        publishing(&|p| p.user_properties = vec![pair(&long[..20_000]); 3]),
    ] {
        assert!(text.contains("are possible") && text.len() < 120, "{text}");
    }
    assert!(publishing(&|p| p.user_properties = vec![pair("a\0")]).contains("zero characters"));
    assert!(publishing(&|p| p.response = Some("a/#".parse().expect("a template"))).contains("a/#"));
    // As long as may be.
    let mut plan = scenario::p2p(&options, 2).expect("the plan is fine");
    plan.groups[1].connect.password = Some(long[..65_535].to_owned());
    plan.groups[1].connect.username = long[..65_535].parse().ok();
    assert_eq!(plan.check(), Ok(()));
}
