//! QoS 2 messages arrive once, whatever is cut; others arrive again only where they may.
//!
//! Source: \[v5 4.3.3-7\] to \[v5 4.3.3-12\], \[v311 4.3.3-2\], \[v5 4.4.0-1\] (resent only after
//! reconnecting), \[v5 3.3.1-1\] (with DUP), \[v5 3.3.1-3\], \[v5 4.3.1-1\].

use std::collections::BTreeMap;

use wire_message::Qos;

use crate::history::{ClientNumber, Delivery, History, PublishId};
use crate::links::LinkId;
use crate::violation::{Checked, ensure};

/// Checks the property, for each client over all its sessions.
pub(super) fn check(history: &History) -> Checked {
    let mut in_all = BTreeMap::<(ClientNumber, PublishId), usize>::new();
    let mut in_one = BTreeMap::<(LinkId, PublishId), usize>::new();
    for session in &history.sessions {
        // What a member of a group has not acknowledged comes again as new if it is alone.
        let is_shared = session.subscriptions.iter().any(|one| one.group.is_some());
        for delivery in session
            .deliveries
            .iter()
            .filter(|delivery| !delivery.retain)
        {
            let Some(id) = delivery.message else { continue };
            if !may_come_again(delivery, is_shared) {
                *in_all.entry((session.client, id)).or_default() += 1;
            }
            *in_one.entry((delivery.link, id)).or_default() += 1;
        }
    }
    for ((client, id), count) in in_all {
        let copies = history.message(id).copies();
        ensure(count <= copies, "doubled", || {
            format!("{client:?} got {id:?} {count} times, which was sent {copies} times")
        })?;
    }
    for ((link, id), count) in in_one {
        let copies = history.message(id).copies();
        ensure(count <= copies, "doubled", || {
            format!("{link:?} carried {id:?} {count} times, which was sent {copies} times")
        })?;
    }
    Ok(())
}

/// Whether a delivery may be a repetition that the application sees.
const fn may_come_again(delivery: &Delivery, is_shared: bool) -> bool {
    matches!(delivery.qos, Qos::AtLeastOnce) && (delivery.dup || is_shared)
}
