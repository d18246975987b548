//! A will is published when its connection ends without DISCONNECT, once, and not otherwise.
//!
//! Source: \[v5 3.1.2-7\], \[v5 3.1.2-8\], \[v5 3.1.2-10\], \[v5 3.1.3-9\], \[v5 3.14.4-3\],
//! \[v5 3.1.4-3\] with its note on takeover, \[v311 3.1.2-8\], \[v311 3.1.2-10\].

use shard_engine::Counters;
use wire_message::Qos;

use crate::history::{Connection, Ending, History, PublishId, Session};
use crate::links::LinkId;
use crate::outside::Outside;
use crate::violation::{Checked, ensure};

/// Checks the property by what the observer got, which is always there.
pub(super) fn check(history: &History, outside: &Outside, counters: &Counters) -> Checked {
    let Some(observer) = history
        .sessions
        .iter()
        .find(|session| session.client.0 == 0)
    else {
        return Ok(());
    };
    let granted = observer.subscriptions.iter().find_map(|one| one.granted);
    let Some(granted) = granted else {
        return Ok(());
    };
    // What comes while the observer is away may be lost with QoS 0.
    let back = history.connections.iter().rev();
    let mut back = back.filter(|connection| connection.client == Some(observer.client));
    let back = back.find_map(|connection| connection.connected);
    let granted = back.map_or(granted, |(back, _)| granted.max(back));
    for (number, connection) in history.connections.iter().enumerate() {
        let Some((will, delay_s)) = connection.will else {
            continue;
        };
        let link = LinkId(number);
        let count = arrived(observer, will);
        let again = (history.process() - connection.process) as usize;
        ensure(count <= 1 + again, "wills", || {
            format!("the will of {link:?} came {count} times")
        })?;
        let forbidden = is_forbidden(history, outside, link, connection, delay_s);
        ensure(count == 0 || !forbidden, "wills", || {
            format!("the will of {link:?} came")
        })?;
        let is_seen = connection
            .connected
            .is_some_and(|(connected, _)| granted < connected);
        let due = is_seen && is_due(history, link, connection, delay_s);
        let dropped_qos0 = counters.delivery_dropped_qos0_msg > 0;
        let may_miss = counters.delivery_dropped_queue_full > 0
            || (history.message(will).qos == Qos::AtMostOnce && dropped_qos0);
        ensure(count > 0 || !due || may_miss, "wills", || {
            format!("the will of {link:?} did not come: {connection:?}")
        })?;
    }
    Ok(())
}

/// How often a will came: the first time, since DUP may be all that is seen of it, and what was
/// sent anew.
fn arrived(observer: &Session, will: PublishId) -> usize {
    let mut all = observer
        .deliveries
        .iter()
        .filter(|one| one.message == Some(will));
    let first = all.next();
    usize::from(first.is_some()) + all.filter(|one| !one.dup).count()
}

fn is_forbidden(
    history: &History,
    outside: &Outside,
    link: LinkId,
    connection: &Connection,
    delay_s: u32,
) -> bool {
    if connection.ended.is_none() {
        return true;
    }
    // What nobody is told of may be undone when the process ends.
    if connection.process < history.process() {
        return false;
    }
    let was = &outside.links[link];
    if connection
        .disconnect_end
        .is_some_and(|end| was.consumed >= end)
    {
        return true;
    }
    // The session was resumed before the delay was over.
    let next = next_connection(history, link, connection).filter(|next| next.is_resumed);
    let resumed = next.and_then(|next| next.connected).map(|(_, at)| at);
    let gap = was
        .detached_at
        .zip(resumed)
        .map(|(ended, resumed)| resumed.since(ended));
    delay_s > 0 && gap.is_some_and(|gap| gap.as_secs() < u64::from(delay_s))
}

fn is_due(history: &History, link: LinkId, connection: &Connection, delay_s: u32) -> bool {
    if connection.connected.is_none() || connection.process < history.process() {
        return false;
    }
    let is_unclean = connection
        .ended
        .is_some_and(|(_, _, ending)| ending != Ending::Clean);
    let next = next_connection(history, link, connection);
    let is_over = connection.is_session_short
        || next.is_some_and(|next| next.connected.is_some() && !next.is_resumed);
    is_unclean && (delay_s == 0 || is_over)
}

/// The same client's next connection.
fn next_connection<'a>(
    history: &'a History,
    link: LinkId,
    connection: &Connection,
) -> Option<&'a Connection> {
    let mut later = history.connections.iter().skip(link.0 + 1);
    later.find(|later| later.client == connection.client)
}
