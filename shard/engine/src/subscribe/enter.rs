//! Entering checked subscriptions, and SUBACK when their owners know them.

use shard_topics::{Presence, RetainHandling, SessionIndex};
use wire_message::{FilterTarget, Instant, TopicFilter};
use wire_mqtt::{Packet, ReasonCode, ReasonCodes, ReasonProperties, Suback};

use super::{Item, Progress, SubscribeKey, target};
use crate::connection::SessionKey;
use crate::engine::Engine;
use crate::entry::Interested;
use crate::events::is_system;
use crate::hold::Wait;
use crate::output::Outputs;
use crate::requests::Request;

impl Engine {
    /// Whether an exclusive right was given.
    pub(crate) fn claim_answered(
        &mut self,
        key: SubscribeKey,
        place: usize,
        claimed: bool,
        out: &mut Outputs,
    ) {
        if claimed {
            self.enter(key, place, out);
        } else if let Some(progress) = self.subscribing.get_mut(key) {
            progress.items[place].code = ReasonCode::QuotaExceeded;
        }
    }

    /// Enters a subscription into the local index and tells its owners. From here on messages that
    /// come are delivered; SUBACK waits until none can be missed.
    pub(super) fn enter(&mut self, key: SubscribeKey, place: usize, out: &mut Outputs) {
        let Some(progress) = self.subscribing.get(key) else {
            return;
        };
        let (session_key, item) = (progress.session, &progress.items[place]);
        let (text, mut subscription) = (item.text.clone(), item.subscription);
        subscription.persistent = self.clients.stored(session_key).is_some();
        let target = target(&text);
        let index = SessionIndex(session_key.index());
        let limit = self.clients.settings.mqtt.subscriptions_max as usize;
        let Some(session) = self.clients.sessions.get_mut(session_key) else {
            // The session ended while its claim was under way.
            if subscription.exclusive {
                self.give_back(target.filter().to_owned(), index, out);
            }
            return;
        };
        let known = self
            .index
            .find(target)
            .is_some_and(|id| self.index.subscription(id, index).is_some());
        if !known && session.subscriptions.len() >= limit {
            self.set_code(key, place, ReasonCode::QuotaExceeded);
            if subscription.exclusive {
                self.give_back(target.filter().to_owned(), index, out);
            }
            return;
        }
        let (mark, online) = (session.mark, session.connection.is_some());
        self.clients
            .write_subscription(session_key, (*text).into(), &subscription);
        let Some(session) = self.clients.sessions.get_mut(session_key) else {
            return;
        };
        let subscribed = self.index.subscribe(target, index, subscription);
        session.subscriptions.add(subscribed.id.to_bits());
        if subscribed.replaced.is_none() {
            let presence = if online {
                Presence::Online
            } else {
                Presence::Offline
            };
            let interested = Interested::new(target, mark, presence);
            let note = |engine: &mut Self| engine.requests.insert(Request::Interest(key));
            let awaited = self.announce(&interested, note, out);
            if let Some(progress) = self.subscribing.get_mut(key) {
                progress.awaited += awaited;
            }
            self.count_subscription(target);
        }
        let shared = matches!(target, FilterTarget::Shared(..));
        let wants = match subscription.retain_handling {
            RetainHandling::Always => true,
            RetainHandling::IfNew => subscribed.replaced.is_none(),
            RetainHandling::Never => false,
        };
        // [v5 3.3.1-9], [v5 3.3.1-10], [v5 3.3.1-11]; never for shared ones, section 4.8.2.
        if wants
            && !shared
            && let Some(progress) = self.subscribing.get_mut(key)
        {
            progress.items[place].feed = Some(subscribed.id);
        }
    }

    fn count_subscription(&mut self, target: FilterTarget<'_>) {
        self.clients.counters.client_subscribe += 1;
        self.count_restored(target);
    }

    /// Counts a subscription that is there.
    pub(crate) fn count_restored(&mut self, target: FilterTarget<'_>) {
        self.subscriptions += 1;
        self.subscriptions_shared += u64::from(matches!(target, FilterTarget::Shared(..)));
        if is_system(target.filter()) {
            self.subscriptions_system += 1;
            self.tell_system();
        }
    }

    fn set_code(&mut self, key: SubscribeKey, place: usize, code: ReasonCode) {
        if let Some(progress) = self.subscribing.get_mut(key) {
            progress.items[place].code = code;
        }
    }

    pub(super) fn await_answer(&mut self, key: SubscribeKey) {
        if let Some(progress) = self.subscribing.get_mut(key) {
            progress.awaited += 1;
        }
    }

    /// One answer has come; the last sends SUBACK and starts the retained messages.
    pub(crate) fn subscribe_answered(
        &mut self,
        key: SubscribeKey,
        now: Instant,
        out: &mut Outputs,
    ) {
        let Some(progress) = self.subscribing.get_mut(key) else {
            return;
        };
        assert!(progress.awaited > 0, "an answer was awaited");
        progress.awaited -= 1;
        if progress.awaited > 0 {
            return;
        }
        let Some(progress) = self.subscribing.remove(key) else {
            return;
        };
        self.acknowledge_subscribe(&progress, out);
        for item in &progress.items {
            self.after_subscribing(progress.session, item);
        }
        self.resume(progress.connection, Wait::Subscribed, out);
        self.pump(progress.session, now, out);
    }

    /// Sends SUBACK, \[v5 3.8.4-1\], \[v5 3.8.4-2\], \[v5 3.8.4-5\], \[v5 3.8.4-6\].
    fn acknowledge_subscribe(&mut self, progress: &Progress, out: &mut Outputs) {
        let Some(packet_id) = progress.packet_id else {
            return;
        };
        let connection = self.clients.connections.get(progress.connection);
        if connection.is_none_or(|connection| connection.session != Some(progress.session)) {
            return;
        }
        let codes: Vec<ReasonCode> = progress.items.iter().map(|item| item.code).collect();
        let codes = ReasonCodes::new(&codes);
        let suback = Suback {
            packet_id,
            properties: ReasonProperties::default(),
            codes,
        };
        self.clients.counters.packets_suback_sent += 1;
        self.promise(progress.connection, &Packet::Suback(suback), out);
    }

    fn after_subscribing(&mut self, session: SessionKey, item: &Item) {
        if item.code.is_error() {
            return;
        }
        self.tell_subscribed(session, &item.text, item.subscription.qos);
        let Some(id) = item.feed else { return };
        let listed = |s: &crate::session::Session| s.subscriptions.contains(id.to_bits());
        if self.clients.sessions.get(session).is_some_and(listed) {
            let filter: TopicFilter = target(&item.text).filter().to_owned();
            self.start_feed(session, id, filter, item.subscription);
        }
    }
}
