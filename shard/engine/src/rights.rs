//! The control side: rights it is asked for, and what it wants.

use wire_message::Instant;
use wire_mqtt::ReasonCode;

use crate::control::{ControlInput, ControlOutput, Wish};
use crate::counters::Gauges;
use crate::engine::Engine;
use crate::hold::Wait;
use crate::key::ConnectionKey;
use crate::output::{Output, Outputs};

impl Engine {
    /// Whether the client may do what the front packet asks; `None` if that is being asked.
    ///
    /// An empty answer allows everything.
    pub(crate) fn authorized(
        &mut self,
        key: ConnectionKey,
        wishes: impl FnOnce() -> Vec<Wish>,
        out: &mut Outputs,
    ) -> Option<Vec<Result<(), ReasonCode>>> {
        if !self.clients.settings.authorize {
            return Some(Vec::new());
        }
        let client = self.clients.session_of(key)?.1.client.clone();
        let hold = self.clients.connections.get_mut(key)?.hold_mut();
        if let Some(verdicts) = &hold.authorized {
            return Some(verdicts.clone());
        }
        hold.waiting = Some(Wait::Authorized);
        self.clients.counters.client_authorize += 1;
        let question = ControlOutput::Authorize {
            connection: key,
            client,
            wishes: wishes(),
        };
        out.actions.push(Output::Control(Box::new(question)));
        None
    }

    pub(crate) fn handle_control(&mut self, input: ControlInput, now: Instant, out: &mut Outputs) {
        match input {
            ControlInput::Authenticated {
                connection,
                verdict,
            } => {
                if let Some(connection) = self.clients.connections.get_mut(connection) {
                    connection.hold_mut().authenticated = Some(verdict);
                }
                self.resume(connection, Wait::Authenticated, out);
            }
            ControlInput::Authorized {
                connection,
                verdicts,
            } => {
                if let Some(connection) = self.clients.connections.get_mut(connection) {
                    connection.hold_mut().authorized = Some(verdicts);
                }
                self.resume(connection, Wait::Authorized, out);
            }
            ControlInput::Kick { client, reason } => {
                let session = self.clients.find(client.as_str());
                let session = session.and_then(|key| self.clients.sessions.get(key));
                if let Some(connection) = session.and_then(|session| session.connection) {
                    self.disconnect(connection, reason, now, out);
                }
            }
            ControlInput::Publish(message) => self.publish_own(message),
            ControlInput::Report(question) => {
                let counters = Box::new(self.clients.counters.clone());
                let report = ControlOutput::Report {
                    question,
                    counters,
                    gauges: self.gauges(),
                };
                out.actions.push(Output::Control(Box::new(report)));
            }
        }
    }

    /// What there is on this shard now.
    #[must_use]
    pub fn gauges(&self) -> Gauges {
        Gauges {
            connections: self.clients.connections.len() as u64,
            live_connections: self.clients.live,
            sessions: self.clients.sessions.len() as u64,
            subscriptions: self.subscriptions,
            subscriptions_shared: self.subscriptions_shared,
            topics: self.index.filters() as u64,
            retained: self.retained.len() as u64,
            delayed: self.delayed.len() as u64,
            routes_cached: self.routes.len() as u64,
            queued_messages: self.clients.queued,
        }
    }
}
