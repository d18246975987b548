//! A new subscriber gets the last retained message of every topic, and nobody who was there ends
//! with an older one.
//!
//! Messages of different publishers that were on their way at once have no order: any of them may
//! be the last.
//!
//! Source: \[v5 3.3.1-5\] to \[v5 3.3.1-9\], \[v311 3.3.1-5\] to \[v311 3.3.1-11\], and
//! invariant 4 of ARCHITECTURE.md: store, then route.

use std::collections::{BTreeMap, BTreeSet};

use wire_message::Qos;

use crate::history::{History, PublishId, Published, Session};
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::{Checked, ensure};

/// Checks the property by what the newcomer got, which is the last client of all.
pub(crate) fn check(outside: &Outside) -> Checked {
    let history = &outside.history;
    let Some(newcomer) = history.sessions.last() else {
        return Ok(());
    };
    let topics: BTreeSet<&str> = history
        .published
        .iter()
        .filter(|message| message.retain)
        .map(|message| message.topic.as_str())
        .collect();
    let mut found = BTreeMap::<&str, Vec<Option<PublishId>>>::new();
    for delivery in newcomer
        .deliveries
        .iter()
        .filter(|delivery| delivery.retain)
    {
        found
            .entry(&delivery.topic)
            .or_default()
            .push(delivery.message);
    }
    for topic in topics {
        let last = candidates(history, topic);
        let retained = found.remove(topic).unwrap_or_default();
        ensure(retained.len() <= 1, "retained", || {
            format!("{retained:?} on {topic}")
        })?;
        let value = retained.first().copied().flatten();
        ensure(last.contains(&value), "retained", || {
            format!("{topic}: {value:?} is retained, one of {last:?} should be")
        })?;
        // Shared subscriptions get no retained messages, and no order.
        let is_shared =
            |session: &&Session| session.subscriptions.iter().any(|one| one.group.is_some());
        for session in history
            .sessions
            .iter()
            .filter(|session| !is_shared(session))
        {
            check_live(history, session, topic)?;
        }
    }
    ensure(found.is_empty(), "retained", || {
        format!("{found:?} was never retained")
    })
}

/// Nobody sees an older value after a newer one, at the end.
///
/// Different qualities of service have no order among each other, nor have publishers, except that
/// no retained copy may come after what has replaced it. Repetitions may come late. A connection that
/// ends may take the newest with it, so it must be the last one.
fn check_live(history: &History, session: &Session, topic: &str) -> Checked {
    let seen: Vec<(PublishId, Qos, bool)> = session
        .deliveries
        .iter()
        .filter(|delivery| delivery.topic == topic && !delivery.dup)
        .filter_map(|delivery| {
            delivery
                .message
                .map(|id| (id, delivery.qos, delivery.retain))
        })
        .filter(|(id, ..)| history.message(*id).retain)
        .collect();
    let is_open = |link: LinkId| history.connections[link.0].ended.is_none();
    let mut all = session.deliveries.iter().rev();
    let last = all.find(|delivery| delivery.topic == topic);
    if session.ended.is_some() || !last.is_some_and(|last| is_open(last.link)) {
        return Ok(());
    }
    let Some(((last, qos, is_copy), before)) = seen.split_last() else {
        return Ok(());
    };
    // With Retain As Published what is new has the flag, too.
    let is_told_apart = !session
        .subscriptions
        .iter()
        .any(|one| one.retain_as_published);
    let last = history.message(*last);
    let newer = before.iter().find(|(newer, other, _)| {
        let newer = history.message(*newer);
        let is_ordered = (*is_copy && is_told_apart) || newer.publisher == last.publisher;
        other == qos && is_ordered && supersedes(newer, last)
    });
    ensure(newer.is_none(), "retained", || {
        format!(
            "{:?} saw {last:?} on {topic} after {newer:?}",
            session.client
        )
    })
}

/// The messages that may be the last one retained on a topic; `None` stands for none at all.
fn candidates(history: &History, topic: &str) -> BTreeSet<Option<PublishId>> {
    let all: Vec<(PublishId, &Published)> = history
        .published
        .iter()
        .enumerate()
        .map(|(number, message)| (PublishId(number), message))
        .filter(|(_, message)| message.retain && message.topic == topic)
        .collect();
    let mut last: BTreeSet<Option<PublishId>> = all
        .iter()
        .filter(|(_, message)| !all.iter().any(|(_, newer)| supersedes(newer, message)))
        .flat_map(|(id, message)| {
            let is_lasting = message.payload_bytes > 0;
            let may_vanish = message.expiry_s.is_some() || !is_lasting;
            [is_lasting.then_some(Some(*id)), may_vanish.then_some(None)]
        })
        .flatten()
        .collect();
    if !all.iter().any(|(_, message)| message.is_certain()) {
        last.insert(None);
    }
    last
}

/// Whether the engines must have taken `newer` after `older`.
fn supersedes(newer: &Published, older: &Published) -> bool {
    let (Some(sent), Some(before)) = (newer.first_sent(), older.transmissions.last()) else {
        return false;
    };
    // What was sent again came at an unknown time.
    let is_same_stream =
        newer.publisher == older.publisher && sent > before.sent && older.transmissions.len() == 1;
    let is_after = older
        .acknowledged
        .is_some_and(|acknowledged| sent > acknowledged && before.sent < acknowledged);
    newer.is_certain() && (is_same_stream || is_after)
}
