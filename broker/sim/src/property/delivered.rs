//! A message that is sent after SUBACK arrived anywhere reaches a subscriber that stays connected,
//! also with QoS 0.
//!
//! Source: \[v5 3.8.4-1\], \[v5 4.3.1-1\] and invariant 3 of ARCHITECTURE.md: no publish
//! sent after SUBACK is routed without the subscription.

use std::collections::BTreeSet;

use shard_engine::Counters;

use super::acknowledged::owed_qos;
use crate::history::{History, PublishId, SessionId};
use crate::violation::{Checked, ensure};

/// Checks the property; messages dropped for a full queue are counted by the engines.
pub(super) fn check(history: &History, counters: &Counters) -> Checked {
    let mut missed = Vec::new();
    for (number, session) in history.sessions.iter().enumerate() {
        let connected = history.connections.iter().find(|connection| {
            connection.session == Some(SessionId(number)) && connection.ended.is_none()
        });
        let Some((connected, _)) = connected.and_then(|connection| connection.connected) else {
            continue;
        };
        let arrived: BTreeSet<PublishId> = session
            .deliveries
            .iter()
            .filter_map(|delivery| delivery.message)
            .collect();
        for (number, message) in history.published.iter().enumerate() {
            let id = PublishId(number);
            let is_later = message.first_sent().is_some_and(|sent| sent > connected);
            if is_later && owed_qos(session, message).is_some() && !arrived.contains(&id) {
                missed.push((session.client, id, message.topic.clone()));
            }
        }
    }
    // What comes at QoS 0 while a session is read from the disk need not be kept.
    let dropped = counters.delivery_dropped_queue_full + counters.delivery_dropped_qos0_msg;
    ensure(missed.len() as u64 <= dropped, "delivered", || {
        format!("{dropped} dropped, but missed were {missed:?}")
    })
}
