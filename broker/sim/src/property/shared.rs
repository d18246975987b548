//! A group gets every message once, by one of its members.
//!
//! Source: \[v5 4.8.2-3\] to \[v5 4.8.2-6\], and what shard/README.md says of groups:
//! what a member that goes away has not acknowledged is given to another member.

use shard_engine::Counters;
use wire_message::Qos;

use super::acknowledged::owed_qos;
use crate::history::{Delivery, History, PublishId, Published, Session, Subscription};
use crate::violation::{Checked, ensure};

/// Checks the property for both groups that the clients use.
pub(super) fn check(history: &History, counters: &Counters) -> Checked {
    for group in ["even", "odd"] {
        let members: Vec<&Session> = history
            .sessions
            .iter()
            .filter(|session| session.subscriptions.iter().any(|one| is_in(one, group)))
            .collect();
        for (number, message) in history.published.iter().enumerate() {
            if message.topic.starts_with("work/") {
                check_one(history, PublishId(number), group, &members, counters)?;
            }
        }
    }
    Ok(())
}

fn check_one(
    history: &History,
    id: PublishId,
    group: &str,
    members: &[&Session],
    counters: &Counters,
) -> Checked {
    let message = history.message(id);
    let deliveries: Vec<&Delivery> = members
        .iter()
        .flat_map(|session| &session.deliveries)
        .filter(|delivery| delivery.message == Some(id))
        .collect();
    let fresh = deliveries.iter().filter(|delivery| !delivery.dup).count();
    let again = match message.qos {
        Qos::AtMostOnce => 0,
        Qos::AtLeastOnce | Qos::ExactlyOnce => counters.delivery_redispatched,
    };
    // After a start it is not known who was sent what was not acknowledged.
    let starts = history.starts_since(message.first_sent());
    ensure(
        fresh as u64 <= (message.copies() as u64 + again) * (1 + starts as u64),
        "shared",
        || format!("group {group} got {id:?} {fresh} times"),
    )?;
    // What a session that is not stored has when the process ends, is lost.
    let may_move = message.qos == Qos::AtLeastOnce && history.restarts.is_empty();
    let is_safe = members.iter().all(|session| {
        let mut own = session.subscriptions.iter().filter(|one| is_in(one, group));
        own.all(|one| one.qos > Qos::AtMostOnce && one.withdrawn.is_none())
            && (may_move || session.ended.is_none())
    });
    let is_owed = message.qos > Qos::AtMostOnce
        && is_safe
        && members
            .iter()
            .any(|session| is_owed(session, message, group));
    let may_miss = counters.delivery_dropped_queue_full > 0;
    ensure(
        !is_owed || may_miss || !deliveries.is_empty(),
        "shared",
        || format!("group {group} did not get {id:?}"),
    )
}

/// Whether a member is there from before the message was sent to the end.
fn is_owed(session: &Session, message: &Published, group: &str) -> bool {
    let alone = Session {
        subscriptions: session
            .subscriptions
            .iter()
            .filter(|one| is_in(one, group))
            .map(|one| Subscription {
                group: None,
                ..one.clone()
            })
            .collect(),
        deliveries: Vec::new(),
        ..*session
    };
    session.ended.is_none() && owed_qos(&alone, message).is_some()
}

fn is_in(subscription: &Subscription, group: &str) -> bool {
    subscription.group.as_deref() == Some(group)
}
