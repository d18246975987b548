//! Bytes from a connection: packets are found, decoded and given to the code for their type.

use wire_message::Instant;
use wire_mqtt::{
    DecodeError, Frame, Packet, PacketType, Publish, ReasonCode, Side, Version, connect_version,
    frame,
};

use crate::engine::Engine;
use crate::hold::Wait;
use crate::input::{Next, Received};
use crate::key::ConnectionKey;
use crate::limits::PACKETS_PER_TURN_MAX;
use crate::output::Outputs;

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is applied.
    Done,
    /// The connection is closed or handed over.
    Gone,
    /// It is not applied, and stays where it is until the connection is resumed.
    Held,
}

impl Engine {
    /// Takes packets from the front of `bytes`: what the driver has of the connection, from the
    /// first byte that was not consumed before.
    pub fn received(
        &mut self,
        key: ConnectionKey,
        bytes: &[u8],
        now: Instant,
        out: &mut Outputs,
    ) -> Received {
        self.clients.now = now;
        let received = self.receive(key, bytes, now, out);
        self.end_quick(key, out);
        self.settle(now, out);
        received
    }

    fn receive(
        &mut self,
        key: ConnectionKey,
        bytes: &[u8],
        now: Instant,
        out: &mut Outputs,
    ) -> Received {
        let mut consumed = 0;
        let limit = self.clients.settings.mqtt.connect.packet_bytes_max;
        for _ in 0..PACKETS_PER_TURN_MAX {
            let rest = &bytes[consumed..];
            if let Some(size) = self.take_quickly(key, rest, limit, out) {
                consumed += size;
                if consumed == bytes.len() {
                    // A fixed header has two bytes at the least.
                    let next = Next::More { wanted: 2 };
                    return Received { consumed, next };
                }
                continue;
            }
            self.end_quick(key, out);
            let Some(connection) = self.clients.connections.get(key) else {
                return Received {
                    consumed,
                    next: Next::Gone,
                };
            };
            if connection.is_waiting() {
                return Received {
                    consumed,
                    next: Next::Paused,
                };
            }
            let connected = connection.session.is_some();
            if rest.is_empty() {
                let next = Next::More { wanted: 2 };
                return Received { consumed, next };
            }
            match self.first_of(key, rest, connected, now, out) {
                Ok(size) => consumed += size,
                Err(next) => return Received { consumed, next },
            }
        }
        Received {
            consumed,
            next: Next::Again,
        }
    }

    /// Applies the packet at the start of `rest` and gives its size, or what the driver does next.
    fn first_of(
        &mut self,
        key: ConnectionKey,
        rest: &[u8],
        connected: bool,
        now: Instant,
        out: &mut Outputs,
    ) -> Result<usize, Next> {
        // [v5 3.1.0-1], [v311 3.1.0-1]: whoever speaks something else is not waited for.
        let is_connect = |first: &u8| first >> 4 == PacketType::Connect as u8;
        if !connected && !rest.first().is_none_or(is_connect) {
            self.close(key, now, out);
            return Err(Next::Gone);
        }
        let limit = self.clients.settings.mqtt.connect.packet_bytes_max;
        let size = match frame(rest, limit) {
            Ok(Frame::Whole { size }) => size as usize,
            Ok(Frame::More { wanted }) => {
                return Err(Next::More {
                    wanted: wanted as usize,
                });
            }
            Err(error) => {
                self.malformed(key, rest, error, now, out);
                return Err(Next::Gone);
            }
        };
        match self.packet(key, &rest[..size], now, out) {
            Step::Done => Ok(size),
            Step::Gone => Err(Next::Gone),
            Step::Held => Err(Next::Paused),
        }
    }

    /// One whole packet.
    fn packet(
        &mut self,
        key: ConnectionKey,
        bytes: &[u8],
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        let Some(connection) = self.clients.connections.get(key) else {
            return Step::Gone;
        };
        let (version, connected) = (connection.version, connection.session.is_some());
        if connected && (!self.may_answer(key) || !self.pay(key, bytes, now)) {
            return Step::Held;
        }
        if connected && let Some(step) = self.waits_for_store(key, now, out) {
            return step;
        }
        let is_publish = bytes[0] >> 4 == PacketType::Publish as u8;
        let step = if is_publish && connected {
            match Publish::decode(bytes, version, Side::Server) {
                Ok(publish) => self.handle_publish(key, &publish, now, out),
                Err(error) => self.malformed(key, bytes, error, now, out),
            }
        } else {
            match Packet::decode(bytes, version, Side::Server) {
                Ok(packet) if connected => self.connected_packet(key, &packet, now, out),
                Ok(packet) => self.first_packet(key, &packet, now, out),
                Err(error) => self.malformed(key, bytes, error, now, out),
            }
        };
        if step == Step::Done {
            self.consumed(key, bytes.len(), now);
        }
        step
    }

    /// Counts an applied packet; what it had been granted is used up.
    fn consumed(&mut self, key: ConnectionKey, bytes: usize, now: Instant) {
        self.clients.counters.bytes_received += bytes as u64;
        self.clients.counters.packets_received += 1;
        if let Some(connection) = self.clients.connections.get_mut(key) {
            connection.keep_alive.packet_received(now);
            // A SUBSCRIBE is consumed and still waits.
            if !connection.is_waiting() {
                connection.hold = None;
            }
        }
    }

    /// The first packet must be CONNECT, [v5 3.1.0-1], [v311 3.1.0-1].
    fn first_packet(
        &mut self,
        key: ConnectionKey,
        packet: &Packet<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        let Packet::Connect(connect) = packet else {
            return self.close(key, now, out);
        };
        self.handle_connect(key, connect, now, out)
    }

    fn connected_packet(
        &mut self,
        key: ConnectionKey,
        packet: &Packet<'_>,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        match packet {
            Packet::Publish(publish) => self.handle_publish(key, publish, now, out),
            Packet::Puback(ack) => self.handle_puback(key, ack, now, out),
            Packet::Pubrec(ack) => self.handle_pubrec(key, ack, now, out),
            Packet::Pubrel(ack) => self.handle_pubrel(key, ack, now, out),
            Packet::Pubcomp(ack) => self.handle_pubcomp(key, ack, now, out),
            Packet::Subscribe(subscribe) => self.handle_subscribe(key, subscribe, now, out),
            Packet::Unsubscribe(unsubscribe) => self.handle_unsubscribe(key, unsubscribe, now, out),
            Packet::Pingreq => {
                self.clients.counters.packets_pingreq_received += 1;
                self.clients.counters.packets_pingresp_sent += 1;
                // [v5 3.12.4-1], [v311 3.12.4-1].
                self.clients.send(key, &Packet::Pingresp, out);
                Step::Done
            }
            Packet::Disconnect(disconnect) => self.handle_disconnect(key, disconnect, now, out),
            Packet::Auth(_) => {
                self.clients.counters.packets_auth_received += 1;
                // Without an authentication method in CONNECT, [v5 4.12.0-7].
                self.disconnect(key, ReasonCode::ProtocolError, now, out)
            }
            // [v5 3.1.0-2], [v311 3.1.0-2]; the others only a server sends.
            Packet::Connect(_)
            | Packet::Connack(_)
            | Packet::Suback(_)
            | Packet::Unsuback(_)
            | Packet::Pingresp => self.disconnect(key, ReasonCode::ProtocolError, now, out),
        }
    }

    /// A packet that can't be decoded ends the connection, with its reason where there is a way
    /// to tell it.
    ///
    /// # Specification
    ///
    /// MQTT 5.0 section 4.13.1, \[v5 4.13.1-1\]; \[v311 4.8.0-1\], \[v311 3.1.4-1\].
    fn malformed(
        &mut self,
        key: ConnectionKey,
        bytes: &[u8],
        error: DecodeError,
        now: Instant,
        out: &mut Outputs,
    ) -> Step {
        self.clients.counters.packets_malformed += 1;
        let Some(connection) = self.clients.connections.get(key) else {
            return Step::Gone;
        };
        if connection.session.is_some() {
            let why = error.to_string();
            return self.disconnect_because(key, error.reason_code(), Some(&why), now, out);
        }
        self.refuse_malformed_connect(key, connect_version(bytes), error, now, out)
    }

    /// Pays for a packet by the client's rates; false if it must wait.
    fn pay(&mut self, key: ConnectionKey, bytes: &[u8], now: Instant) -> bool {
        let Some(connection) = self.clients.connections.get_mut(key) else {
            return true;
        };
        let Some(throttle) = connection.throttle.as_mut() else {
            return true;
        };
        if connection.hold.as_ref().is_some_and(|hold| hold.charged) {
            return true;
        }
        let settings = self.clients.settings.listener(connection.listener);
        let is_publish = bytes[0] >> 4 == PacketType::Publish as u8;
        let wait = throttle.charge(settings, is_publish, bytes.len() as u64, now);
        let hold = connection.hold_mut();
        let Some(until) = wait else {
            hold.charged = true;
            return true;
        };
        hold.waiting = Some(Wait::Rate(until));
        self.clients.counters.client_throttled += 1;
        self.clients.arm_connection(key, until);
        false
    }

    /// Whether a packet more may be answered; if not, it is held.
    ///
    /// Deliveries wait in the session while the client is slow. Answers have no place to wait, so
    /// whoever asks without taking answers is not read. The bound is above what deliveries alone
    /// can reach: a client that writes before it reads must get its packets through.
    fn may_answer(&mut self, key: ConnectionKey) -> bool {
        let Some(connection) = self.clients.connections.get(key) else {
            return true;
        };
        if !connection.congested {
            return true;
        }
        let settings = &self.clients.settings;
        let deliveries = settings.listener(connection.listener).unsent_bytes_max;
        let packet = settings.mqtt.connect.packet_bytes_max;
        let limit = deliveries.saturating_mul(2).saturating_add(packet);
        if connection.unsent <= limit {
            return true;
        }
        self.hold(key, Wait::Sent);
        false
    }

    /// Whether the client speaks 5.0, and so can be told reasons.
    pub(crate) fn is_v5(&self, key: ConnectionKey) -> bool {
        self.clients
            .connections
            .get(key)
            .is_some_and(|c| c.version == Version::V5)
    }
}
