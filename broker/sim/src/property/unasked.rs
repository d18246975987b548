//! Nobody gets what he did not subscribe to, nor at a higher QoS, and deliveries say which
//! subscriptions they are for.
//!
//! Source: \[v5 3.10.4-2\], \[v5 3.8.3-3\] (No Local), \[v5 3.8.4-8\], \[v5 3.3.4-2\] to
//! \[v5 3.3.4-5\] (identifiers), \[v5 3.3.1-12\] and \[v5 3.3.1-13\] (RETAIN), \[v311 3.3.1-9\].

use std::collections::BTreeSet;

use wire_message::Qos;

use crate::history::{Delivery, History, Published, Session, Subscription};
use crate::violation::{Checked, ensure};

/// Checks the property for every delivery.
pub(super) fn check(history: &History) -> Checked {
    for session in &history.sessions {
        for delivery in &session.deliveries {
            check_one(history, session, delivery)?;
        }
    }
    Ok(())
}

fn check_one(history: &History, session: &Session, delivery: &Delivery) -> Checked {
    let message = delivery.message.map(|id| history.message(id));
    let sent = message.and_then(Published::first_sent);
    let is_own = message.is_some_and(|message| message.publisher == session.client);
    let since = if delivery.retain { None } else { sent };
    let possible: Vec<&Subscription> = session
        .subscriptions
        .iter()
        .filter(|one| one.matches(&delivery.topic) && one.may_apply(since, delivery.arrived))
        .filter(|one| delivery.retain || !is_own || !one.no_local)
        .collect();
    let whose = session.client;
    ensure(!possible.is_empty(), "unasked", || {
        format!("{whose:?} did not ask for {delivery:?}")
    })?;
    let is_flag_right = message.is_none_or(|message| match (delivery.retain, message.retain) {
        (true, was_retained) => was_retained,
        (false, true) => possible.iter().any(|one| !one.retain_as_published),
        (false, false) => true,
    });
    ensure(is_flag_right, "unasked", || {
        format!("{whose:?}: RETAIN is wrong in {delivery:?}")
    })?;
    let granted = possible
        .iter()
        .map(|one| one.qos)
        .max()
        .unwrap_or(Qos::AtMostOnce);
    let sent_qos = message.map_or(Qos::ExactlyOnce, |message| message.qos);
    let most = granted.min(sent_qos);
    ensure(delivery.qos <= most, "unasked", || {
        format!("{whose:?}: {delivery:?} above {most:?}")
    })?;
    let known: BTreeSet<u32> = possible.iter().filter_map(|one| one.identifier).collect();
    let is_known = delivery
        .identifiers
        .iter()
        .all(|identifier| known.contains(identifier));
    ensure(is_known, "unasked", || {
        format!("{whose:?}: {delivery:?} has other identifiers")
    })?;
    let (Some(sent), false, false) = (sent, delivery.retain, is_own) else {
        return Ok(());
    };
    for one in possible
        .iter()
        .filter(|one| one.applies(sent) && one.replaced.is_none())
    {
        let is_named = one
            .identifier
            .is_none_or(|number| delivery.identifiers.contains(&number));
        ensure(is_named, "unasked", || {
            format!("{whose:?}: {delivery:?} does not name {one:?}")
        })?;
    }
    Ok(())
}
