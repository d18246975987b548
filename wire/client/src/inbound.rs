//! Messages from the broker.

use wire_message::{Instant, Qos, TopicRef};
use wire_mqtt::{Ack, AckKind, PacketId, PacketType, Publish, ReasonCode, encode_ack};

use crate::{Acknowledge, Client, ClientError, Delivery, Event, State, VerbError};

impl Client {
    pub(crate) fn delivered(
        &mut self,
        publish: Publish<'_>,
        out: &mut Vec<u8>,
        events: &mut impl FnMut(Event<'_>),
    ) -> Result<(), ClientError> {
        let repeated = self.open(&publish)?;
        let alias = publish.properties.topic_alias.map(u16::from);
        if let Some(alias) = alias {
            // [v5 3.3.2-11]
            if alias > self.own.topic_alias_maximum {
                return Err(ClientError::TopicAlias(alias));
            }
            if let Some(topic) = publish.topic {
                self.session().aliases_in.set(alias, topic);
            }
        }
        if !repeated {
            self.tell(publish, alias, events)?;
        }
        let Some(packet_id) = publish.packet_id else {
            return Ok(());
        };
        let exactly_once = publish.qos == Qos::ExactlyOnce;
        if exactly_once {
            self.session().unreleased.insert(packet_id);
        }
        // What was acknowledged before the connection was lost is so again, whoever does it.
        if self.settings.acknowledge == Acknowledge::AtOnce || repeated {
            self.answer(packet_id, exactly_once, ReasonCode::Success, out);
        } else {
            self.session()
                .unacknowledged
                .insert(packet_id, exactly_once);
        }
        Ok(())
    }

    /// Counts a message against the client's window, and says whether it came before.
    fn open(&mut self, publish: &Publish<'_>) -> Result<bool, ClientError> {
        let Some(packet_id) = publish.packet_id else {
            return Ok(false);
        };
        if let Some(session) = &self.session {
            if session.unacknowledged.contains_key(&packet_id) {
                return Err(ClientError::PacketIdReused(packet_id));
            }
            if session.unreleased.contains(&packet_id) {
                return if publish.dup && publish.qos == Qos::ExactlyOnce {
                    Ok(true)
                } else {
                    Err(ClientError::PacketIdReused(packet_id))
                };
            }
        }
        // [v5 3.3.4-9]
        if self.unacknowledged >= self.own.receive_maximum {
            return Err(ClientError::ReceiveMaximumExceeded);
        }
        self.unacknowledged += 1;
        Ok(false)
    }

    fn tell(
        &self,
        publish: Publish<'_>,
        alias: Option<u16>,
        events: &mut impl FnMut(Event<'_>),
    ) -> Result<(), ClientError> {
        if let Some(topic) = publish.topic {
            events(Event::Delivered(Delivery { topic, publish }));
            return Ok(());
        }
        let alias = alias.unwrap_or(0);
        let session = self.session.as_ref();
        let topic: TopicRef<'_> = session
            .and_then(|session| session.aliases_in.topic(alias))
            .ok_or(ClientError::TopicAlias(alias))?;
        events(Event::Delivered(Delivery { topic, publish }));
        Ok(())
    }

    /// Acknowledges a delivery, if [`Acknowledge::ByCaller`] is set.
    ///
    /// # Errors
    ///
    /// [`VerbError::NothingToAcknowledge`], [`VerbError::NotConnected`].
    pub fn acknowledge(
        &mut self,
        packet_id: PacketId,
        reason: ReasonCode,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<(), VerbError> {
        if self.state != State::Connected {
            return Err(VerbError::NotConnected);
        }
        let session = self.session.as_mut();
        let exactly_once = session
            .and_then(|session| session.unacknowledged.remove(&packet_id))
            .ok_or(VerbError::NothingToAcknowledge)?;
        self.answer(packet_id, exactly_once, reason, out);
        self.last_sent = now;
        Ok(())
    }

    fn answer(
        &mut self,
        packet_id: PacketId,
        exactly_once: bool,
        reason: ReasonCode,
        out: &mut Vec<u8>,
    ) {
        let kind = if exactly_once {
            AckKind::Pubrec
        } else {
            AckKind::Puback
        };
        encode_ack(kind, packet_id, reason, self.version, out);
        if !exactly_once {
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
        } else if reason.is_error() {
            // A refused message is over: the broker will not release it.
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
            self.session().unreleased.remove(&packet_id);
        }
    }

    pub(crate) fn released(
        &mut self,
        ack: Ack<'_>,
        out: &mut Vec<u8>,
        events: &mut impl FnMut(Event<'_>),
    ) {
        let packet_id = ack.packet_id;
        let session = self.session.as_mut();
        let known = session.is_some_and(|session| session.unreleased.remove(&packet_id));
        let reason = if known {
            self.unacknowledged = self.unacknowledged.saturating_sub(1);
            events(Event::Released(packet_id));
            ReasonCode::Success
        } else {
            events(Event::Stray(PacketType::Pubrel, packet_id, ack.reason));
            ReasonCode::PacketIdentifierNotFound
        };
        encode_ack(AckKind::Pubcomp, packet_id, reason, self.version, out);
    }
}
