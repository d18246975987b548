//! Sessions that outlive their connections.

use wire_message::Qos;
use wire_mqtt::Version;

use super::stages::stage;
use super::{build, stages};
use crate::{Action, Options, Plan, PlanError, Until, Verb};

/// Seconds that sessions last without a connection, unless the options say something else.
const EXPIRY_S: u32 = 3600;

/// `clients` subscribe and go away; `messages` queue for each of them; they come back at the
/// options' rate and get them.
///
/// # Errors
///
/// [`PlanError`].
pub fn session(options: &Options, clients: u32, messages: u32) -> Result<Plan, PlanError> {
    build::at_least("session", "clients", 1, clients)?;
    build::at_least("session", "messages", 1, messages)?;
    // Brokers need not keep messages of QoS 0.
    let options = &Options {
        qos: options.qos.max(Qos::AtLeastOnce),
        ..options.clone()
    };
    let topic = "session/${r}";
    let filter = options.topic.as_ref().map_or(topic, |topic| topic.as_str());
    let mut sessions = build::subscribers(options, "sessions", clients, filter);
    sessions.connect.clean_start = false;
    if options.version == Version::V5 {
        sessions.connect.session_expiry_s = options.session_expiry_s.or(Some(EXPIRY_S));
    }
    let mut publishers = build::publishers(options, 1, topic);
    if let Some(publishing) = &mut publishers.publish {
        publishing.limit = Some(messages.into());
    }
    let patient = stages::patience(options, messages);
    let leave = vec![Action {
        group: 0,
        verb: Verb::Disconnect { forget: false },
    }];
    let queue = vec![Action {
        group: 1,
        verb: Verb::Publish,
    }];
    let verb = Verb::Connect {
        rate_per_s: options.connect_rate,
        subscribe: false,
    };
    let resume = vec![Action { group: 0, verb }];
    let all = vec![
        stages::connect(options, "subscribe", &[0], clients),
        stage("leave", leave, Until::Sent { at_most: patient }, false),
        stages::connect(options, "connect publisher", &[1], 1),
        stage("queue", queue, Until::Sent { at_most: patient }, true),
        stage("resume", resume, Until::Settled { at_most: patient }, true),
        stages::disconnect(2),
    ];
    build::plan("session", options, vec![sessions, publishers], all)
}
