//! QoS 2 messages arrive once, whatever is cut or ends; others arrive again only where they may.
//!
//! Source: \[v5 4.3.3-7\] to \[v5 4.3.3-12\], \[v311 4.3.3-2\], \[v5 4.4.0-1\] (resent only after
//! reconnecting), \[v5 3.3.1-1\] (with DUP), \[v5 3.3.1-3\], \[v5 4.3.1-1\].

use std::collections::BTreeMap;

use wire_message::Qos;

use crate::history::{ClientNumber, Delivery, History, PublishId};
use crate::links::LinkId;
use crate::violation::{Checked, ensure};

/// Who may get a message once: a client over all its sessions. After a start, a message that was
/// not acknowledged is another one to a client whose session is, and what is sent at once may be
/// sent before it is known on the disk, unless it is sent at QoS 2.
type Receiver = (ClientNumber, Option<usize>, Option<u32>);

/// Checks the property for each client.
pub(super) fn check(history: &History) -> Checked {
    let mut in_all = BTreeMap::<(Receiver, PublishId), usize>::new();
    let mut in_one = BTreeMap::<(LinkId, PublishId), usize>::new();
    let has_started = !history.restarts.is_empty();
    // After a start it is not known which member of a group has what was not acknowledged.
    let mut again = BTreeMap::<(ClientNumber, PublishId), usize>::new();
    for (number, session) in history.sessions.iter().enumerate() {
        // What a member of a group has not acknowledged comes again as new if it is alone.
        let is_shared = session.subscriptions.iter().any(|one| one.group.is_some());
        for delivery in session
            .deliveries
            .iter()
            .filter(|delivery| !delivery.retain)
        {
            let Some(id) = delivery.message else { continue };
            let sent = history.message(id).first_sent();
            let starts = sent.map_or(0, |sent| history.starts_since(Some(sent)));
            if is_shared {
                again.insert((session.client, id), starts);
            }
            if !may_come_again(delivery, is_shared) {
                let is_once = delivery.qos == Qos::ExactlyOnce;
                let process = (!is_once).then(|| history.process_of(delivery.link));
                let receiver = (session.client, has_started.then_some(number), process);
                *in_all.entry((receiver, id)).or_default() += 1;
            }
            // A member may be given what it left, while it comes back to it.
            if !(is_shared && (delivery.dup || starts > 0)) {
                *in_one.entry((delivery.link, id)).or_default() += 1;
            }
        }
    }
    for (((client, ..), id), count) in in_all {
        let again = again.get(&(client, id)).copied().unwrap_or(0);
        let copies = history.copies(id) + again;
        ensure(count <= copies, "doubled", || {
            format!("{client:?} got {id:?} {count} times, which was sent {copies} times")
        })?;
    }
    for ((link, id), count) in in_one {
        let copies = history.copies(id);
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
