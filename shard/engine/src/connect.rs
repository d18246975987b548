//! CONNECT: judged, brought home, authenticated, and given a session.

mod accept;

use shard_session::{Negotiated, negotiate};
use wire_message::{ClientId, Instant, ShardId};
use wire_mqtt::{Connack, ConnackProperties, Connect, DecodeError, Packet, ReasonCode, Version};

use crate::control::{ControlOutput, Credentials};
use crate::engine::Engine;
use crate::entry::Adoption;
use crate::hold::Wait;
use crate::key::ConnectionKey;
use crate::naming::keeps_limits;
use crate::output::{Output, Outputs};
use crate::receive::Step;
use crate::stop::Stopping;

impl Engine {
    pub(crate) fn handle_connect(
        &mut self,
        key: ConnectionKey,
        connect: &Connect<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        if let Some(connection) = self.clients.connections.get_mut(key) {
            connection.version = connect.version;
        }
        let settings = self.clients.settings.clone();
        let terms = match negotiate(connect, &settings.mqtt.connect) {
            Ok(terms) => terms,
            Err(reason) => return self.refuse_connect(key, reason, None, now, out),
        };
        let client = self.client_id(key, &terms);
        let home = ClientId::home(client.as_str(), self.place.shards, self.place.seed);
        if home != self.place.shard {
            return self.send_home(key, home, out);
        }
        if let Err(reason) = self.check_will(connect) {
            return self.refuse_connect(key, reason, None, now, out);
        }
        match self.authenticated(key, connect, &client, out) {
            None => return Step::Held,
            Some(Err(reason)) => return self.refuse_connect(key, reason, None, now, out),
            Some(Ok(())) => {}
        }
        if self.stopping == Stopping::Over {
            // It was on its way here while everybody was told to go.
            return self.refuse_connect(key, ReasonCode::ServerUnavailable, None, now, out);
        }
        if self.clients.journal.is_overfull() && terms.session_expiry.outlives_connection() {
            return self.refuse_connect(key, ReasonCode::ServerBusy, None, now, out);
        }
        let before = self.clients.journal.operations();
        let old = self.take_over(client.as_str(), terms.clean_start, now, out);
        if let Some(session) = old
            && self.must_load(session)
        {
            self.hold(key, Wait::Loaded);
            self.load(session, key, now, out);
            return Step::Held;
        }
        self.clients.counters.packets_connect_received += 1;
        self.clients.counters.client_connack += 1;
        self.accept_connect(key, connect, &terms, (&client, old, before), now, out);
        Step::Done
    }

    /// The client's id; one that hashes to this shard if it brought none, [v5 3.1.3-6].
    fn client_id(&mut self, key: ConnectionKey, terms: &Negotiated<'_>) -> ClientId {
        if let Some(id) = terms.client_id {
            return ClientId::new(id);
        }
        let Some(connection) = self.clients.connections.get_mut(key) else {
            return ClientId::new("");
        };
        let (place, random) = (&self.place, &mut self.random);
        let assign = || loop {
            let id = format!("auto-{:016x}{:016x}", random.next(), random.next());
            if ClientId::home(&id, place.shards, place.seed) == place.shard {
                return ClientId::new(&id);
            }
        };
        connection
            .hold_mut()
            .client
            .get_or_insert_with(assign)
            .clone()
    }

    /// Hands the connection over to the shard where its session lives.
    fn send_home(&mut self, key: ConnectionKey, home: ShardId, out: &mut Outputs) -> Step {
        if !self.links.has_room_for_handover(home) {
            self.links.wait(home, key);
            self.hold(key, Wait::Room);
            return Step::Held;
        }
        let Some(connection) = self.clients.connections.remove(key) else {
            return Step::Gone;
        };
        self.links.take_slot(home);
        self.admission.leave(connection.listener);
        let adoption = Box::new(Adoption {
            listener: connection.listener,
            peer: connection.peer.into(),
            accepted_at: connection.accepted_at,
        });
        out.actions.push(Output::HandOver {
            connection: key,
            to: home,
            adoption,
        });
        Step::Gone
    }

    fn check_will(&self, connect: &Connect<'_>) -> Result<(), ReasonCode> {
        let Some(will) = &connect.will else {
            return Ok(());
        };
        let mqtt = &self.clients.settings.mqtt;
        let topic = will.topic.as_str();
        if topic.starts_with("$SYS/") {
            return Err(ReasonCode::NotAuthorized);
        }
        if !keeps_limits(topic, mqtt) {
            return Err(ReasonCode::TopicNameInvalid);
        }
        Ok(())
    }

    /// Whether the client may connect; `None` if that is being asked.
    fn authenticated(
        &mut self,
        key: ConnectionKey,
        connect: &Connect<'_>,
        client: &ClientId,
        out: &mut Outputs,
    ) -> Option<Result<(), ReasonCode>> {
        if !self.clients.settings.authenticate {
            return Some(Ok(()));
        }
        let connection = self.clients.connections.get_mut(key)?;
        let (listener, peer) = (connection.listener, connection.peer.into());
        let hold = connection.hold_mut();
        if let Some(verdict) = hold.authenticated {
            return Some(verdict);
        }
        hold.waiting = Some(Wait::Authenticated);
        self.clients.counters.client_authenticate += 1;
        let credentials = Credentials {
            client: client.clone(),
            username: connect.username.map(Into::into),
            password: connect.password.map(Into::into),
            version: connect.version,
            listener,
            peer,
        };
        let question = ControlOutput::Authenticate {
            connection: key,
            credentials,
        };
        out.actions.push(Output::Control(Box::new(question)));
        None
    }

    /// Tells a client that it may not connect, then closes.
    ///
    /// # Specification
    ///
    /// \[v5 3.1.4-2\], \[v5 3.2.2-7\], \[v311 3.2.2-5\].
    pub(crate) fn refuse_connect(
        &mut self,
        key: ConnectionKey,
        reason: ReasonCode,
        why: Option<&str>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        let counters = &mut self.clients.counters;
        counters.packets_connect_received += 1;
        counters.client_connack += 1;
        counters.packets_connack_sent += 1;
        counters.packets_connack_error += 1;
        if matches!(
            reason,
            ReasonCode::BadUserNameOrPassword | ReasonCode::NotAuthorized
        ) {
            counters.packets_connack_auth_error += 1;
        }
        let properties = ConnackProperties {
            reason_string: why,
            ..ConnackProperties::default()
        };
        let connack = Connack {
            session_present: false,
            reason,
            properties,
        };
        self.clients.send(key, &Packet::Connack(connack), out);
        self.close(key, now, out)
    }

    /// A CONNECT that can't be decoded: a client of a version that has words for it is told.
    pub(crate) fn refuse_malformed_connect(
        &mut self,
        key: ConnectionKey,
        version: Option<Version>,
        error: DecodeError,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        let told = match version {
            Some(Version::V5) => true,
            Some(Version::V31 | Version::V311) | None => error.v3_return_code().is_some(),
        };
        if !told {
            return self.close(key, now, out);
        }
        if let Some(connection) = self.clients.connections.get_mut(key) {
            connection.version = version.unwrap_or(Version::V311);
        }
        let why = error.to_string();
        self.refuse_connect(key, error.reason_code(), Some(&why), now, out)
    }
}
