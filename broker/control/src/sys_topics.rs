//! What the broker publishes about itself below `$SYS/brokers`.
//!
//! Names as in the field: `$SYS/brokers` (the nodes), and below `$SYS/brokers/<node>/` the topics
//! `version`, `sysdescr`, `uptime`, `datetime`, `stats/<a/b>` and `metrics/<a/b>`. Nothing is retained:
//! the operator's limits on retained messages are for clients, and an old figure is worth nothing.

use std::time::{SystemTime, UNIX_EPOCH};

use wire_message::{Expiry, Instant, Message, MessageRef, PublisherId, Qos, TopicRef};

use crate::Snapshot;
use crate::status::duration;

/// A topic and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SysMessage {
    /// Where it is published.
    pub topic: String,
    /// The payload.
    pub payload: String,
}

impl SysMessage {
    fn new(topic: String, payload: impl Into<String>) -> Self {
        Self {
            topic,
            payload: payload.into(),
        }
    }

    /// The message as the engine publishes it.
    ///
    /// # Panics
    ///
    /// Never: the node's name was checked when the configuration was read.
    #[must_use]
    pub fn to_message(&self, now: Instant) -> Message {
        let message = MessageRef {
            topic: TopicRef::new(&self.topic).expect("the node's name is one level of a topic"),
            payload: self.payload.as_bytes(),
            properties: &[],
            qos: Qos::AtMostOnce,
            retain: false,
            expiry: Expiry::NEVER,
            received_at: now,
            publisher: PublisherId::BROKER,
        };
        message.to_message()
    }
}

/// Uptime and date: every heartbeat.
#[must_use]
pub fn heartbeat(snapshot: &Snapshot) -> Vec<SysMessage> {
    let topic = |name: &str| format!("$SYS/brokers/{}/{name}", snapshot.node.name);
    vec![
        SysMessage::new(topic("uptime"), duration(snapshot.uptime())),
        SysMessage::new(topic("datetime"), rfc3339(snapshot.now)),
    ]
}

/// Nodes, version, description, statistics and metrics: every `sys_msg_interval`.
#[must_use]
pub fn figures(snapshot: &Snapshot) -> Vec<SysMessage> {
    let node = &snapshot.node;
    let topic = |name: &str| format!("$SYS/brokers/{}/{name}", node.name);
    let path = |dotted: &str| dotted.replace('.', "/");
    let mut messages = vec![
        SysMessage::new("$SYS/brokers".to_owned(), node.name.clone()),
        SysMessage::new(topic("version"), node.version),
        SysMessage::new(topic("sysdescr"), "Skein, an MQTT broker"),
    ];
    let gauges = snapshot.gauges();
    messages.extend(gauges.iter().map(|(name, _, value)| {
        SysMessage::new(topic(&format!("stats/{}", path(name))), value.to_string())
    }));
    let counters = snapshot.counters();
    messages.extend(counters.iter().map(|(name, _, value)| {
        SysMessage::new(topic(&format!("metrics/{}", path(name))), value.to_string())
    }));
    messages
}

/// UTC to the second, as in `2026-02-28T23:59:59Z`.
fn rfc3339(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of the Gregorian calendar, `days` after 1970-01-01.
///
/// Counted in eras of 400 years that begin in March, so that a leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let at = |seconds| rfc3339(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(at(1_772_323_199), "2026-02-28T23:59:59Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
