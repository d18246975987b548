//! Sessions: those that were acknowledged are present, those that expired are not.

use std::time::Duration;

use super::{Violation, Wrong};
use crate::history::{ClientId, Event, History};

/// Clocks of two processes, and a broker that is slow to note that a connection ended.
const DOUBT: Duration = Duration::from_secs(1);

/// What is known of a client's session.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// CONNACK was received, and the session was not replaced since.
    confirmed: bool,
    /// CONNECT was written with a clean start.
    clean: bool,
    /// CONNACK came on this connection.
    accepted: bool,
    /// When the last connection ended that was accepted.
    left: Duration,
    /// When the last connection ended, of which the broker may not have known.
    closed: Duration,
}

pub(super) fn check(history: &History, found: &mut Vec<Violation>) {
    let mut known = vec![Known::default(); history.clients.len()];
    let mut started = Duration::ZERO;
    for (now, event) in &history.events {
        match event {
            Event::Started { .. } => started = *now,
            Event::Closed(client) => change(&mut known, *client, |one| {
                one.closed = *now;
                if one.accepted {
                    one.left = *now;
                }
            }),
            Event::Connecting { client, clean } => change(&mut known, *client, |one| {
                one.clean = *clean;
                one.accepted = false;
                one.confirmed &= !clean;
            }),
            Event::Connected { client, present } => {
                let expiry = history.client(*client).expiry;
                change(&mut known, *client, |one| {
                    if let Some(wrong) = one.judge(*present, expiry, *now, started) {
                        let client = *client;
                        found.push(Violation {
                            wrong,
                            client,
                            message: None,
                        });
                    }
                    one.confirmed = true;
                    one.accepted = true;
                });
            }
            Event::Delivered(..)
            | Event::Fault(..)
            | Event::Killed
            | Event::Looked(_)
            | Event::Looking(_)
            | Event::Sent(_)
            | Event::Subscribed(..)
            | Event::Subscribing { .. }
            | Event::Taken(_)
            | Event::Unsubscribed(..)
            | Event::Unsubscribing(..)
            | Event::Withdrawn(_) => {}
        }
    }
}

fn change(known: &mut [Known], client: ClientId, change: impl FnOnce(&mut Known)) {
    change(
        known
            .get_mut(client.0)
            .expect("the history knows its clients"),
    );
}

impl Known {
    fn judge(
        self,
        present: bool,
        expiry: Duration,
        now: Duration,
        started: Duration,
    ) -> Option<Wrong> {
        let must = self.confirmed && now + DOUBT < self.left + expiry;
        // A broker that died may not know when a connection ended, and counts from its start.
        let expired = now > self.closed.max(started) + expiry + DOUBT;
        match present {
            false if must => Some(Wrong::SessionLost),
            true if self.clean || expired => Some(Wrong::SessionUndead),
            _ => None,
        }
    }
}
