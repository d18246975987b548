//! Subscriptions.

use wire_message::Instant;
use wire_mqtt::{
    FilterRequest, FilterRequests, Filters, Packet, PacketId, PacketType, ReasonCode, Subscribe,
    SubscribeProperties, Unsubscribe, UserProperties, Version,
};

use crate::{Client, ClientError, Event, State, VerbError};

impl Client {
    /// Subscribes; [`Event::Subscribed`] with the returned packet id is the answer.
    ///
    /// # Errors
    ///
    /// [`VerbError`].
    pub fn subscribe(
        &mut self,
        requests: &[FilterRequest<'_>],
        properties: SubscribeProperties<'_>,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<PacketId, VerbError> {
        let packet_id = self.free_packet_id()?;
        let packet = Packet::Subscribe(Subscribe {
            packet_id,
            properties,
            requests: FilterRequests::new(requests),
        });
        self.request(&packet, packet_id, requests.len(), now, out)
    }

    /// Unsubscribes; [`Event::Unsubscribed`] with the returned packet id is the answer.
    ///
    /// # Errors
    ///
    /// [`VerbError`].
    pub fn unsubscribe(
        &mut self,
        filters: &[&str],
        user_properties: UserProperties<'_>,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<PacketId, VerbError> {
        let packet_id = self.free_packet_id()?;
        let packet = Packet::Unsubscribe(Unsubscribe {
            packet_id,
            user_properties,
            filters: Filters::new(filters),
        });
        self.request(&packet, packet_id, filters.len(), now, out)
    }

    fn request(
        &mut self,
        packet: &Packet<'_>,
        packet_id: PacketId,
        filters: usize,
        now: Instant,
        out: &mut Vec<u8>,
    ) -> Result<PacketId, VerbError> {
        if self.state != State::Connected {
            return Err(VerbError::NotConnected);
        }
        self.write(packet, out)?;
        let answer = if let Packet::Subscribe(_) = packet {
            PacketType::Suback
        } else {
            PacketType::Unsuback
        };
        self.session().requests.insert(packet_id, (answer, filters));
        self.last_packet_id = packet_id.value();
        self.last_sent = now;
        Ok(packet_id)
    }

    /// Checks that an answer belongs to a request; whether it does.
    pub(crate) fn answered(
        &mut self,
        kind: PacketType,
        packet_id: PacketId,
        given: usize,
        events: &mut impl FnMut(Event<'_>),
    ) -> Result<bool, ClientError> {
        let session = self.session.as_mut();
        let request = session.and_then(|session| {
            let matches = session.requests.get(&packet_id)?.0 == kind;
            matches
                .then(|| session.requests.remove(&packet_id))
                .flatten()
        });
        let Some((_, wanted)) = request else {
            events(Event::Stray(kind, packet_id, ReasonCode::Success));
            return Ok(false);
        };
        // Most clients subscribe once and have nothing under way from then on.
        if self
            .session
            .as_ref()
            .is_some_and(|session| session.is_idle())
        {
            self.session = None;
        }
        // [v5 3.8.4-6] [v5 3.11.3-1]; UNSUBACK has codes since 5.0.
        let has_codes = kind == PacketType::Suback || self.version == Version::V5;
        if has_codes && wanted != given {
            return Err(ClientError::CodeCount { wanted, given });
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use wire_message::Qos;
    use wire_mqtt::{Connack, Connect, ReasonCodes, ReasonProperties, Suback};

    use super::*;
    use crate::Settings;

    #[test]
    fn a_client_that_has_subscribed_remembers_nothing() {
        let (now, mut out) = (Instant::ZERO, Vec::new());
        let mut client = Client::new(Settings::default());
        let connect = Connect::new(Version::V5, "me");
        client
            .connect(&connect, now, &mut out)
            .expect("it fits a packet");
        let answer = |client: &mut Client, packet: Packet<'_>| {
            let mut bytes = Vec::new();
            packet
                .encode(Version::V5, &mut bytes)
                .expect("it fits a packet");
            let result = client.handle_input(&bytes, now, &mut Vec::new(), |_| {});
            assert_eq!(result, Ok(()));
        };
        answer(&mut client, Packet::Connack(Connack::default()));
        let request = FilterRequest::new("a/#", Qos::AtMostOnce);
        let properties = SubscribeProperties::default();
        let packet_id = client.subscribe(&[request], properties, now, &mut out);
        let packet_id = packet_id.expect("it is connected");
        assert!(client.session.is_some());
        let suback = Suback {
            packet_id,
            properties: ReasonProperties::default(),
            codes: ReasonCodes::new(&[ReasonCode::Success]),
        };
        answer(&mut client, Packet::Suback(suback));
        assert!(client.session.is_none());
    }
}
