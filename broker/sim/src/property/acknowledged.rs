//! What was acknowledged to its publisher reaches every session that stays, however often its
//! client comes and goes.
//!
//! Source: \[v5 4.3.2-4\], \[v5 4.3.3-8\], \[v5 4.4.0-1\], \[v5 4.5.0-1\], \[v311 4.3.2-2\],
//! \[v311 4.3.3-2\], \[v311 4.4.0-1\], and what an acknowledgement promises.

use std::collections::BTreeSet;

use shard_engine::Counters;
use wire_message::Qos;

use crate::history::{History, PublishId, Published, Session};
use crate::violation::{Violation, ensure};

/// Checks the property; messages dropped for a full queue are counted by the engines.
///
/// Returns how many deliveries it looked for.
pub(super) fn check(history: &History, counters: &Counters) -> Result<u64, Violation> {
    let (mut missed, mut owed) = (Vec::new(), 0);
    for session in history
        .sessions
        .iter()
        .filter(|session| session.ended.is_none())
    {
        let arrived: BTreeSet<PublishId> = session
            .deliveries
            .iter()
            .filter_map(|delivery| delivery.message)
            .collect();
        for (number, message) in history.published.iter().enumerate() {
            let id = PublishId(number);
            if owed_qos(session, message).is_some_and(|qos| qos > Qos::AtMostOnce) {
                owed += 1;
                if !arrived.contains(&id) {
                    missed.push((session.client, id, message.topic.clone()));
                }
            }
        }
    }
    let dropped = counters.delivery_dropped_queue_full;
    ensure(missed.len() as u64 <= dropped, "acknowledged", || {
        format!("{dropped} dropped, but missed were {missed:?}")
    })?;
    Ok(owed)
}

/// The quality of service at which the session must get the message, if it must.
pub(super) fn owed_qos(session: &Session, message: &Published) -> Option<Qos> {
    let sent = message.first_sent()?;
    let may_expire = message.expiry_s.is_some() || message.payload_bytes == 0;
    if !message.is_certain() || may_expire {
        return None;
    }
    let own = message.publisher == session.client;
    let matching = || {
        let plain = session
            .subscriptions
            .iter()
            .filter(|subscription| subscription.group.is_none());
        plain.filter(|subscription| subscription.matches(&message.topic))
    };
    let applying = || matching().filter(|subscription| subscription.applies(sent));
    let one = applying().find(|subscription| {
        // All that replaced it must want the message, too.
        let mut same = matching().filter(|other| other.filter == subscription.filter);
        !own || !same.any(|other| other.no_local)
    })?;
    let same = matching().filter(|other| other.filter == one.filter);
    // The lowest of those that replaced each other.
    let granted = same.map(|subscription| subscription.qos).min()?;
    Some(granted.min(message.qos))
}
