//! The client: its small part that is always there.

use wire_message::{Instant, Qos};
use wire_mqtt::{
    Auth, Connack, Connect, Disconnect, Packet, PacketId, PacketType, VARINT_MAX, Version,
};

use crate::session::Session;
use crate::{ClientError, Event, Settings, VerbError};

/// Where the connection of a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Closed,
    /// CONNECT was written, CONNACK is awaited.
    Connecting,
    /// CONNACK came.
    Connected,
}

/// One MQTT client.
///
/// Verbs and [`Self::handle_input`] append to `out` what must be sent, in order.
#[derive(Debug)]
pub struct Client {
    /// The beginning of a packet whose end has not come; mostly empty and without memory.
    pub(crate) pending: Vec<u8>,
    /// Absent while there is nothing to remember.
    pub(crate) session: Option<Box<Session>>,
    pub(crate) last_sent: Instant,
    /// When the ping was sent that was not answered yet.
    pub(crate) pinged: Option<Instant>,
    pub(crate) settings: Settings,
    /// What the client announced in CONNECT.
    pub(crate) own: Limits,
    /// What the broker announced in CONNACK.
    pub(crate) broker: Limits,
    /// Messages of the broker that count against the client's window.
    pub(crate) unacknowledged: u16,
    /// Messages of the client that count against the broker's window.
    pub(crate) in_flight: u16,
    pub(crate) keep_alive_s: u16,
    pub(crate) last_packet_id: u16,
    pub(crate) version: Version,
    pub(crate) state: State,
    clean_start: bool,
}

/// An idle client is at most this large; hundreds of thousands fit in a load generator.
const _: () = assert!(size_of::<Client>() <= 128, "an idle client is small");

/// What one side accepts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) packet_size_max: u32,
    pub(crate) receive_maximum: u16,
    pub(crate) topic_alias_maximum: u16,
    pub(crate) maximum_qos: Qos,
    pub(crate) retain_available: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            packet_size_max: VARINT_MAX + 5,
            receive_maximum: u16::MAX,
            topic_alias_maximum: 0,
            maximum_qos: Qos::ExactlyOnce,
            retain_available: true,
        }
    }
}

impl Client {
    /// A client that was never connected.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            pending: Vec::new(),
            session: None,
            last_sent: Instant::ZERO,
            pinged: None,
            settings,
            own: Limits::default(),
            broker: Limits::default(),
            unacknowledged: 0,
            in_flight: 0,
            keep_alive_s: 0,
            last_packet_id: 0,
            version: Version::V5,
            state: State::Closed,
            clean_start: true,
        }
    }

    /// Where the connection is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The version of the last CONNECT.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// Messages of QoS 1 and 2 whose delivery to the broker is not over.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.session
            .as_ref()
            .map_or(0, |session| session.outgoing.len())
    }

    /// Opens a connection over a fresh transport: writes `connect`, and keeps what it announces.
    ///
    /// What the client remembers of a former connection is kept until CONNACK says whether the
    /// broker does, too.
    ///
    /// # Errors
    ///
    /// [`VerbError::Encode`].
    pub fn connect(
        &mut self,
        connect: &Connect<'_>,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<(), VerbError> {
        Packet::Connect(*connect).encode(connect.version, out)?;
        self.connection_lost();
        let properties = &connect.properties;
        let defaults = Limits::default();
        let packet_size_max = properties.maximum_packet_size;
        self.version = connect.version;
        self.clean_start = connect.clean_start;
        self.keep_alive_s = connect.keep_alive_s;
        self.own = Limits {
            packet_size_max: packet_size_max.map_or(defaults.packet_size_max, Into::into),
            receive_maximum: properties.receive_maximum.map_or(u16::MAX, Into::into),
            topic_alias_maximum: properties.topic_alias_maximum.unwrap_or(0),
            ..defaults
        };
        self.broker = defaults;
        self.last_sent = now;
        self.state = State::Connecting;
        Ok(())
    }

    /// Notes that the transport is gone; harmless if there was none.
    pub fn connection_lost(&mut self) {
        self.state = State::Closed;
        self.pending = Vec::new();
        self.pinged = None;
        self.unacknowledged = 0;
        self.in_flight = 0;
        if let Some(session) = &mut self.session {
            session.end_connection();
            if session.is_empty() {
                self.session = None;
            }
        }
    }

    /// Says goodbye; the caller closes the transport once `out` was sent.
    ///
    /// # Errors
    ///
    /// [`VerbError::NotConnected`], [`VerbError::Encode`].
    pub fn disconnect(
        &mut self,
        disconnect: &Disconnect<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), VerbError> {
        if self.state == State::Closed {
            return Err(VerbError::NotConnected);
        }
        self.write(&Packet::Disconnect(*disconnect), out)?;
        self.connection_lost();
        Ok(())
    }

    /// Takes a step of an extended authentication, during CONNECT or later.
    ///
    /// # Errors
    ///
    /// [`VerbError::NotConnected`], [`VerbError::Encode`].
    pub fn authenticate(
        &mut self,
        auth: &Auth<'_>,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<(), VerbError> {
        if self.state == State::Closed {
            return Err(VerbError::NotConnected);
        }
        self.write(&Packet::Auth(*auth), out)?;
        self.last_sent = now;
        Ok(())
    }

    pub(crate) fn connack(
        &mut self,
        connack: Connack<'_>,
        out: &mut Vec<u8>,
        events: &mut impl FnMut(Event<'_>),
    ) -> Result<(), ClientError> {
        if self.state != State::Connecting {
            return Err(ClientError::OutOfTurn(PacketType::Connack));
        }
        if connack.reason.is_error() {
            self.connection_lost();
            events(Event::Refused(connack));
            return Ok(());
        }
        // [v5 3.2.2-2] [v5 3.2.2-4]
        if connack.session_present && self.clean_start {
            return Err(ClientError::SessionPresent);
        }
        let properties = &connack.properties;
        let defaults = Limits::default();
        self.broker = Limits {
            packet_size_max: properties
                .maximum_packet_size
                .map_or(defaults.packet_size_max, Into::into),
            receive_maximum: properties.receive_maximum.map_or(u16::MAX, Into::into),
            topic_alias_maximum: properties.topic_alias_maximum.unwrap_or(0),
            maximum_qos: properties.maximum_qos.unwrap_or(Qos::ExactlyOnce),
            retain_available: properties.retain_available.unwrap_or(true),
        };
        // [v5 3.1.2-21] [v5 3.2.2-21]
        if let Some(keep_alive_s) = properties.server_keep_alive_s {
            self.keep_alive_s = keep_alive_s;
        }
        self.state = State::Connected;
        // 3.1 can't say that a session is present, so its client believes what it asked for.
        let kept = connack.session_present || self.version == Version::V31 && !self.clean_start;
        if !kept && let Some(session) = self.session.take() {
            // [v5 3.2.2-5]
            for outgoing in session.outgoing {
                events(Event::Abandoned(outgoing.packet_id));
            }
        }
        events(Event::Connected(connack));
        self.send_waiting(out);
        Ok(())
    }

    /// Writes a packet if the broker takes its size.
    pub(crate) fn write(&self, packet: &Packet<'_>, out: &mut Vec<u8>) -> Result<(), VerbError> {
        let limit = self.broker.packet_size_max;
        // [v5 3.2.2-15]
        if packet.encoded_size(self.version)? > limit {
            return Err(VerbError::PacketTooLarge { limit });
        }
        packet.encode(self.version, out)?;
        Ok(())
    }

    pub(crate) fn session(&mut self) -> &mut Session {
        self.session.get_or_insert_default()
    }

    /// A packet id that nothing uses.
    ///
    /// # Specification
    ///
    /// \[v5 2.2.1-3\], \[v311 2.3.1-2\].
    pub(crate) fn free_packet_id(&self) -> Result<PacketId, VerbError> {
        let mut value = self.last_packet_id;
        for _ in 0..u16::MAX {
            value = if value == u16::MAX { 1 } else { value + 1 };
            if let Some(packet_id) = PacketId::new(value)
                && !self
                    .session
                    .as_ref()
                    .is_some_and(|session| session.uses(packet_id))
            {
                return Ok(packet_id);
            }
        }
        Err(VerbError::NoPacketId)
    }
}
