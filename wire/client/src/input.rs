//! What comes from the broker.

use wire_message::Instant;
use wire_mqtt::{AckKind, Frame, Packet, PacketType, Side, frame};

use crate::session::WaitsFor;
use crate::{Client, ClientError, Event, State};

impl Client {
    /// Takes all of `bytes`, as they came from the transport, cut anywhere.
    ///
    /// Gives `events` what they say, in order, and appends to `out` what must be answered. After
    /// an error the connection is closed on the client's side, and what is left of `bytes` is
    /// ignored; events before the fault have been given.
    ///
    /// # Errors
    ///
    /// [`ClientError`], the first rule that the broker broke.
    pub fn handle_input(
        &mut self,
        bytes: &[u8],
        now: Instant,
        out: &mut Vec<u8>,
        mut events: impl FnMut(Event<'_>),
    ) -> Result<(), ClientError> {
        if self.state == State::Closed {
            return Ok(());
        }
        let start = out.len();
        let result = if self.pending.is_empty() {
            let result = self.take_packets(bytes, out, &mut events);
            if let Ok(rest) = result {
                self.pending = rest.to_vec();
            }
            result.map(|_| ())
        } else {
            let mut pending = core::mem::take(&mut self.pending);
            pending.extend_from_slice(bytes);
            let rest = self
                .take_packets(&pending, out, &mut events)
                .map(<[u8]>::len);
            rest.map(|rest| {
                let taken = pending.len() - rest;
                pending.drain(..taken);
                self.pending = if rest == 0 { Vec::new() } else { pending };
            })
        };
        if out.len() > start {
            self.last_sent = now;
        }
        if self.state == State::Closed || result.is_err() {
            self.connection_lost();
        }
        result
    }

    /// Takes the whole packets at the start of `bytes`, and returns what is left.
    fn take_packets<'a>(
        &mut self,
        mut bytes: &'a [u8],
        out: &mut Vec<u8>,
        events: &mut impl FnMut(Event<'_>),
    ) -> Result<&'a [u8], ClientError> {
        while self.state != State::Closed {
            let Frame::Whole { size } = frame(bytes, self.own.packet_size_max)? else {
                break;
            };
            let Some((packet, rest)) = bytes.split_at_checked(size as usize) else {
                break;
            };
            bytes = rest;
            let packet = Packet::decode(packet, self.version, Side::Client)?;
            self.take(&packet, out, events)?;
        }
        Ok(bytes)
    }

    fn take(
        &mut self,
        packet: &Packet<'_>,
        out: &mut Vec<u8>,
        events: &mut impl FnMut(Event<'_>),
    ) -> Result<(), ClientError> {
        // [v5 3.2.0-1] [v5 3.14.0-1]: CONNACK comes before all but AUTH.
        let early = matches!(packet, Packet::Connack(_) | Packet::Auth(_));
        if self.state == State::Connecting && !early {
            return Err(ClientError::OutOfTurn(packet.packet_type()));
        }
        match *packet {
            Packet::Connack(connack) => self.connack(connack, out, events)?,
            Packet::Publish(publish) => self.delivered(publish, out, events)?,
            Packet::Puback(ack) => {
                self.acknowledged(AckKind::Puback, WaitsFor::Puback, ack, out, events);
            }
            Packet::Pubrec(ack) => self.received(ack, out, events),
            Packet::Pubrel(ack) => self.released(ack, out, events),
            Packet::Pubcomp(ack) => {
                self.acknowledged(AckKind::Pubcomp, WaitsFor::Pubcomp, ack, out, events);
            }
            Packet::Suback(suback) => {
                let given = suback.codes.len();
                if self.answered(PacketType::Suback, suback.packet_id, given, events)? {
                    events(Event::Subscribed(suback));
                }
            }
            Packet::Unsuback(unsuback) => {
                let given = unsuback.codes.len();
                if self.answered(PacketType::Unsuback, unsuback.packet_id, given, events)? {
                    events(Event::Unsubscribed(unsuback));
                }
            }
            Packet::Pingresp => {
                self.pinged = None;
                events(Event::Pong);
            }
            Packet::Disconnect(disconnect) => {
                self.state = State::Closed;
                events(Event::Disconnected(disconnect));
            }
            Packet::Auth(auth) => events(Event::Auth(auth)),
            // The decoder refuses what only clients send.
            Packet::Connect(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::Pingreq => return Err(ClientError::OutOfTurn(packet.packet_type())),
        }
        Ok(())
    }
}
