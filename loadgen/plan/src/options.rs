//! What all scenarios take.

use core::time::Duration;

use wire_message::Qos;
use wire_mqtt::Version;

use crate::{Allow, Connect, Load, Schedule, Size, Target, Template};

/// Choices that every scenario understands, whether or not it has a use for them.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whom the run is done to.
    pub target: Target,
    /// The protocol version of all clients.
    pub version: Version,
    /// Quality of service of publishes and subscriptions.
    pub qos: Qos,
    /// Bytes of payloads.
    pub size: Size,
    /// Where to publish, instead of the scenario's topic; subscribers then subscribe to the same
    /// with `+` in place of levels that differ. Refused by scenarios that need their own topics.
    pub topic: Option<Template>,
    /// Messages of all publishers.
    pub load: Load,
    /// Time before the measured stage in which the same is done.
    pub warm_up: Duration,
    /// Time of the measured stage.
    pub duration: Duration,
    /// Time in which what is under way may arrive after the measured stage, at most.
    pub drain: Duration,
    /// Connections per second; all at once without it.
    pub connect_rate: Option<f64>,
    /// User name of all clients.
    pub username: Option<Template>,
    /// Password of all clients.
    pub password: Option<String>,
    /// Seconds of keep alive; zero for none.
    pub keep_alive_s: u16,
    /// Whether clients start without a former session, unless the scenario is about sessions.
    pub clean_start: bool,
    /// Seconds that sessions last; 5.0 only.
    pub session_expiry_s: Option<u32>,
    /// Whether topic aliases stand for topics; 5.0 only.
    pub alias: bool,
    /// Pairs that each message carries; 5.0 only.
    pub user_properties: Vec<(String, String)>,
    /// Whether the broker keeps the last message of each topic.
    pub retain: bool,
    /// What counts as no violation.
    pub allow: Allow,
    /// Makes random choices repeatable.
    pub seed: u64,
}

impl Default for Options {
    /// 5.0, QoS 0, 256 bytes, 1,000 messages per second for 10 s after 2 s of warm-up.
    fn default() -> Self {
        Self {
            target: Target::default(),
            version: Version::V5,
            qos: Qos::AtMostOnce,
            size: Size::Fixed(256),
            topic: None,
            load: Load::Rate {
                per_s: 1000.0,
                schedule: Schedule::Constant,
            },
            warm_up: Duration::from_secs(2),
            duration: Duration::from_secs(10),
            drain: Duration::from_secs(5),
            connect_rate: Some(5000.0),
            username: None,
            password: None,
            keep_alive_s: 60,
            clean_start: true,
            session_expiry_s: None,
            alias: false,
            user_properties: Vec::new(),
            retain: false,
            allow: Allow::default(),
            seed: 1,
        }
    }
}

impl Options {
    /// How clients connect by these options.
    #[must_use]
    pub fn connect(&self) -> Connect {
        Connect {
            version: self.version,
            username: self.username.clone(),
            password: self.password.clone(),
            keep_alive_s: self.keep_alive_s,
            clean_start: self.clean_start,
            session_expiry_s: self.session_expiry_s,
            ..Connect::default()
        }
    }
}
