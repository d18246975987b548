//! Messages of one publisher on one topic and QoS arrive in the order in which they were sent.
//!
//! Repetitions may follow later ones, first arrivals may not. Messages of shared subscriptions and
//! retained ones are not of one stream, and left out.
//!
//! Source: \[v5 4.6.0-5\], \[v5 4.6.0-6\], \[v311 4.6.0-5\], \[v311 4.6.0-6\].

use std::collections::{BTreeMap, BTreeSet};

use wire_message::Qos;

use crate::history::{ClientNumber, History, PublishId};
use crate::violation::{Checked, ensure};

type Stream<'a> = (ClientNumber, &'a str, Qos, Qos);

/// Checks the property for every session.
pub(super) fn check(history: &History) -> Checked {
    for session in &history.sessions {
        let is_shared = session.subscriptions.iter().any(|one| one.group.is_some());
        let mut last = BTreeMap::<Stream<'_>, PublishId>::new();
        let mut seen = BTreeSet::new();
        for delivery in session
            .deliveries
            .iter()
            .filter(|delivery| !delivery.retain && !is_shared)
        {
            let Some(id) = delivery.message else { continue };
            let message = history.message(id);
            if message.is_will() || message.delay_s.is_some() || !seen.insert(id) {
                continue;
            }
            let stream = (
                message.publisher,
                message.topic.as_str(),
                message.qos,
                delivery.qos,
            );
            let before = last.insert(stream, id);
            // What was sent again may have matched nothing the first time.
            let is_repeated = message.copies() > 1;
            ensure(
                is_repeated || before.is_none_or(|before| before < id),
                "ordered",
                || {
                    format!(
                        "{:?} got {before:?} before {id:?} of {stream:?}",
                        session.client
                    )
                },
            )?;
        }
    }
    Ok(())
}
