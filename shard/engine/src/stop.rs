//! The end of the engine: wills first, then every client is told to go.

use core::time::Duration;

use wire_message::Instant;
use wire_mqtt::ReasonCode;

use crate::connection::SessionKey;
use crate::control::ControlOutput;
use crate::engine::Engine;
use crate::output::{Output, Outputs};
use crate::token::Token;

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopping {
    /// Not begun.
    No,
    /// Wills are on their way; clients are told to go at this time at the latest.
    Wills(Instant),
    /// Everybody was told.
    Over,
}

/// Time for wills to reach clients that are about to be told to go.
const WILLS_MAX: Duration = Duration::from_millis(500);

/// How often to look whether they have.
const LOOK: Duration = Duration::from_millis(20);

impl Engine {
    /// Connections end with the process, so wills are due now, before their receivers are gone.
    pub(crate) fn handle_stop(&mut self, now: Instant, out: &mut Outputs) {
        if self.stopping != Stopping::No {
            return;
        }
        self.stopping = Stopping::Wills(now + WILLS_MAX);
        let sessions: Vec<_> = self.clients.sessions.iter().map(|(key, _)| key).collect();
        for session in sessions {
            if !self.keeps_will(session) {
                self.publish_will(session, now);
            }
        }
        self.run_backlog(now, out);
        self.clients
            .wheel
            .schedule(now + LOOK, Token::Stop.to_bits());
    }

    /// Whether a will outlasts the process, because its delay is not over.
    fn keeps_will(&self, key: SessionKey) -> bool {
        let session = self.clients.sessions.get(key);
        let will = session.and_then(|session| session.will.as_ref());
        self.clients.stored(key).is_some() && will.is_some_and(|will| will.delay_s() > 0)
    }

    pub(crate) fn stop_timer(&mut self, now: Instant, out: &mut Outputs) {
        let Stopping::Wills(latest) = self.stopping else {
            return;
        };
        let busy = !self.backlog.is_empty()
            || !self.requests.is_empty()
            || !self.links.is_idle()
            || !self.is_settled();
        if busy && now < latest {
            self.clients
                .wheel
                .schedule(now + LOOK, Token::Stop.to_bits());
            return;
        }
        self.stopping = Stopping::Over;
        let connections: Vec<_> = self
            .clients
            .connections
            .iter()
            .map(|(key, _)| key)
            .collect();
        for connection in connections {
            // [v5 4.13.2-1].
            let connected = self
                .clients
                .connections
                .get(connection)
                .is_some_and(|c| c.session.is_some());
            if connected {
                self.disconnect(connection, ReasonCode::ServerShuttingDown, now, out);
            } else {
                self.close(connection, now, out);
            }
        }
        out.actions
            .push(Output::Control(Box::new(ControlOutput::Stopped)));
    }
}
