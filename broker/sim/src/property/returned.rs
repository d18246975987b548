//! Nothing of an ended session comes back: a session that began after a start gets nothing that
//! was published before it.
//!
//! Source: \[v5 3.1.2-4\], \[v5 4.1.0-2\], \[v311 3.1.2-6\], and store/README.md: no message is
//! left that no session waits for.

use crate::history::{Delivery, History, Session};
use crate::violation::{Checked, ensure};

/// Checks the property for every delivery after a start.
pub(super) fn check(history: &History) -> Checked {
    for session in &history.sessions {
        // What a member leaves behind when its session ends, another one may get.
        if session.subscriptions.iter().any(|one| one.group.is_some()) {
            continue;
        }
        let mut starts = history.restarts.iter().rev();
        let Some(start) = starts.find(|start| start.seq < session.begun) else {
            continue;
        };
        let is_old = |delivery: &&Delivery| {
            let message = delivery.message.map(|id| history.message(id));
            let sent = message.filter(|message| message.delay_s.is_none());
            let sent = sent.and_then(|message| message.transmissions.last());
            !delivery.retain && sent.is_some_and(|last| last.sent < start.seq)
        };
        let found = session.deliveries.iter().find(is_old);
        ensure(found.is_none(), "returned", || {
            let Session { client, begun, .. } = session;
            format!(
                "{client:?}, whose session began at {begun:?}, got {found:?} from before a start"
            )
        })?;
    }
    Ok(())
}
