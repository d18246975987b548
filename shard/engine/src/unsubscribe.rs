//! UNSUBSCRIBE, and the end of all subscriptions with their session.

use std::sync::Arc;

use shard_topics::{Mark, Presence, SessionIndex, SubscriptionId};
use wire_message::{FilterTarget, Instant, Message};
use wire_mqtt::{Packet, ReasonCode, ReasonCodes, ReasonProperties, Unsuback, Unsubscribe};

use crate::connection::SessionKey;
use crate::engine::Engine;
use crate::entry::Interested;
use crate::events::{is_system, text_of};
use crate::key::ConnectionKey;
use crate::output::Outputs;
use crate::receive::Step;
use crate::settings::RewriteAction;

impl Engine {
    pub(crate) fn handle_unsubscribe(
        &mut self,
        key: ConnectionKey,
        unsubscribe: &Unsubscribe<'_>,
        _now: Instant,
        out: &mut Outputs,
    ) -> Step {
        let Some((session, _)) = self.clients.session_of(key) else {
            return Step::Gone;
        };
        self.clients.counters.packets_unsubscribe_received += 1;
        let mut codes = Vec::new();
        for text in unsubscribe.filters {
            let named = self.clients.name(session, text, RewriteAction::Subscribe);
            let code = match FilterTarget::parse(&named) {
                Err(_) => ReasonCode::TopicFilterInvalid,
                Ok(target) => self.unsubscribe(session, target, out),
            };
            codes.push(code);
        }
        if codes.iter().any(|code| code.is_error()) {
            self.clients.counters.packets_unsubscribe_error += 1;
        }
        // [v5 3.10.4-4], [v5 3.10.4-5], [v5 3.11.3-1], [v311 3.10.4-4], [v311 3.10.4-5].
        let properties = ReasonProperties::default();
        let (packet_id, codes) = (unsubscribe.packet_id, ReasonCodes::new(&codes));
        self.clients.counters.packets_unsuback_sent += 1;
        let unsuback = Unsuback {
            packet_id,
            properties,
            codes,
        };
        self.promise(key, &Packet::Unsuback(unsuback), out);
        Step::Done
    }

    fn unsubscribe(
        &mut self,
        key: SessionKey,
        target: FilterTarget<'_>,
        out: &mut Outputs,
    ) -> ReasonCode {
        let none = ReasonCode::NoSubscriptionExisted;
        let Some(id) = self.index.find(target) else {
            return none;
        };
        let Some(session) = self.clients.sessions.get(key) else {
            return none;
        };
        if !session.subscriptions.contains(id.to_bits()) {
            return none;
        }
        let mark = session.mark;
        self.tell_unsubscribed(key, target);
        self.clients
            .write_unsubscription(key, text_of(target).into());
        self.end_subscription(key, id, mark, out);
        if let Some(session) = self.clients.sessions.get_mut(key) {
            session.subscriptions.remove(id.to_bits());
            if let Some(feeds) = session.feeds.as_mut() {
                feeds.remove(id);
            }
            if let Some(group) = id.group() {
                session.outbound.forget_group(group.to_bits());
                session
                    .queue
                    .forget_group(group.to_bits(), &self.clients.settings.mqtt.queue);
            }
        }
        self.clients.counters.client_unsubscribe += 1;
        ReasonCode::Success
    }

    /// Takes one subscription out of the index and out of its owners' slices.
    pub(crate) fn end_subscription(
        &mut self,
        key: SessionKey,
        id: SubscriptionId,
        mark: Mark,
        out: &mut Outputs,
    ) {
        let index = SessionIndex(key.index());
        let member = id.group().and_then(|group| {
            self.index
                .group(group)
                .members()
                .iter()
                .find(|member| member.session == index)
        });
        let online = member.is_some_and(|member| member.online);
        let presence = if online {
            Presence::Online
        } else {
            Presence::Offline
        };
        let interested = Interested::new(self.index.target(id), mark, presence);
        let Some(gone) = self.index.unsubscribe(id, index) else {
            return;
        };
        if gone.subscription.exclusive {
            self.give_back(interested.filter.clone(), index, out);
        }
        self.subscriptions -= 1;
        self.subscriptions_shared -= u64::from(id.group().is_some());
        if is_system(interested.filter.as_ref()) {
            self.subscriptions_system -= 1;
            self.tell_system();
        }
        self.withdraw(&interested, out);
    }

    /// Tells the owners of a session's shared subscriptions that its client came or went.
    pub(crate) fn change_members(&mut self, key: SessionKey, online: bool, out: &mut Outputs) {
        let Some(session) = self.clients.sessions.get(key) else {
            return;
        };
        let (mark, index) = (session.mark, SessionIndex(key.index()));
        let ids = session.subscriptions.as_slice().iter();
        let ids: Vec<_> = ids
            .map(|bits| SubscriptionId::from_bits(*bits))
            .filter(|id| id.group().is_some())
            .collect();
        let presence = if online {
            Presence::Online
        } else {
            Presence::Offline
        };
        for id in ids {
            let group = id.group().expect("only shared subscriptions were taken");
            if self.index.group_mut(group).set_online(index, online) {
                let interested = Interested::new(self.index.target(id), mark, presence);
                self.tell_presence(&interested, out);
            }
        }
    }

    /// Gives the shared deliveries that a client has not got to other members.
    ///
    /// # Specification
    ///
    /// MQTT 5.0 section 4.8.2: quality of service 1 may go to another member, what was never sent
    /// at quality of service 2 too; what was sent at 2 may not, \[v5 4.8.2-4\], \[v5 4.8.2-5\].
    pub(crate) fn redispatch_all(&mut self, key: SessionKey) {
        let Some(session) = self.clients.sessions.get_mut(key) else {
            return;
        };
        let number = session.number;
        let mut taken = session.outbound.take_group_deliveries();
        let limits = &self.clients.settings.mqtt.queue;
        let queued = session
            .queue
            .take_all(limits, |delivery| delivery.group().is_some());
        self.clients.queued -= queued.len() as u64;
        taken.extend(queued);
        for delivery in taken {
            let Some(bits) = delivery.group() else {
                continue;
            };
            let hash = self
                .index
                .group(shard_topics::GroupId::from_bits(bits))
                .hash();
            let gone = self.clients.move_away(key, number, &delivery);
            let message: Arc<Message> = delivery.into_message();
            self.redispatch(message, hash, gone);
        }
    }
}
